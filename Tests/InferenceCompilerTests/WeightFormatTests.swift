import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct WeightFormatTests {
  let symbols = [Symbol(name: "batch", minimum: 1, maximum: 40)]

  private func model(_ random: inout Seeded) throws -> Graph {
    var graph = Graph(name: "mlp", symbols: [SymbolRange("batch", 1, 40)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), 45]))
    let hidden = try graph.dense(x, 45, 150, .relu, &random)
    let wide = try graph.dense(hidden, 150, 70, .tanh, &random, transposed: true)
    graph.outputs = [try graph.dense(wide, 70, 3, nil, &random)]
    return graph
  }

  @Test(arguments: WeightFormat.allCases) func `rounded weights are packed narrowly and computed with as f32`(
    format: WeightFormat
  ) throws {
    var random = Seeded(11)
    let graph = try model(&random)
    let rounded = try format.rounding(graph)
    let loaded = try LoadedPrograms([graph, rounded], symbols: symbols, batch: "batch", leastSplitCost: 0)
    let inputs = (0..<40).map { _ in HostTensor(.f32, [1, 45], random.floats(45)) }
    let all = HostTensor(.f32, [40, 45], inputs.flatMap { $0.values(as: Float.self) })
    expectEqual(
      loaded.run(1, [all], dims: ["batch": 40]), try Interpreter.run(rounded, inputs: [all], symbols: ["batch": 40]),
      format.rawValue)
    // The bits of a row do not depend on its neighbours, nor on the number of threads.
    let together = loaded.run(1, [all], dims: ["batch": 40], parts: 3)[0].values(as: Float.self)
    for (row, input) in inputs.enumerated() {
      let alone = loaded.run(1, [input], dims: ["batch": 1])[0].values(as: Float.self)
      #expect(alone == Array(together[row * 3..<row * 3 + 3]))
    }
    let bytes = loaded.compiled.reports.map(\.weightBytes)
    switch format {
    case .f32: #expect(bytes[0] == bytes[1])
    case .f16, .bf16: #expect(Double(bytes[1]) < 0.6 * Double(bytes[0]))
    case .int8: #expect(Double(bytes[1]) < 0.4 * Double(bytes[0]))
    }
  }

  @Test func `a matrix is packed in the narrowest form that holds it`() {
    func form(_ values: [Float], isTransposed: Bool = false) -> PanelFormat {
      PanelFormat(holding: Constant(.f32, [2, values.count / 2], values), isTransposed: isTransposed)
    }
    #expect(form([1, 2, 3, 4]) == .int8)
    #expect(form([1, 0.5, 127, 0]) == .int8)
    // 127 and 1/2 need more than 127 steps where they share a column.
    #expect(form([127, 0.5, 3, 4], isTransposed: true) == .f16)
    #expect(form([0, 0, 0, 0]) == .int8)
    #expect(form([Float(Float16(0.1)), 1, 2, 3]) == .f16)
    #expect(form([65504, 1 / 16384, 1, 1]) == .f16)
    #expect(form([Float(sign: .plus, exponent: 100, significand: 1), 1.0078125, 1, 1]) == .bf16)
    #expect(form([0.1, 1, 2, 3]) == .f32)
    #expect(form([.nan, 1, 2, 3]) == .bf16)
    #expect(form([.infinity, 0.1, 2, 3]) == .f32)
  }

  @Test func `rounding is to the nearest and keeps what is out of range`() throws {
    var random = Seeded(12)
    var graph = Graph(name: "one")
    let x = graph.addInput("x", TensorType(.f32, [1, 20]))
    let values = random.floats(20 * 9, in: -3...3)
    let w = graph.f32([20, 9], values)
    graph.outputs = [try graph.apply(.matmul(transposeA: false, transposeB: false), x, w)]
    func weights(_ format: WeightFormat, _ graph: Graph) throws -> [Float] {
      let rounded = try format.rounding(graph)
      return rounded[rounded.nodes[0].inputs[1]].constant?.values(as: Float.self) ?? []
    }
    for (value, half) in zip(values, try weights(.f16, graph)) { #expect(half == Float(Float16(value))) }
    for (value, brain) in zip(values, try weights(.bf16, graph)) { #expect(abs(value - brain) <= abs(value) / 256) }
    let scales = ColumnScales(Constant(.f32, [20, 9], values), isTransposed: false).scales
    for (at, byte) in try weights(.int8, graph).enumerated() {
      #expect(abs(values[at] - byte) <= scales[at % 9] / 2 && abs(byte) <= 127 * scales[at % 9])
    }
    graph[w].constant = Constant(.f32, [20, 9], values.map { $0 * 1e5 })
    #expect(try weights(.f16, graph) == values.map { $0 * 1e5 })
  }
}
