import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct MatrixProductTests {
  let symbols = [Symbol(name: "batch", minimum: 1, maximum: 20)]

  private func perceptron(_ sizes: [Int], transposed: Bool = false) throws -> Graph {
    var graph = Graph(name: "mlp", symbols: [SymbolRange("batch", 1, 20)])
    var random = Seeded(7)
    var x = graph.addInput("x", TensorType(.f32, [Dim(symbol: "batch"), Dim(sizes[0])]))
    for (at, (inputs, outputs)) in zip(sizes, sizes.dropFirst()).enumerated() {
      let activation: UnaryOp = at == sizes.count - 2 ? .sigmoid : .relu
      x = try graph.dense(x, inputs, outputs, activation, &random, transposed: transposed)
    }
    graph.outputs = [x]
    return graph
  }

  @Test(arguments: [false, true])
  func `a perceptron gives the interpreter's results for every number of rows`(transposed: Bool) throws {
    let graph = try perceptron([13, 70, 33, 20, 1], transposed: transposed)
    let loaded = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
    var random = Seeded(1)
    for rows in 1...20 {
      let input = HostTensor(.f32, [rows, 13], random.floats(rows * 13))
      let expected = try Interpreter.run(graph, inputs: [input])
      expectEqual(loaded.run(0, [input], dims: ["batch": rows]), expected, "\(rows) rows")
    }
  }

  /// Odd depths leave one of a pair alone; column counts end inside a panel.
  @Test(arguments: [(1, 1), (2, 16), (37, 40), (64, 100), (129, 5)])
  func `products of quantised numbers are exact for every number of rows`(depth: Int, columns: Int) throws {
    var random = Seeded(5)
    func numbers(_ count: Int) -> [Int16] { (0..<count).map { _ in Int16.random(in: -255...255, using: &random) } }
    for transposed in [false, true] {
      var graph = Graph(name: "integers", symbols: [SymbolRange("batch", 1, 20)])
      let x = graph.addInput("x", TensorType(.i16, [Dim(symbol: "batch"), Dim(depth)]))
      let shape = transposed ? [columns, depth] : [depth, columns]
      let w = graph.addConstant("w", Constant(.i16, shape, numbers(depth * columns)))
      graph.outputs = [try graph.apply(.matmul(transposeA: false, transposeB: transposed), x, w)]
      let loaded = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
      for rows in [1, 2, 3, 5, 8, 13, 20] {
        let input = HostTensor(.i16, [rows, depth], numbers(rows * depth))
        let expected = try Interpreter.run(graph, inputs: [input])
        expectEqual(loaded.run(0, [input], dims: ["batch": rows]), expected, "\(rows) rows")
      }
    }
  }

  @Test func `a row's bits do not depend on the rows beside it`() throws {
    let graph = try perceptron([45, 130, 49, 3])
    let loaded = try LoadedPrograms([graph], symbols: symbols, batch: "batch")
    var random = Seeded(2)
    let all = random.floats(20 * 45)
    let alone = (0..<20).map { row in
      loaded.run(0, [HostTensor(.f32, [1, 45], Array(all[row * 45..<(row + 1) * 45]))], dims: ["batch": 1])[0].bytes
    }
    for rows in 2...20 {
      let together = loaded.run(0, [HostTensor(.f32, [rows, 45], Array(all[..<(rows * 45)]))], dims: ["batch": rows])
      #expect(together[0].bytes == alone[..<rows].flatMap { $0 }, "\(rows) rows")
    }
  }

  /// Chains that are interrupted along k go on where they stopped, in whichever part: one row takes them in one go.
  @Test(arguments: [2048, 2051])
  func `a deep product's bits depend neither on rows nor on parts`(depth: Int) throws {
    let graph = try perceptron([depth, 70, 3])
    let loaded = try LoadedPrograms([graph], symbols: symbols, batch: "batch", leastSplitCost: 0)
    var random = Seeded(6)
    let all = random.floats(20 * depth)
    func run(_ rows: Range<Int>, parts: Int) -> HostTensor {
      let some = Array(all[rows.lowerBound * depth..<rows.upperBound * depth])
      let input = HostTensor(.f32, [rows.count, depth], some)
      return loaded.run(0, [input], dims: ["batch": rows.count], parts: parts)[0]
    }
    let expected = try Interpreter.run(graph, inputs: [HostTensor(.f32, [20, depth], all)])
    expectEqual([run(0..<20, parts: 1)], expected, "20 rows")
    let alone = (0..<20).map { run($0..<$0 + 1, parts: 1).bytes }
    for rows in [2, 3, 7, 12, 20] {
      for parts in 1...3 {
        #expect(run(0..<rows, parts: parts).bytes == alone[..<rows].flatMap { $0 }, "\(rows) rows, \(parts) parts")
      }
    }
  }
}
