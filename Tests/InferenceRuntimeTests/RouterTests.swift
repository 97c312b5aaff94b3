import Foundation
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceRuntime

@Suite struct RouterTests {
  /// The rows of the table in `specs/plan-format.md`.
  private static func vectors() throws -> [(salt: String, key: String, position: UInt64)] {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("specs/plan-format.md"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4, cells[0].hasPrefix("`"), cells[1].hasPrefix("`"), let position = UInt64(cells[2]) else {
        return nil
      }
      return (String(cells[0].dropFirst().dropLast()), String(cells[1].dropFirst().dropLast()), position)
    }
  }

  private func router(salt: String, thresholds: [UInt64] = [.max]) -> Router {
    Router(
      Experiment(
        name: "e", salt: salt, keyField: 0,
        arms: thresholds.enumerated().map { .init(name: "\($0)", threshold: $1, program: $0) }))
  }

  @Test func `the test vectors of the specification hold`() throws {
    let vectors = try Self.vectors()
    #expect(vectors.count == 9)
    for (salt, key, position) in vectors {
      let router = router(salt: salt)
      #expect(Array(key.utf8).withUnsafeBytes { router.position(of: $0) } == position)
      if let integer = Int64(key) { #expect(router.position(of: integer) == position) }
      if let integer = UInt64(key) { #expect(router.position(of: integer) == position) }
    }
  }

  @Test func `keys of every integer type are routed by their decimal text`() throws {
    let router = router(salt: "s", thresholds: [.max / 3, .max / 3 * 2, .max])
    func arm<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, _ element: ElementType) -> Int {
      withUnsafeBytes(of: value) { bytes in
        bytes.baseAddress.map { router.arm(keyAt: $0, element: element) } ?? -1
      }
    }
    for value in 0..<100 {
      let expected = Array("\(value)".utf8).withUnsafeBytes { router.arm(text: $0) }
      let arms = [
        arm(UInt8(value), .u8), arm(UInt16(value), .u16), arm(UInt32(value), .u32), arm(UInt64(value), .u64),
        arm(Int8(value), .i8), arm(Int16(value), .i16), arm(Int32(value), .i32), arm(Int64(value), .i64),
      ]
      #expect(arms == Array(repeating: expected, count: 8))
    }
    let smallest = Array("\(Int64.min)".utf8).withUnsafeBytes { router.position(of: $0) }
    #expect(router.position(of: Int64.min) == smallest)
  }

  @Test func `shares are met, and a change of shares moves only the difference`() {
    let tenth = router(salt: "s", thresholds: [.max / 10, .max])
    let fifth = router(salt: "s", thresholds: [.max / 5, .max])
    let arms = (0..<20_000).map { (tenth.arm(integer: $0), fifth.arm(integer: $0)) }
    let shares = (Double(arms.count { $0.0 == 0 }) / 20_000, Double(arms.count { $0.1 == 0 }) / 20_000)
    #expect(abs(shares.0 - 0.1) < 0.01 && abs(shares.1 - 0.2) < 0.01)
    #expect(!arms.contains { $0.0 == 0 && $0.1 == 1 })
  }

  @Test func `an arm of no share takes nothing, and the last arm takes all that is left`() {
    let router = router(salt: "s", thresholds: [0, 0, .max])
    #expect(Set((0..<1000).map { router.arm(integer: $0) }) == [2])
  }

  @Test func `a plan without an experiment has no router`() {
    #expect(Router(Plan(service: "s", producer: "p")) == nil)
    #expect(Router(TestPlan.plan)?.experiment.name == "trial")
  }
}
