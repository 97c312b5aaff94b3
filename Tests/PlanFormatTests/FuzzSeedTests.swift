import Foundation
import Testing

@testable import PlanFormat

@Suite struct FuzzSeedTests {
  private static let corpus: URL = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<2 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Fuzz/plan/corpus")
  }()

  /// With RECORD_GOLDENS set the seeds are written anew first, which a change of the format needs.
  @Test func `the seed of the plan fuzzer is a file that this version reads`() throws {
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] != nil { try record() }
    let seed = try TemporaryFolder.bytes(Self.corpus.appendingPathComponent("whole").path)
    #expect(try PlanFile.open(bytes: Array(seed.dropFirst()), verifying: false).plan.service == "recommender")
  }

  private func record() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("whole.plan")
    var image = SamplePlan.smallImage
    for index in image.code.indices { image.code[index].elf.removeLast(image.code[index].elf.count - 100) }
    try PlanWriter.write(image, to: path)
    try Data([0] + TemporaryFolder.bytes(path)).write(to: Self.corpus.appendingPathComponent("whole"))
    let plan = try PlanEncoder.planSection(SamplePlan.smallImage.plan)
    let length = [UInt8(plan.count & 255), UInt8(plan.count >> 8)]
    let sections = try [1] + length + plan + PlanEncoder.goldenSection(SamplePlan.smallImage.plan.golden)
    try Data(sections).write(to: Self.corpus.appendingPathComponent("sections"))
    Issue.record("the seeds were written anew: look at the difference")
  }
}
