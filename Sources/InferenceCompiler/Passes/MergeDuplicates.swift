import InferenceIR

/// Computes equal expressions once.
@Sendable func mergeDuplicates(_ graph: inout Graph) throws(CompileError) {
  struct Key: Hashable {
    var op: Op
    var inputs: [ValueID]
  }
  var seen: [Key: [ValueID]] = [:]
  var replacements: [ValueID: ValueID] = [:]
  var kept: [Node] = []
  for var node in graph.nodes {
    node.inputs = node.inputs.map { replacements[$0] ?? $0 }
    let key = Key(op: node.op, inputs: node.inputs)
    if let first = seen[key] {
      for (id, other) in zip(node.outputs, first) { replacements[id] = other }
    } else {
      seen[key] = node.outputs
      kept.append(node)
    }
  }
  graph.nodes = kept
  graph.replaceUses(replacements)
}
