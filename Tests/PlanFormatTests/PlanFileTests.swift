import Foundation
import PlanFormat
import TensorTypes
import Testing

@Suite struct PlanFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("sample.plan")
  }

  @Test func `a written plan opens with the same contents`() throws {
    let root = try PlanWriter.write(SamplePlan.image, to: path)
    let file = try PlanFile.open(path)
    #expect(file.plan == SamplePlan.plan)
    #expect(file.root == root)
    #expect(file.families == [.x86v3, .x86v4])
    #expect(file.code(for: .x86v4).map { Array($0) } == Array(repeating: 4, count: 100))
    #expect(file.code(for: .arm64) == nil)
    #expect(file.weights.count == 5 << 20)
    #expect(file.weights[999] == 9 && file.weights[1000] == 0 && file.weights[4 << 20] == 7)
  }

  @Test func `weights start at a page and nothing is between it and what stands before`() throws {
    try PlanWriter.write(SamplePlan.image, to: path)
    let file = try PlanFile.open(path)
    #expect(UInt(bitPattern: file.weights.baseAddress) % 4096 == 0)
    #expect(file.byteCount < (5 << 20) + (64 << 10))
  }

  @Test func `the same image gives the same bytes and leaves nothing beside them`() throws {
    let other = folder.file("other.plan")
    let roots = [try PlanWriter.write(SamplePlan.image, to: path), try PlanWriter.write(SamplePlan.image, to: other)]
    #expect(roots[0] == roots[1])
    #expect(try TemporaryFolder.bytes(path) == TemporaryFolder.bytes(other))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["other.plan", "sample.plan"])
  }

  @Test func `a plan without weights and code opens`() throws {
    var image = SamplePlan.smallImage
    image.plan.weightBytes = 0
    image.plan.programs = image.plan.programs.map { program in
      var program = program
      program.steps = []
      program.requestLoops = []
      program.foundDims = []
      return program
    }
    image.weights = []
    image.code = []
    try PlanWriter.write(image, to: path)
    #expect(try PlanFile.open(path).plan == image.plan)
  }

  @Test func `a write into a missing folder names the file`() {
    let missing = folder.file("none/sample.plan")
    #expect {
      try PlanWriter.write(SamplePlan.smallImage, to: missing)
    } throws: {
      "\($0)".contains("cannot create \(missing)") && "\($0)".contains("No such file or directory")
    }
  }

  @Test func `a changed byte anywhere is noticed`() throws {
    try PlanWriter.write(SamplePlan.smallImage, to: path)
    let bytes = try TemporaryFolder.bytes(path)
    for position in Array(0..<300) + Array(stride(from: 300, to: bytes.count, by: 37)) + [bytes.count - 1] {
      var damaged = bytes
      damaged[position] ^= 1 << (position % 8)
      #expect(throws: PlanError.self, "byte \(position)") { try PlanFile.open(bytes: damaged) }
    }
  }

  @Test func `damage names its section`() throws {
    try PlanWriter.write(SamplePlan.image, to: path)
    let bytes = try TemporaryFolder.bytes(path)
    func error(flipping position: Int) -> PlanError? {
      var damaged = bytes
      damaged[position] ^= 1
      do throws(PlanError) { _ = try PlanFile.open(bytes: damaged) } catch { return error }
      return nil
    }
    #expect(error(flipping: 30) == .damaged(section: "header"))
    #expect(error(flipping: 4096) == .damaged(section: "plan section"))
    #expect(error(flipping: bytes.count - 1) == .damaged(section: "weights section"))
    let code = try #require(bytes.indices.first { bytes[$0...].prefix(100).allSatisfy { $0 == 4 } })
    #expect(error(flipping: code) == .damaged(section: "code for x86-64-v4"))
    #expect(error(flipping: code)?.description.contains("copy or build it again") == true)
  }

  @Test func `a plan that was cut short says so`() throws {
    try PlanWriter.write(SamplePlan.smallImage, to: path)
    let bytes = try TemporaryFolder.bytes(path)
    for count in [0, 7] {
      #expect(throws: PlanError.notAPlan) { try PlanFile.open(bytes: Array(bytes[..<count])) }
    }
    for count in [8, 100, 4095] {
      #expect(throws: PlanError.wrongSize(expected: 4096, actual: UInt64(count))) {
        try PlanFile.open(bytes: Array(bytes[..<count]))
      }
    }
    for count in [4096, bytes.count - 1] {
      #expect(throws: PlanError.wrongSize(expected: UInt64(bytes.count), actual: UInt64(count))) {
        try PlanFile.open(bytes: Array(bytes[..<count]))
      }
    }
    #expect(throws: PlanError.wrongSize(expected: UInt64(bytes.count), actual: UInt64(bytes.count + 1))) {
      try PlanFile.open(bytes: bytes + [0])
    }
  }

  @Test func `another version and another kind of file are refused`() throws {
    try PlanWriter.write(SamplePlan.smallImage, to: path)
    var bytes = try TemporaryFolder.bytes(path)
    bytes[8] = 9
    #expect(throws: PlanError.otherVersion(major: 9, minor: 0)) { try PlanFile.open(bytes: bytes) }
    bytes[0] = 0x7f
    #expect(throws: PlanError.notAPlan) { try PlanFile.open(bytes: bytes) }
    #expect(throws: PlanError.self) { try PlanFile.open(folder.path) }
    #expect(throws: PlanError.system(doing: "open", path: folder.file("no.plan"), code: ENOENT)) {
      try PlanFile.open(folder.file("no.plan"))
    }
  }

  @Test func `random bytes behind a valid header never crash the decoder`() throws {
    try PlanWriter.write(SamplePlan.smallImage, to: path)
    let bytes = try TemporaryFolder.bytes(path)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        changed[Int.random(in: 0..<6000, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? PlanFile.open(bytes: changed, verifying: false)
    }
  }

  @Test func `segments that overlap or leave the section are refused`() {
    var image = SamplePlan.smallImage
    image.weights = [(0, 128), (64, 64)].map { offset, count in
      WeightSegment(offset: offset, byteCount: count) { $0.initializeMemory(as: UInt8.self, repeating: 1) }
    }
    #expect(throws: PlanError.self) { try PlanWriter.write(image, to: path) }
    image.weights = [WeightSegment(offset: 192, byteCount: 65) { $0.initializeMemory(as: UInt8.self, repeating: 1) }]
    #expect(throws: PlanError.self) { try PlanWriter.write(image, to: path) }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
