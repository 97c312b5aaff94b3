import Foundation
import PlanFormat
import Testing

@testable import InferenceCompiler

/// The functions of the C prelude against f64 and against the bounds that `specs/numerics.md` states.
@Suite struct ElementaryFunctionTests {
  /// With EXHAUSTIVE set all floats are tried (`make exhaustive`), else one in some thousands.
  private static let stride = ProcessInfo.processInfo.environment["EXHAUSTIVE"] == nil ? 4099 : 1

  @Test func `every function stays within its stated bound`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let driver = try String(contentsOf: root.appendingPathComponent("Exhaustive/elementary.c"), encoding: .utf8)
    let specification = try String(
      contentsOf: root.deletingLastPathComponent().appendingPathComponent("specs/numerics.md"), encoding: .utf8)
    let bounds = specification.matches(of: /\| (\w+) \| ([0-9.]+) \|/).map { "\($0.1)=\($0.2)" }
    #expect(bounds.count >= 16)

    let freestanding: Set = ["-ffreestanding", "-nostdlib", "-shared", "-Wl,-z,defs"]
    let flags = CompilerFlags.arguments(for: .x86v3).filter { !freestanding.contains($0) }
    let program = try Toolchain.compile(
      MathLibrary.prelude + driver, arguments: flags + ["-lm", "-lmvec", "-lpthread"])
    let (status, text) = try Toolchain.run(program, [String(Self.stride)] + bounds)
    #expect(status == 0, "\(text)")
    if Self.stride == 1 { print(text) }
  }
}
