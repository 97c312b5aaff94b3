import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import CompilerDriver

@Suite struct WeightDriftTests {
  private func graph() throws -> Graph {
    var generator = SeededGenerator(seed: 3)
    var graph = Graph(name: "product", symbols: [SymbolRange("batch", 1, 8)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), 32]))
    let w = graph.addConstant(
      "w", Constant(.f32, [32, 16], (0..<512).map { _ in Float.random(in: -1...1, using: &generator) }))
    graph.outputs = try graph.add(
      .matmul(transposeA: false, transposeB: false), [x, w], name: "y", origin: "product")
    return graph
  }

  private func unit(_ format: WeightFormat) throws -> CompilationUnit {
    CompilationUnit(
      graph: try format.rounding(graph()), name: "product", version: "1", batch: "batch", inputs: [.request(0)],
      outputs: [.response(0)])
  }

  private let symbols = [Symbol(name: "batch", minimum: 1, maximum: 8)]

  @Test func `coarser weights drift further`() throws {
    let drift = WeightDrift(reference: try graph(), maximum: 1, what: "weights")
    let found = try [WeightFormat.f32, .f16, .bf16, .int8].map {
      try drift.measure(unit($0), symbols: symbols, domains: [:])
    }
    #expect(found[0] == 0 && found[0] < found[1] && found[1] < found[2])
    #expect(found[1] < 1e-3 && found[2] < 1e-2 && found[3] < 3e-2 && found[3] > found[1])
  }

  @Test func `masks are made up so that numbers are left, and a drift without numbers is refused`() throws {
    var generator = SeededGenerator(seed: 5)
    var graph = Graph(name: "masked", symbols: [SymbolRange("batch", 1, 8)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), 32]))
    let mask = graph.addInput("mask", TensorType(.i64, [Dim(symbol: "batch"), 1]))
    let w = graph.addConstant(
      "w", Constant(.f32, [32, 16], (0..<512).map { _ in Float.random(in: -1...1, using: &generator) }))
    let product = try graph.add(.matmul(transposeA: false, transposeB: false), [x, w], name: "p", origin: "product")
    // The logarithm of 1 - mask: a number for 0 alone.
    let one = graph.addConstant("one", Constant(.f32, [], [Float(1)]))
    let hidden = try graph.add(.cast(.f32), [mask], name: "hidden", origin: "cast")
    let seen = try graph.add(.binary(.subtract), [one, hidden[0]], name: "seen", origin: "seen")
    let log = try graph.add(.unary(.log), seen, name: "log", origin: "log")
    graph.outputs = try graph.add(.binary(.add), [product[0], log[0]], name: "y", origin: "sum")
    var unit = try unit(.f32)
    unit.graph = try WeightFormat.int8.rounding(graph)
    unit.inputs = [.request(0), .request(1)]
    let drift = WeightDrift(reference: graph, maximum: 1, what: "weights")
    #expect(try drift.measure(unit, symbols: symbols, domains: [graph.inputs[1]: .init()]) > 0)
    #expect(throws: DriverError.self) {
      try drift.measure(unit, symbols: symbols, domains: [graph.inputs[1]: .init(integers: 5...9)])
    }
  }

  @Test func `a drift above the bound is refused with its figure`() throws {
    let bound = WeightDrift(reference: try graph(), maximum: 1e-9, what: "f16 weights of Product.v1")
    let measured = try bound.measure(unit(.f16), symbols: symbols, domains: [:])
    let error = try #require(throws: DriverError.self) {
      try bound.check(unit(.f16), symbols: symbols, domains: [:])
    }
    #expect(error.message.contains("f16 weights of Product.v1") && error.message.contains("\(measured)"))
    let wide = WeightDrift(reference: try graph(), maximum: 0.01, what: "f16 weights")
    #expect(try wide.check(unit(.f16), symbols: symbols, domains: [:]).contains("\(measured)"))
  }
}
