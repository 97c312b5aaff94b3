import Foundation
import InferenceCompiler
import PlanFormat
import Testing

@testable import CompilerDriver

/// Kernels for Arm nodes, run in emulation (qemu-user): this machine is not one of them, and plans carry their code.
@Suite struct Arm64Tests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/onnx")

  @Test(arguments: [
    "dcn_v2", "dlrm_tiny", "mlp_matmul_opset8", "tree_regressor_lightgbm", "two_tower", "wide_and_deep",
  ])
  func `arm64 kernels give the golden outputs`(fixture: String) throws {
    let emulator = "/usr/bin/qemu-aarch64"
    try #require(
      FileManager.default.isExecutableFile(atPath: emulator), "qemu-user is missing: Tests/House/deps.sh --test")
    let model = Self.fixtures.appendingPathComponent("\(fixture)/model.onnx").path
    let assembly = try #require(try ServiceAssembly.all(in: try Check().run(source: model), batch: 11).first)
    let source = Captured()
    let programs = try compile(
      assembly.units, symbols: assembly.plan.symbols,
      options: CompilerOptions(families: [.arm64]) { text, _ in
        source.text = text
        return []
      })
    let golden = try GoldenVectors.make(
      assembly.units[0], program: programs.programs[0], at: 0, symbols: assembly.plan.symbols,
      orderDependent: assembly.orderDependent[0], domains: assembly.domains[0]
    ).vectors
    #expect(!golden.isEmpty)

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("servec-arm64-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let harness = Arm64Harness(kernels: source.text, programs: programs, golden: golden)
    let weights = folder.appendingPathComponent("weights").path
    try Data(harness.weights).write(to: URL(fileURLWithPath: weights))
    let input = folder.appendingPathComponent("harness.c").path
    try Data(harness.source(weights: weights).utf8).write(to: URL(fileURLWithPath: input))
    let binary = folder.appendingPathComponent("harness").path
    let shared: Set<String> = ["-shared", "-fPIC", "-Wl,-s"]
    let flags = CompilerFlags.arguments(for: .arm64).filter { !shared.contains($0) } + ["-static"]
    let built = try Subprocess.run(try Clang.find().path, flags + [input, "-o", binary], collectingIn: folder)
    try #require(built.status == 0, "\(built.errors.prefix(2000))")
    let run = try Subprocess.run(emulator, [binary], collectingIn: folder)
    #expect(run.status == 0, "golden vector \(run.status) differs")
  }

  private final class Captured: @unchecked Sendable { var text = "" }
}
