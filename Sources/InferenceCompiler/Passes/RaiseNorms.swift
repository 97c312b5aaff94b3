import InferenceIR
import TensorTypes

/// Recognises layer and RMS normalisation written as reductions and elementwise operations.
@Sendable func raiseNorms(_ graph: inout Graph) throws(CompileError) {
  try graph.raise { graph, node, patterns throws(ShapeError) in
    guard case .binary(let function) = node.op else { return nil }
    let (a, b) = (node.inputs[0], node.inputs[1])
    let name = graph[node.outputs[0]].name
    if function == .divide { return try quotient(a, by: b, &graph, node, patterns) }
    if function == .multiply {
      for (x, factor) in [(a, b), (b, a)] {
        if let root = patterns.operand(of: .reciprocal, factor) {
          if let norm = try quotient(x, by: root, &graph, node, patterns) { return norm }
        }
        if let (one, root) = patterns.operands(of: .divide, factor), Patterns.scalar(one, graph) == 1 {
          if let norm = try quotient(x, by: root, &graph, node, patterns) { return norm }
        }
        guard let norm = patterns.definitions[x], norm.inputs.count == 2, isOne(norm.inputs[1], graph),
          graph.type(of: x) == graph.type(of: node.outputs[0]), let axis = norm.op.normAxis,
          fills(factor, graph.type(of: x).shape, axis, graph)
        else { continue }
        return try graph.add(norm.op, [norm.inputs[0], factor], name: name, origin: node.origin)[0]
      }
    }
    if function == .add {
      for (x, bias) in [(a, b), (b, a)] {
        guard let norm = patterns.definitions[x], case .layerNorm(let axis, _) = norm.op, norm.inputs.count == 2,
          graph.type(of: x) == graph.type(of: node.outputs[0]), fills(bias, graph.type(of: x).shape, axis, graph)
        else { continue }
        return try graph.add(norm.op, norm.inputs + [bias], name: name, origin: node.origin)[0]
      }
    }
    return nil
  }
}

/// `x / sqrt(mean(x^2) + epsilon)`, of x or of what is left of it without its mean.
private func quotient(
  _ x: ValueID, by root: ValueID, _ graph: inout Graph, _ node: Node, _ patterns: Patterns,
) throws(ShapeError) -> ValueID? {
  guard let shifted = patterns.operand(of: .sqrt, root), let (mean, epsilon) = patterns.shifted(shifted, graph),
    let (squares, axis) = meanOfRows(mean, graph, patterns), patterns.factors(squares, graph).values == [x, x],
    patterns.factors(squares, graph).scale == 1
  else { return nil }
  let shape = Shape(Array(graph.type(of: x).shape.dims[axis...]))
  guard let count = shape.elementCount.constant, count > 0, count <= 1 << 16, let dims = shape.constant else {
    return nil
  }
  let name = graph[node.outputs[0]].name
  let ones = graph.addConstant("\(name).ones", Constant(.f32, dims, [Float](repeating: 1, count: count)))
  if let (whole, centre) = patterns.operands(of: .subtract, x), let (of, first) = meanOfRows(centre, graph, patterns),
    of == whole, first == axis
  {
    return try graph.add(
      .layerNorm(axis: axis, epsilon: epsilon), [whole, ones], name: name, origin: node.origin)[0]
  }
  return try graph.add(.rmsNorm(axis: axis, epsilon: epsilon), [x, ones], name: name, origin: node.origin)[0]
}

/// The operand of a mean over the last axes that keeps them, and the first of these axes.
private func meanOfRows(_ id: ValueID, _ graph: Graph, _ patterns: Patterns) -> (ValueID, Int)? {
  guard let node = patterns.definitions[id], case .reduce(.mean, let axes, keepDims: true) = node.op else { return nil }
  let rank = graph.type(of: node.inputs[0]).shape.rank
  guard let first = axes.min(), axes.sorted() == Array(first..<rank) else { return nil }
  return (node.inputs[0], first)
}

/// A constant full of ones, as `quotient` leaves it.
private func isOne(_ id: ValueID, _ graph: Graph) -> Bool {
  graph[id].constant?.doubles.allSatisfy { $0 == 1 } ?? false
}

/// Whether a parameter has an element of its own for every element of a row.
private func fills(_ id: ValueID, _ shape: Shape, _ axis: Int, _ graph: Graph) -> Bool {
  let row = Array(shape.dims[axis...])
  let own = graph.type(of: id).shape.dims
  return graph[id].constant != nil && own.count >= row.count && Array(own.suffix(row.count)) == row
    && own.dropLast(row.count).isEmpty
}

extension Op {
  /// The first normalised axis of a normalisation.
  fileprivate var normAxis: Int? {
    if case .layerNorm(let axis, _) = self { return axis }
    if case .rmsNorm(let axis, _) = self { return axis }
    return nil
  }
}
