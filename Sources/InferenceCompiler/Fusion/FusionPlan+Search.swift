import InferenceIR
import TensorTypes

extension FusionPlan {
  /// `topK(x · constant)`: the best of many columns for every row, whose scores are never stored.
  struct Search {
    /// The row vectors.
    var queries: ValueID
    var matrix: ValueID
    var isTransposed: Bool
    /// The matrix in bytes.
    var codes: CompressedRows
    /// How many are kept.
    var k: Int
    var topK: Int
  }

  /// Below this many columns scores fit the cache, and a bound per column saves nothing.
  static let fewestSearchedColumns = 4096

  static func search(
    _ at: Int, _ graph: Graph, _ readers: [ValueID: [Int]], _ definitions: [ValueID: Int],
  ) -> (group: Search, absorbed: [Int])? {
    let node = graph.nodes[at]
    guard case .topK(let k, axis: 1, largest: true, _) = node.op, k > 0,
      let product = soleDefinition(node.inputs[0], graph, readers, definitions),
      case .matmul(transposeA: false, let isTransposed) = graph.nodes[product].op,
      case let (x, matrix) = (graph.nodes[product].inputs[0], graph.nodes[product].inputs[1]),
      graph.type(of: x).element == .f32, graph.type(of: x).shape.rank == 2, graph[x].constant == nil,
      let constant = graph[matrix].constant, constant.element == .f32, constant.shape.count == 2
    else { return nil }
    let codes = CompressedRows(constant, isTransposed: isTransposed)
    guard codes.count >= max(fewestSearchedColumns, 16 * k), codes.isPossible else { return nil }
    return (Search(queries: x, matrix: matrix, isTransposed: isTransposed, codes: codes, k: k, topK: at), [product])
  }
}
