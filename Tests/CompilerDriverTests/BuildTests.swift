import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import ServeDiagnostics
import TensorTypes
import Testing

@testable import CompilerDriver

/// Whole builds of the committed fixtures, with the clang of the toolchain.
@Suite struct BuildTests {
  private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/onnx")

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("servec-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func program(_ text: String, in folder: URL) -> CheckedProgram {
    Frontend().check(path: folder.appendingPathComponent("test.serve").path, bytes: Array(text.utf8))
  }

  @Test func `the three-line file builds, to the same bytes in every folder`() throws {
    var roots: [String] = []
    for _ in 0..<2 {
      let folder = try temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.copyItem(
        at: fixtures.appendingPathComponent("two_tower/model.onnx"), to: folder.appendingPathComponent("ranker.onnx"))
      let program = program(
        "serve 1\nmodel Ranker { source = \"ranker.onnx\" }\nservice recommender { model = Ranker }\n", in: folder)
      #expect(program.diagnostics.isEmpty)
      let built = try Build(
        environment: nil, output: folder.appendingPathComponent("dist").path, usesCache: false, progress: .silent
      )
      .run(program)
      #expect(!built.program.hasErrors)
      let plans = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("dist/plans").path)
      #expect(plans.count == 1)
      roots += plans
    }
    #expect(roots.count == 2 && roots[0] == roots[1])
  }

  @Test func `a build of unchanged inputs takes the plan of the last, and not a damaged one`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(
      at: fixtures.appendingPathComponent("two_tower/model.onnx"), to: folder.appendingPathComponent("ranker.onnx"))
    let cache = Cache(environment: ["SERVEC_CACHE": folder.appendingPathComponent("cache").path])
    let plans = folder.appendingPathComponent("dist/plans")
    let text = "serve 1\nmodel Ranker { source = \"ranker.onnx\" }\nservice recommender { model = Ranker }\n"
    /// Whether anything was compiled.
    func build(_ text: String) throws -> Bool {
      let steps = Steps()
      var build = Build(
        environment: nil, output: folder.appendingPathComponent("dist").path, progress: Progress { steps.append($0) })
      build.cache = cache
      #expect(!(try build.run(program(text, in: folder))).program.hasErrors)
      return steps.all.contains { $0.contains("compile") }
    }
    #expect(try build(text))
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: plans.path).first)
    let plan = plans.appendingPathComponent(name)
    #expect(try !build(text))
    try FileManager.default.removeItem(at: plan)
    #expect(try !build(text), "the cache has it still")
    #expect(FileManager.default.fileExists(atPath: plan.path))

    // The last byte of the plan, which is one file in both places.
    let handle = try FileHandle(forWritingTo: plan)
    let last = try handle.seekToEnd() - 1
    try handle.seek(toOffset: last)
    try handle.write(contentsOf: Data([0xA5]))
    try handle.close()
    #expect(try build(text), "it is damaged")
    #expect(try !build(text))

    #expect(try build(text + "// Another text.\n"))
    try FileManager.default.removeItem(at: folder.appendingPathComponent("ranker.onnx"))
    try FileManager.default.copyItem(
      at: fixtures.appendingPathComponent("dcn_v2/model.onnx"), to: folder.appendingPathComponent("ranker.onnx"))
    #expect(try build(text), "another model")
  }

  private final class Steps: @unchecked Sendable {
    private(set) var all: [String] = []
    func append(_ step: String) { all.append(step) }
  }

  @Test func `test inputs stay below the rows of the tables that they choose from`() throws {
    let program = try Check().run(source: fixtures.appendingPathComponent("wide_and_deep/model.onnx").path)
    let assembly = try #require(try ServiceAssembly.all(in: program, batch: 2).first)
    for (field, domain) in zip(assembly.plan.request, assembly.units[0].graph.inputs.map { assembly.domains[0][$0] })
    where field.element.isInteger {
      #expect((domain?.integers.upperBound ?? .max) < 100_000)
    }
  }

  @Test func `verify agrees with the files of a tree ensemble`() throws {
    let folder = fixtures.appendingPathComponent("tree_regressor_lightgbm")
    var cases: [VerifyCase] = []
    try Verify(rtol: 1e-3, atol: 1e-5)
      .run(
        model: folder.appendingPathComponent("model.onnx").path,
        data: [folder.appendingPathComponent("test_data_set_0").path]
      ) {
        cases.append($0)
      }
    #expect(cases.map(\.status) == [.pass])
  }

  @Test func `a missing model file is a diagnostic with its place`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = program("serve 1\nmodel M { source = \"none.onnx\" }\nservice s { model = M }\n", in: folder)
    #expect(program.hasErrors)
    #expect(program.diagnostics.allSatisfy { $0.primary != nil })
  }
}
