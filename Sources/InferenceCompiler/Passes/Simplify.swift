import InferenceIR
import TensorTypes

/// Removes operations that do nothing and replaces some by cheaper ones with the same result.
@Sendable func simplify(_ graph: inout Graph) throws(CompileError) {
  var definitions: [ValueID: Node] = [:]
  try graph.rewrite { graph, node throws(ShapeError) in
    let result = try simplified(node, in: &graph, definitions)
    if result == nil { for id in node.outputs { definitions[id] = node } }
    for added in graph.nodes.suffix(2) { for id in added.outputs { definitions[id] = added } }
    return result
  }
}

/// The value that can stand for the node's result, or nil.
private func simplified(
  _ node: Node, in graph: inout Graph, _ definitions: [ValueID: Node],
) throws(ShapeError) -> ValueID? {
  guard let x = node.inputs.first, node.outputs.count == 1 else { return nil }
  let (from, to) = (graph.type(of: x), graph.type(of: node.outputs[0]))
  switch node.op {
  case .reshape(let shape):
    if from == to { return x }
    guard let inner = definitions[x], case .reshape = inner.op else { return nil }
    return try graph.add(.reshape(shape), inner.inputs, name: graph[node.outputs[0]].name, origin: node.origin)[0]
  case .cast, .bitcast, .expand, .slice, .concat:
    if case .slice(_, _, _, let step) = node.op, step < 0 { return nil }
    if case .concat = node.op, node.inputs.count > 1 { return nil }
    return from == to ? x : nil
  case .transpose(let permutation):
    if permutation == Array(0..<permutation.count) { return x }
    guard let inner = definitions[x], case .transpose(let first) = inner.op else { return nil }
    return try graph.add(
      .transpose(permutation.map { first[$0] }), inner.inputs, name: graph[node.outputs[0]].name,
      origin: node.origin)[0]
  case .binary(let function):
    return try simplifiedBinary(function, node, in: &graph)
  case .gather(let axis, _):
    // One constant index: a slice, which is an address and not a copy.
    guard let index = graph[node.inputs[1]].constant, index.elementCount == 1, let count = from.shape[axis].constant,
      let raw = index.integers.first
    else { return nil }
    let start = raw < 0 ? Int(raw) + count : Int(raw)
    guard (0..<count).contains(start), raw >= 0 || node.op == .gather(axis: axis, negative: .fromEnd) else {
      return nil
    }
    let name = graph[node.outputs[0]].name
    let slice = try graph.add(
      .slice(axis: axis, start: Dim(start), length: 1, step: 1), [x], name: "\(name).slice", origin: node.origin)
    return try graph.add(.reshape(to.shape), slice, name: name, origin: node.origin)[0]
  case .unary, .compare, .select, .matmul, .convolution, .pool, .reduce, .argReduce, .softmax, .logSoftmax, .layerNorm,
    .rmsNorm, .attention,
    .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
    .gatherElements, .gatherND, .pad, .positions, .nonMaxSuppression, .topK, .oneHot, .dimensions, .iota, .treeEnsemble,
    .bucketize, .hashBucket:
    return nil
  }
}

private func simplifiedBinary(
  _ function: BinaryOp, _ node: Node, in graph: inout Graph,
) throws(ShapeError) -> ValueID? {
  let result = node.outputs[0]
  func isUniform(_ id: ValueID, _ value: Double) -> Bool {
    guard let constant = graph[id].constant, constant.elementCount == 1 else { return false }
    return (constant.element.isFloat ? constant.doubles : constant.integers.map(Double.init)) == [value]
  }
  func same(_ id: ValueID) -> ValueID? { graph.type(of: id) == graph.type(of: result) ? id : nil }
  let (a, b) = (node.inputs[0], node.inputs[1])
  switch function {
  case .multiply:
    if isUniform(b, 1) { return same(a) }
    return isUniform(a, 1) ? same(b) : nil
  case .divide:
    return isUniform(b, 1) ? same(a) : nil
  case .power:
    if isUniform(b, 1) { return same(a) }
    guard isUniform(b, 2), same(a) != nil, graph.type(of: a).element.isFloat else { return nil }
    return try graph.add(.unary(.square), [a], name: graph[result].name, origin: node.origin)[0]
  case .add, .subtract, .minimum, .maximum, .modulo, .and, .or, .xor, .prelu, .shiftLeft, .shiftRight:
    return nil
  }
}
