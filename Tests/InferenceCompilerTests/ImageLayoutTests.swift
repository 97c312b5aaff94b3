import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Images whose place in memory something else decides: outputs stand channel by channel.
@Suite struct ImageLayoutTests {
  private let batch = Dim(symbol: "batch")
  private var random = Seeded(47)

  private mutating func convolved(
    _ x: ValueID, maps: Int, size: [Int], groups: Int = 1, in graph: inout Graph,
  ) throws -> ValueID {
    let channels = try #require(graph.type(of: x).shape[1].constant)
    let shape = [maps, channels / groups] + size
    let weights = graph.f32(shape, random.floats(shape.reduce(1, *)))
    return try graph.apply(.convolution(Convolution(window: Window(size: size), groups: groups)), x, weights)
  }

  private func expectInterpreted(_ graph: Graph, _ input: HostTensor) throws {
    let loaded = try LoadedPrograms(
      [graph], symbols: [Symbol(name: "batch", minimum: 1, maximum: 4)], batch: "batch")
    expectEqual(
      loaded.run(0, [input], dims: ["batch": 3]), try Interpreter.run(graph, inputs: [input]), tolerance: 1e-5,
      graph.name)
  }

  private mutating func input(_ shape: [Int]) -> HostTensor {
    HostTensor(.f32, shape, random.floats(shape.reduce(1, *)))
  }

  @Test mutating func `convolutions by channel read an image that is an output, too`() throws {
    var graph = Graph(name: "by channel", symbols: [SymbolRange("batch", 1, 4)])
    let x = graph.addInput("x", TensorType(.f32, [batch, 8, 6, 5]))
    let image = try graph.apply(.unary(.sigmoid), try convolved(x, maps: 24, size: [2, 1], in: &graph))
    let one = try convolved(image, maps: 24, size: [3, 1], groups: 24, in: &graph)
    let two = try convolved(image, maps: 48, size: [1, 2], groups: 24, in: &graph)
    graph.outputs = [image, one, two]
    try expectInterpreted(graph, input([3, 8, 6, 5]))
  }

  @Test mutating func `functions follow convolutions of one map, and of one column`() throws {
    var graph = Graph(name: "one", symbols: [SymbolRange("batch", 1, 4)])
    let x = graph.addInput("x", TensorType(.f32, [batch, 8, 6, 5]))
    let map = try graph.apply(.unary(.relu), try convolved(x, maps: 1, size: [1, 3], in: &graph))
    let column = try graph.apply(.unary(.relu), try convolved(x, maps: 8, size: [2, 5], groups: 8, in: &graph))
    graph.outputs = [map, column]
    try expectInterpreted(graph, input([3, 8, 6, 5]))
  }

  @Test mutating func `what needs rows gets them from an image`() throws {
    var graph = Graph(name: "rows", symbols: [SymbolRange("batch", 1, 4)])
    let x = graph.addInput("x", TensorType(.f32, [batch, 8, 6, 5]))
    let image = try convolved(x, maps: 4, size: [1, 2], in: &graph)
    let scale = graph.f32([4], random.floats(4))
    let normal = try graph.apply(.rmsNorm(axis: 3, epsilon: 0.5), image, scale)
    let numbers = (0..<12).map { _ in Int16.random(in: -255...255, using: &random) }
    let weights = graph.addConstant("w", Constant(HostTensor(.i16, [4, 3], numbers)))
    let whole = try graph.apply(.cast(.i16), try graph.apply(.unary(.sign), image))
    let product = try graph.apply(.matmul(transposeA: false, transposeB: false), whole, weights)
    graph.outputs = [try convolved(normal, maps: 2, size: [1, 1], in: &graph), product]
    try expectInterpreted(graph, input([3, 8, 6, 5]))
  }
}
