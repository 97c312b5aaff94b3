import InferenceIR

/// Drops nodes whose results nobody reads.
@Sendable func removeDeadNodes(_ graph: inout Graph) throws(CompileError) {
  var live = Set(graph.outputs)
  var kept: [Node] = []
  for node in graph.nodes.reversed() where node.outputs.contains(where: live.contains) {
    live.formUnion(node.inputs)
    kept.append(node)
  }
  graph.nodes = kept.reversed()
}
