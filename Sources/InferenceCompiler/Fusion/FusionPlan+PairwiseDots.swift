import InferenceIR
import TensorTypes

extension FusionPlan {
  /// Finds DLRM's interaction: every feature vector's dot product with some others, by way of the full product.
  static func pairwiseDots(
    _ at: Int, _ graph: Graph, _ readers: [ValueID: [Int]], _ definitions: [ValueID: Int],
  ) -> (group: PairwiseDots, absorbed: [Int])? {
    let gather = graph.nodes[at]
    guard case .gather(axis: 1, _) = gather.op, let indices = graph[gather.inputs[1]].constant,
      indices.shape.count == 1,
      let reshape = soleDefinition(gather.inputs[0], graph, readers, definitions),
      case .reshape(let flat) = graph.nodes[reshape].op, flat.rank == 2,
      let product = soleDefinition(graph.nodes[reshape].inputs[0], graph, readers, definitions),
      case .matmul(transposeA: false, transposeB: true) = graph.nodes[product].op,
      graph.nodes[product].inputs[0] == graph.nodes[product].inputs[1]
    else { return nil }
    let rows = graph.nodes[product].inputs[0]
    let type = graph.type(of: rows)
    guard type.element == .f32, type.shape.rank == 3, type.shape[0] == flat[0], let count = type.shape[1].constant,
      type.shape[2].constant != nil
    else { return nil }
    let pairs = indices.integers.map { $0 < 0 ? Int($0) + count * count : Int($0) }
      .map { $0.quotientAndRemainder(dividingBy: count) }
    guard pairs.allSatisfy({ (0..<count).contains($0.quotient) }) else { return nil }
    let group = PairwiseDots(
      rows: rows, pairs: pairs.map { ($0.quotient, $0.remainder) }, result: gather.outputs[0])
    return (group, [reshape, product])
  }

  /// The node that defines a value which nothing else reads.
  static func soleDefinition(
    _ id: ValueID, _ graph: Graph, _ readers: [ValueID: [Int]], _ definitions: [ValueID: Int],
  ) -> Int? {
    readers[id]?.count == 1 && !graph.outputs.contains(id) ? definitions[id] : nil
  }
}
