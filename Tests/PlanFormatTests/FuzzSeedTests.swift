import Foundation
import PlanFormat
import Testing

@Suite struct FuzzSeedTests {
  @Test func `the seed of the plan fuzzer is a file that this version reads`() throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<2 { root.deleteLastPathComponent() }
    let seed = try TemporaryFolder.bytes(root.appendingPathComponent("Fuzz/plan/corpus/whole").path)
    #expect(try PlanFile.open(bytes: Array(seed.dropFirst()), verifying: false).plan.service == "recommender")
  }
}
