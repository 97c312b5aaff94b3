import Glibc
import InferenceIR

/// Recognises activations that exporters write as several operations: gelu with erf and with tanh (Hendrycks and
/// Gimpel, arXiv 1606.08415) and silu. One operation can follow a product in registers.
@Sendable func raiseActivations(_ graph: inout Graph) throws(CompileError) {
  try graph.raise { graph, node, patterns throws(ShapeError) in
    guard case .binary(let function) = node.op, function == .multiply || function == .divide,
      let (activation, x) = activation(node, graph, patterns)
    else { return nil }
    return try graph.add(
      .unary(activation), [x], name: graph[node.outputs[0]].name, origin: node.origin)[0]
  }
}

private func activation(_ node: Node, _ graph: Graph, _ patterns: Patterns) -> (UnaryOp, ValueID)? {
  var known = patterns
  known.define(node)
  let product = known.factors(node.outputs[0], graph)
  guard product.values.count == 2 else { return nil }
  for (x, gate) in [(product.values[0], product.values[1]), (product.values[1], product.values[0])] {
    guard graph.type(of: x) == graph.type(of: node.outputs[0]) else { continue }
    if product.scale == 1, patterns.operand(of: .sigmoid, gate) == x { return (.silu, x) }
    guard product.scale.isAbout(0.5), let (curve, one) = patterns.shifted(gate, graph), one == 1 else { continue }
    if let inner = patterns.operand(of: .erf, curve) {
      let argument = patterns.factors(inner, graph)
      if argument.values == [x], argument.scale.isAbout(0.5.squareRoot()) { return (.gelu, x) }
    }
    if let inner = patterns.operand(of: .tanh, curve), isTanhArgument(inner, of: x, graph, patterns) {
      return (.geluTanh, x)
    }
  }
  return nil
}

/// `sqrt(2 / pi) * (x + 0.044715 * x^3)`, also with x factored out.
private func isTanhArgument(_ id: ValueID, of x: ValueID, _ graph: Graph, _ patterns: Patterns) -> Bool {
  let product = patterns.factors(id, graph)
  guard product.scale.isAbout((2 / Double.pi).squareRoot()) else { return false }
  let rest = product.values.filter { $0 != x }
  guard rest.count == 1, product.values.count <= 2 else { return false }
  if product.values.count == 2 {
    guard let (cubic, one) = patterns.shifted(rest[0], graph), one == 1 else { return false }
    let terms = patterns.factors(cubic, graph)
    return terms.values == [x, x] && terms.scale.isAbout(0.044715)
  }
  guard let (a, b) = patterns.operands(of: .add, rest[0]), a == x || b == x else { return false }
  let terms = patterns.factors(a == x ? b : a, graph)
  return terms.values == [x, x, x] && terms.scale.isAbout(0.044715)
}
