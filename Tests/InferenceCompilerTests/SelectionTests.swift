import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Operations whose results are as long as the data say.
@Suite struct SelectionTests {
  private let found = Dim(symbol: "found.1")

  /// A graph over `x f32[count]`, which `body` continues with the positions of what is above 0.
  private func graph(
    _ count: Int, _ body: (inout Graph, _ x: ValueID, _ places: ValueID) throws -> [ValueID],
  ) throws -> Graph {
    var graph = Graph(name: "chosen", symbols: [SymbolRange("found.1", 0, count)])
    let x = graph.addInput("x", TensorType(.f32, [Dim(count)]))
    let mask = try graph.apply(.compare(.greater), x, graph.f32([], [0]))
    let places = try graph.add(.positions(count: found), [mask], name: "places", origin: "test positions")
    graph.outputs = try body(&graph, x, places[0])
    graph.boundDefinedSymbols()
    try graph.verify()
    return graph
  }

  private func load(_ graph: Graph) throws -> LoadedPrograms {
    let symbols = graph.symbols.map { Symbol(name: $0.name, minimum: $0.minimum, maximum: $0.maximum) }
    return try LoadedPrograms([graph], symbols: symbols, leastSplitCost: 0)
  }

  /// None, one, the last, all and some of the elements.
  private func inputs(_ count: Int) -> [[Float]] {
    var random = Seeded(UInt64(count))
    func only(_ at: Int) -> [Float] { (0..<count).map { $0 == at ? 1 : -1 } }
    return [
      [Float](repeating: 0, count: count), only(0), only(count - 1), [Float](repeating: 1, count: count),
      random.floats(count), random.floats(count),
    ]
  }

  private func expectInterpreted(_ graph: Graph, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    let loaded = try load(graph)
    for numbers in inputs(count) {
      let input = HostTensor(.f32, [count], numbers)
      for parts in [1, 3] {
        expectEqual(
          loaded.run(0, [input], parts: parts), try Interpreter.run(graph, inputs: [input]),
          "\(numbers.count { $0 > 0 }) of \(count) in \(parts) parts", sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: [1, 7, 16, 100]) func `what follows has as many rows as were found`(count: Int) throws {
    let graph = try graph(count) { graph, x, places in
      var random = Seeded(1)
      let table = graph.f32([count, 5], random.floats(count * 5))
      let rows = try graph.apply(.gather(axis: 0, negative: .fromEnd), table, places)
      let doubled = try graph.apply(.unary(.exp), try graph.apply(.binary(.add), rows, rows))
      let chosen = try graph.apply(.gather(axis: 0, negative: .fromEnd), x, places)
      let sum = try graph.apply(.reduce(.sum, axes: [0], keepDims: false), chosen)
      let both = try graph.add(.concat(axis: 0), [chosen, x], name: "both", origin: "test concat")[0]
      let size = try graph.add(.dimensions([self.found, self.found * 2]), [], name: "size", origin: "test size")[0]
      let turned = try graph.apply(.transpose([1, 0]), doubled)
      return [places, doubled, sum, both, size, turned]
    }
    try expectInterpreted(graph, count)
  }

  @Test func `a dimension is found though nobody reads the positions`() throws {
    let graph = try graph(9) { graph, _, _ in
      [try graph.add(.dimensions([self.found]), [], name: "size", origin: "test size")[0]]
    }
    try expectInterpreted(graph, 9)
  }

  @Test func `a kernel that needs a row refuses what may have none`() throws {
    let graph = try graph(20) { graph, _, places in
      var random = Seeded(2)
      let rows = try graph.apply(
        .gather(axis: 0, negative: .fromEnd), graph.f32([20, 64], random.floats(1280)), places)
      return [try graph.dense(rows, 64, 32, .relu, &random)]
    }
    let error = #expect(throws: CompileError.self) { try load(graph) }
    #expect(error?.message == "has no kernel for found.1 rows, which the data decide: there may be none")
  }

  @Test func `requests of one call cannot share what is found`() throws {
    var graph = Graph(name: "batched", symbols: [SymbolRange("batch", 1, 4)])
    let x = graph.addInput("x", TensorType(.bool, [Dim(symbol: "batch")]))
    graph.symbols.append(SymbolRange("found.1", 0, 4))
    _ = try graph.add(.positions(count: found), [x], name: "places", origin: "test positions")
    graph.outputs = [try graph.apply(.cast(.f32), x)]
    let error = #expect(throws: CompileError.self) {
      try LoadedPrograms(
        [graph],
        symbols: graph.symbols.map { Symbol(name: $0.name, minimum: $0.minimum, maximum: $0.maximum) }, batch: "batch")
    }
    #expect(error?.message.contains("several requests of one call cannot share") == true)
  }

  // MARK: - Boxes

  private func suppression(
    _ op: NonMaxSuppression, batch: Int, classes: Int, count: Int,
  ) throws -> Graph {
    var graph = Graph(name: "boxes")
    let boxes = graph.addInput("boxes", TensorType(.f32, [Dim(batch), Dim(count), 4]))
    let scores = graph.addInput("scores", TensorType(.f32, [Dim(batch), Dim(classes), Dim(count)]))
    graph.outputs = [try graph.apply(.nonMaxSuppression(op), boxes, scores)]
    return graph
  }

  @Test(arguments: NonMaxSuppression.Corners.allCases, [nil, 0.3 as Float])
  func `the boxes that stay are the interpreter's`(corners: NonMaxSuppression.Corners, least: Float?) throws {
    for (count, limit) in [(1, 1), (7, 3), (40, 40), (200, 11)] {
      let op = NonMaxSuppression(limit: limit, overlap: 0.4, leastScore: least, corners: corners)
      let graph = try suppression(op, batch: 2, classes: 3, count: count)
      var random = Seeded(UInt64(count))
      // Sizes are not negative; scores repeat, and some are no numbers.
      let boxes = (0..<2 * count).flatMap { _ in random.floats(2) + random.floats(2, in: 0...1) }
      let scores = (0..<6 * count).map { at in
        at % 13 == 5 ? Float.nan : (random.floats(1, in: 0...1)[0] * 8).rounded() / 8
      }
      let inputs = [HostTensor(.f32, [2, count, 4], boxes), HostTensor(.f32, [2, 3, count], scores)]
      let loaded = try load(graph)
      for parts in [1, 4] {
        expectEqual(
          loaded.run(0, inputs, parts: parts), try Interpreter.run(graph, inputs: inputs), "\(op) of \(count)")
      }
    }
  }
}
