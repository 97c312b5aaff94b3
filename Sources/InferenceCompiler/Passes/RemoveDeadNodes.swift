import InferenceIR

/// Drops nodes whose results nobody reads; those stay that define a symbol, which types elsewhere may hold.
@Sendable func removeDeadNodes(_ graph: inout Graph) throws(CompileError) {
  var live = Set(graph.outputs)
  var kept: [Node] = []
  for node in graph.nodes.reversed() where node.outputs.contains(where: live.contains) || node.op.definedSymbol != nil {
    live.formUnion(node.inputs)
    kept.append(node)
  }
  graph.nodes = kept.reversed()
}
