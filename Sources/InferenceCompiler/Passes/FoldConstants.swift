import InferenceIR
import TensorTypes

/// Largest folded constant, unless the operands are larger still.
private let foldingBudget = 4 << 20

/// Replaces what depends on constants alone by its value, as the reference interpreter computes it.
@Sendable func foldConstants(_ graph: inout Graph) throws(CompileError) {
  var kept: [Node] = []
  for node in graph.nodes {
    let operands = node.inputs.compactMap { graph[$0].constant }
    let types = node.outputs.map { graph.type(of: $0) }
    let bytes = types.map { type in (type.shape.constant ?? []).reduce(type.element.byteCount, *) }.reduce(0, +)
    let limit = max(foldingBudget, operands.map(\.data.bytes.count).reduce(0, +))
    guard operands.count == node.inputs.count, types.allSatisfy({ $0.shape.constant != nil }), bytes <= limit,
      let results = try? Interpreter.evaluate(node.op, operands, origin: node.origin)
    else {
      kept.append(node)
      continue
    }
    for (id, result) in zip(node.outputs, results) { graph[id].constant = result }
  }
  graph.nodes = kept
}
