import InferenceIR
import TensorTypes

/// Gives every graph output a value of its own that a node defines, so that each has memory of its own: an output
/// that is an input, a constant or another output is copied (a reshape to its own shape).
@Sendable func separateOutputs(_ graph: inout Graph) throws(CompileError) {
  let defined = Set(graph.nodes.flatMap(\.outputs))
  var seen: Set<ValueID> = []
  for at in graph.outputs.indices {
    let id = graph.outputs[at]
    if defined.contains(id), seen.insert(id).inserted { continue }
    let copy = graph.addValue("\(graph[id].name).copy", graph.type(of: id))
    graph.nodes.append(
      Node(op: .reshape(graph.type(of: id).shape), inputs: [id], outputs: [copy], origin: graph[id].name))
    graph.outputs[at] = copy
  }
}
