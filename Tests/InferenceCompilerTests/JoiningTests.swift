import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Products of one value become one product.
@Suite struct JoiningTests {
  private let symbols = [Symbol(name: "batch", minimum: 1, maximum: 20)]

  /// Layers over the same features, each with a layer of its own behind it.
  private func experts(_ widths: [Int], kept: [Int], functions: [UnaryOp?], transposed: Bool = false) throws -> Graph {
    var graph = Graph(name: "experts", symbols: [SymbolRange("batch", 1, 20)])
    var random = Seeded(3)
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), 37]))
    var results: [ValueID] = []
    for (at, width) in widths.enumerated() {
      let function = functions[at % functions.count]
      let hidden = try graph.dense(x, 37, width, function, &random, transposed: transposed)
      results.append(try graph.dense(hidden, width, 9, nil, &random, transposed: transposed))
    }
    graph.outputs = kept.map { results[$0] }
    return graph
  }

  private func products(_ graph: Graph) throws -> Int {
    try GraphPass.optimize(graph).nodes.count { if case .matmul = $0.op { true } else { false } }
  }

  @Test(arguments: [false, true])
  func `joined layers keep the bits that they have alone`(transposed: Bool) throws {
    let widths = [24, 19, 40]
    func graph(_ kept: [Int]) throws -> Graph {
      try experts(widths, kept: kept, functions: [.relu], transposed: transposed)
    }
    let joined = try graph([0, 1, 2])
    #expect(try products(joined) == 4)
    #expect(try Schedule(try GraphPass.optimize(joined)).dispatches.count == 4)
    let loaded = try LoadedPrograms(
      [joined] + (0..<3).map { try graph([$0]) }, symbols: symbols, batch: "batch", leastSplitCost: 0)
    var random = Seeded(4)
    for rows in [1, 2, 7, 20] {
      let input = HostTensor(.f32, [rows, 37], random.floats(rows * 37))
      let together = loaded.run(0, [input], dims: ["batch": rows], parts: 2)
      for at in 0..<3 {
        #expect(together[at].bytes == loaded.run(at + 1, [input], dims: ["batch": rows])[0].bytes, "\(rows) rows")
      }
      expectEqual(together, try Interpreter.run(joined, inputs: [input], symbols: ["batch": rows]), "\(rows) rows")
    }
  }

  @Test func `layers are joined with those that end in the same function`() throws {
    #expect(try products(experts([24, 19, 40, 8], kept: [0, 1, 2, 3], functions: [.relu, .tanh])) == 6)
    // Of seven columns a product is made of dot products.
    #expect(try products(experts([24, 7], kept: [0, 1], functions: [.relu])) == 4)
  }

  @Test func `what somebody reads whole stays apart`() throws {
    var graph = try experts([24, 24], kept: [0, 1], functions: [.relu])
    let hidden = graph.nodes.filter { $0.op == .unary(.relu) }.map { $0.outputs[0] }
    graph.outputs.append(hidden[0])
    #expect(try products(graph) == 4)
    graph.outputs[2] = try graph.apply(.softmax(axis: 1), hidden[0])
    #expect(try products(graph) == 4)
  }

  @Test func `a shared matrix is not stored twice`() throws {
    /// Products of every value with every matrix of its own, summed up.
    func graph(_ matrices: [[Int]]) throws -> Graph {
      var graph = Graph(name: "shared", symbols: [SymbolRange("batch", 1, 20)])
      var random = Seeded(5)
      let all = (0..<3).map { _ in graph.f32([12, 8], random.floats(96)) }
      let last = graph.f32([8, 10], random.floats(80))
      for (at, chosen) in matrices.enumerated() {
        let x = graph.addInput("x\(at)", TensorType(.f32, [Dim(symbol: "batch"), 12]))
        for matrix in chosen {
          let y = try graph.apply(.matmul(transposeA: false, transposeB: false), x, all[matrix])
          graph.outputs.append(try graph.apply(.matmul(transposeA: false, transposeB: false), y, last))
        }
      }
      return graph
    }
    #expect(try products(graph([[0, 1], [0, 1]])) == 2 + 4)
    #expect(try products(graph([[0, 1], [0, 2]])) == 4 + 4)
  }

  @Test func `keys and values of one layer are joined, those of two are not`() throws {
    var graph = Graph(name: "decoder", symbols: [SymbolRange("batch", 1, 20)])
    var random = Seeded(8)
    let shape: Shape = [Dim(symbol: "batch"), 6, 16]
    let memory = graph.addInput("memory", TensorType(.f32, shape))
    var x = graph.addInput("x", TensorType(.f32, shape))
    for _ in 0..<2 {
      let keys = try graph.dense(memory, 16, 16, nil, &random)
      let values = try graph.dense(memory, 16, 16, nil, &random)
      x = try graph.apply(.attention(scale: 0.25, unattended: .nan), x, keys, values)
    }
    graph.outputs = [x]
    #expect(try products(graph) == 2)
  }

  @Test(arguments: WeightFormat.allCases)
  func `attention reads queries, keys and values in one product's rows`(format: WeightFormat) throws {
    let (rows, heads, size) = (10, 3, 8)
    var graph = Graph(name: "attention", symbols: [SymbolRange("batch", 1, 20)])
    var random = Seeded(6)
    let width = heads * size
    let x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), Dim(rows), Dim(width)]))
    let split: Shape = [Dim(symbol: "batch"), Dim(rows), Dim(heads), Dim(size)]
    func part(_ graph: inout Graph) throws -> ValueID {
      let y = try graph.dense(x, width, width, nil, &random)
      return try graph.apply(.transpose([0, 2, 1, 3]), try graph.apply(.reshape(split), y))
    }
    let (q, k, v) = (try part(&graph), try part(&graph), try part(&graph))
    let attended = try graph.apply(.attention(scale: 0.35, unattended: .nan), q, k, v)
    graph.outputs = [
      try graph.apply(
        .reshape([Dim(symbol: "batch"), Dim(rows), Dim(width)]), try graph.apply(.transpose([0, 2, 1, 3]), attended))
    ]
    graph = try format.rounding(graph)
    #expect(try products(graph) == 1)
    // The product and the attention: nothing is copied.
    #expect(try Schedule(try GraphPass.optimize(graph)).dispatches.count == 2)
    let loaded = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
    for count in [1, 5] {
      let input = HostTensor(.f32, [count, rows, width], random.floats(count * rows * width))
      let expected = try Interpreter.run(graph, inputs: [input], symbols: ["batch": count])
      expectEqual(loaded.run(0, [input], dims: ["batch": count]), expected, "\(count) requests")
    }
  }
}
