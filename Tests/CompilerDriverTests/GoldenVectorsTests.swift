import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import CompilerDriver

@Suite struct GoldenVectorsTests {
  /// The batches of the vectors of a program whose one step has a cost.
  private func batches(_ cost: Dim) throws -> [Int] {
    let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/onnx/mlp_matmul_opset8/model.onnx").path
    let assembly = try #require(try ServiceAssembly.all(in: try Check().run(source: model), batch: 32).first)
    let step = Program.Step(kernel: 0, arguments: [], label: "", cost: cost)
    let program = Program(
      name: "", version: "1", batch: 0, inputs: [], outputs: [], literals: [], steps: [step], arenaBytes: 0)
    return try GoldenVectors.make(
      assembly.units[0], program: program, at: 0, symbols: assembly.plan.symbols,
      orderDependent: assembly.orderDependent[0], domains: assembly.domains[0]
    ).vectors.map { $0.dims[0] }
  }

  @Test func `a pod waits for a second vector only where that is short`() throws {
    let batch = Dim(symbol: "batch")
    let millisecond: Dim = 1_000_000_000
    #expect(try batches(1000) == [1, 11], "nothing to wait for")
    #expect(try batches(batch * millisecond) == [1], "two requests take twice as long as one")
    #expect(try batches(batch * millisecond + 2 * millisecond) == [1, 2], "two take a third longer")
    #expect(try batches(20 * millisecond) == [1, 11], "any batch takes the same")
  }

  /// `softmax(x + log(mask))` over 4 places, and what else `finish` makes of a mask.
  private func masked(
    _ finish: (inout Graph, _ softmax: ValueID, _ mask: ValueID) throws -> [ValueID],
  ) throws -> CompilationUnit {
    var graph = Graph(name: "masked", symbols: [SymbolRange("batch", 1, 16)])
    let shape: Shape = [Dim(symbol: "batch"), 4]
    let x = graph.addInput("x", TensorType(.f32, shape))
    let mask = graph.addInput("mask", TensorType(.i64, shape))
    let number = try graph.add(.cast(.f32), [mask], name: "number", origin: "cast")
    let hidden = try graph.add(.unary(.log), number, name: "hidden", origin: "log")
    let scores = try graph.add(.binary(.add), [x, hidden[0]], name: "scores", origin: "add")
    let softmax = try graph.add(.softmax(axis: 1), scores, name: "weights", origin: "softmax")
    graph.outputs = try finish(&graph, softmax[0], mask)
    return CompilationUnit(
      graph: graph, name: "masked", version: "1", batch: "batch", inputs: [.request(0), .request(1)],
      outputs: graph.outputs.indices.map { .response($0) })
  }

  @Test func `a mask that would hide everything is drawn again`() throws {
    let unit = try masked { graph, softmax, _ in [softmax] }
    for batch in [1, 16] {
      let (inputs, outputs, _) = try GoldenVectors.reference(unit, ["batch": batch], [:], seed: 1)
      #expect(outputs[0].values(as: Float.self).allSatisfy { $0.isFinite })
      #expect(inputs[1].values(as: Int64.self).allSatisfy { (0...1).contains($0) })
    }
    let given = [unit.graph.inputs[1]: SyntheticInputs.Domain(integers: 3...7)]
    let (inputs, _, _) = try GoldenVectors.reference(unit, ["batch": 16], given, seed: 1)
    #expect(inputs[1].values(as: Int64.self).allSatisfy { (3...7).contains($0) })
  }

  @Test func `what holds no number on any made-up input is told`() throws {
    let unit = try masked { graph, softmax, mask in
      // The logarithm of less than nothing.
      let one = graph.addConstant("one", Constant(.f32, [], [Float(-1)]))
      let negative = try graph.add(.binary(.subtract), [one, softmax], name: "negative", origin: "subtract")
      let none = try graph.add(.unary(.log), negative, name: "none", origin: "log")
      return [softmax, none[0], mask]
    }
    let program = Program(
      name: "", version: "1", batch: 0, inputs: [], outputs: [], literals: [], steps: [], arenaBytes: 0)
    let made = try GoldenVectors.make(
      unit, program: program, at: 0, symbols: [Symbol(name: "batch", minimum: 1, maximum: 16)], orderDependent: [],
      domains: [:])
    #expect(made.vectors.count == 2 && made.unchecked == [1])
  }

  @Test func `integers that any number will do for are more than flags`() throws {
    var graph = Graph(name: "ids")
    let hashed = graph.addInput("hashed", TensorType(.i64, [8]))
    let flag = graph.addInput("flag", TensorType(.i64, [8]))
    graph.outputs = try graph.add(.hashBucket(buckets: 1000), [hashed], name: "row", origin: "hash") + [flag]
    let bounds = IndexBounds.of(graph, throughSelection: true)
    #expect(bounds[hashed] == 100 && bounds[flag] == nil)
    #expect(IndexBounds.of(graph, throughSelection: false)[hashed] == nil, "requests may send any")
  }
}
