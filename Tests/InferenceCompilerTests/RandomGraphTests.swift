import InferenceIR
import PlanFormat
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Random graphs over batch and a second symbol, compiled and interpreted: what no single-operation test meets is how
/// operations share kernels and memory.
@Suite struct RandomGraphTests {
  private let batch = Dim(symbol: "batch")
  private let rows = Dim(symbol: "rows")

  @Test(arguments: 0..<2)
  func `random graphs give the interpreter's results`(seed: Int) throws {
    var random = Seeded(UInt64(1000 + seed))
    let graphs = (0..<16).map { graph("random \(seed).\($0)", &random) }
    let symbols = [Symbol(name: "batch", minimum: 1, maximum: 6), Symbol(name: "rows", minimum: 1, maximum: 9)]
    let loaded = try LoadedPrograms(graphs, symbols: symbols, leastSplitCost: 0)
    for (at, graph) in graphs.enumerated() {
      for (b, r) in [(1, 1), (2, 3), (6, 9)] {
        let dims = ["batch": b, "rows": r]
        let inputs = graph.inputs.map { id in
          let type = graph.type(of: id)
          let shape = type.shape.evaluate(dims) ?? []
          return type.element == .f32
            ? HostTensor(.f32, shape, random.floats(shape.reduce(1, *)))
            : HostTensor(.i64, shape, (0..<shape.reduce(1, *)).map { _ in Int64.random(in: 0..<4, using: &random) })
        }
        let expected = try Interpreter.run(graph, inputs: inputs, symbols: dims)
        let found = loaded.run(at, inputs, dims: dims)
        expectEqual(found, expected, tolerance: 3e-5, "\(graph.name) \(dims)\n\(graph.text())")
        for parts in [2, 7] {
          #expect(loaded.run(at, inputs, dims: dims, parts: parts) == found, "\(parts) parts of \(graph.text())")
        }
      }
    }
  }

  /// Grows a graph by operations on values picked at random.
  private func graph(_ name: String, _ random: inout Seeded) -> Graph {
    var graph = Graph(name: name, symbols: [SymbolRange("batch", 1, 6), SymbolRange("rows", 1, 9)])
    var floats = [
      graph.addInput("a", TensorType(.f32, [batch, 8])), graph.addInput("b", TensorType(.f32, [batch, rows, 4])),
      graph.addInput("c", TensorType(.f32, [batch, 1, 4])), graph.f32([8], random.floats(8)),
    ]
    let ids = graph.addInput("ids", TensorType(.i64, [batch, rows]))
    for _ in 0..<Int.random(in: 4..<16, using: &random) {
      guard let x = floats.randomElement(using: &random), let y = floats.randomElement(using: &random) else { break }
      // Operands that do not fit make no node: the shape rules decide.
      if let op = operation(graph.type(of: x).shape, &graph, x, y, ids, &random),
        let made = try? graph.add(op.0, op.1, name: "v\(graph.values.count)", origin: "random \(op.0.mnemonic)")
      {
        floats += made.filter { graph.type(of: $0).element == .f32 && (1...4).contains(graph.type(of: $0).shape.rank) }
      }
    }
    let read = Set(graph.nodes.flatMap(\.inputs))
    graph.outputs = graph.nodes.flatMap(\.outputs).filter { !read.contains($0) } + [floats[0]]
    return graph
  }

  private func operation(
    _ shape: Shape, _ graph: inout Graph, _ x: ValueID, _ y: ValueID, _ ids: ValueID, _ random: inout Seeded,
  ) -> (Op, [ValueID])? {
    let axis = Int.random(in: 0..<max(shape.rank, 1), using: &random)
    switch Int.random(in: 0..<15, using: &random) {
    case 0, 1: return (.unary([.tanh, .sigmoid, .relu, .absolute].randomElement(using: &random) ?? .tanh), [x])
    case 2, 3: return (.binary([.add, .multiply, .subtract, .maximum].randomElement(using: &random) ?? .add), [x, y])
    case 4: return (.concat(axis: axis), [x, y])
    case 5: return (.concat(axis: axis), [x, x, y])
    case 6: return (.transpose(Array(0..<shape.rank).shuffled(using: &random)), [x])
    case 7:
      guard shape.rank == 3 else { return (.reshape(Shape([shape[0], Dim(2), Dim(4)])), [x]) }
      return (.reshape(Shape([shape[0] * shape[1], shape[2]])), [x])
    case 8: return (.reduce(.sum, axes: [axis], keepDims: Bool.random(using: &random)), [x])
    case 9: return (.softmax(axis: axis), [x])
    case 10:
      guard let depth = shape.dims.last?.constant else { return nil }
      let columns = [1, 3, 16, 21].randomElement(using: &random) ?? 1
      let w = graph.f32([depth, columns], random.floats(depth * columns, in: -0.5...0.5))
      return (.matmul(transposeA: false, transposeB: false), [x, w])
    case 11: return (.slice(axis: axis, start: 0, length: 1, step: 1), [x])
    case 12:
      let table = graph.f32([4, 3], random.floats(12))
      return (.gather(axis: 0, negative: .fromEnd), [table, ids])
    case 13: return (.matmul(transposeA: false, transposeB: true), [x, y])
    default: return (.reshape(Shape(shape.dims + [1])), [x])
    }
  }
}
