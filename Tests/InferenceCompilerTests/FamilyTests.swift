import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// What holds on every CPU family.
@Suite struct FamilyTests {
  private let symbols = [Symbol(name: "rows", minimum: 1, maximum: 16)]

  /// A product chain, an embedding, a softmax and trees: every shape of kernel that is tuned by family.
  private func graph() throws -> Graph {
    var random = Seeded(21)
    var graph = Graph(name: "all", symbols: [SymbolRange("rows", 1, 16)])
    let rows = Dim(symbol: "rows")
    let x = graph.addInput("x", TensorType(.f32, [rows, 19]))
    let ids = graph.addInput("ids", TensorType(.i64, [rows]))
    let table = graph.f32([7, 5], random.floats(35))
    let embedded = try graph.apply(.gather(axis: 0, negative: .fromEnd), table, ids)
    let joined = try graph.apply(
      .concat(axis: 1), try graph.apply(.unary(.log1p), try graph.apply(.unary(.square), x)), embedded)
    let hidden = try graph.dense(joined, 24, 70, .gelu, &random)
    let scores = try graph.apply(.softmax(axis: 1), try graph.dense(hidden, 70, 37, .tanh, &random))
    let best = try graph.add(.topK(k: 3, axis: 1, largest: true, pad: nil), [scores], name: "top", origin: "top")
    let trees = TreeEnsemble(
      nodes: [
        .init(feature: 3, threshold: 0.1, left: 1, right: 2, missingGoesLeft: false),
        .init(feature: -1, threshold: 0, left: 0, right: 1, missingGoesLeft: false),
        .init(feature: -1, threshold: 0, left: 1, right: 1, missingGoesLeft: false),
      ], roots: [0], leafTargets: [0, 0], leafWeights: [0.25, -1.5], targetCount: 1, featureCount: 19, base: [0.5],
      aggregate: .sum, postTransform: .logistic)
    graph.outputs =
      [try graph.dense(hidden, 70, 1, .sigmoid, &random), try graph.apply(.treeEnsemble(trees), x)] + best
    return graph
  }

  private func inputs(_ rows: Int) -> [HostTensor] {
    var random = Seeded(4)
    return [
      HostTensor(.f32, [rows, 19], random.floats(rows * 19)),
      HostTensor(.i64, [rows], (0..<rows).map { Int64($0 % 7) }),
    ]
  }

  @Test func `kernels for every family compile and need nothing else`() throws {
    let loaded = try LoadedPrograms([try graph()], symbols: symbols, families: CPUFamily.allCases)
    #expect(loaded.compiled.code.map(\.family) == CPUFamily.allCases)
    // ELF, 64 bits; machine 62 is x86-64, 183 AArch64.
    #expect(
      loaded.compiled.code.map { Array($0.elf[0..<5]) } == Array(repeating: [0x7F, 0x45, 0x4C, 0x46, 2], count: 3))
    #expect(loaded.compiled.code.map { $0.elf[18] } == [62, 62, 183])
  }

  @Test(.enabled(if: EmulatedProgram.emulator != nil), arguments: [1, 2, 5, 16])
  func `kernels for arm64 give the interpreter's results under emulation`(rows: Int) throws {
    let graph = try graph()
    let expected = try Interpreter.run(graph, inputs: inputs(rows))
    let found = try EmulatedProgram(graph, symbols: symbols).run(inputs(rows), dims: ["rows": rows])
    expectEqual(found, expected, "arm64, \(rows) rows")
  }

  @Test func `arm64 and x86-64 kernels give the same bits`() throws {
    guard EmulatedProgram.emulator != nil else { return }
    let graph = try graph()
    let emulated = try EmulatedProgram(graph, symbols: symbols).run(inputs(9), dims: ["rows": 9])
    let native = try LoadedPrograms([graph], symbols: symbols).run(0, inputs(9), dims: ["rows": 9])
    #expect(emulated == native)
  }

  @Test func `the tiles of the wider registers give the same bits`() throws {
    let wide = try LoadedPrograms([try graph()], symbols: symbols, families: [.x86v4], compiledAs: .x86v3)
    let narrow = try LoadedPrograms([try graph()], symbols: symbols)
    for rows in 1...16 {
      let dims = ["rows": rows]
      #expect(wide.run(0, inputs(rows), dims: dims) == narrow.run(0, inputs(rows), dims: dims), "\(rows) rows")
    }
  }

  @Test func `kernels do nothing undefined`() throws {
    // Traps instead of a runtime library, which freestanding code does not have.
    let checks = [
      "-fsanitize=bounds,alignment,null,float-cast-overflow,integer-divide-by-zero,pointer-overflow,shift-exponent,unreachable",
      "-fsanitize-trap=all",
    ]
    let graph = try graph()
    let loaded = try LoadedPrograms([graph], symbols: symbols, extra: checks)
    for rows in [1, 2, 3, 7, 16] {
      let expected = try Interpreter.run(graph, inputs: inputs(rows))
      expectEqual(loaded.run(0, inputs(rows), dims: ["rows": rows]), expected, "\(rows) rows")
    }
  }

  @Test func `the same graph gives the same bytes`() throws {
    let graph = try graph()
    let first = try LoadedPrograms([graph], symbols: symbols)
    let second = try LoadedPrograms([graph], symbols: symbols)
    #expect(first.compiled.code == second.compiled.code)
    #expect(first.compiled.programs == second.compiled.programs)
    #expect(first.compiled.kernels == second.compiled.kernels)
  }

  @Test func `programs of equal models share kernels and weights`() throws {
    let one = try LoadedPrograms([try graph()], symbols: symbols)
    let two = try LoadedPrograms([try graph(), try graph()], symbols: symbols)
    #expect(two.compiled.kernels == one.compiled.kernels)
    #expect(two.compiled.weightBytes == one.compiled.weightBytes)
  }
}
