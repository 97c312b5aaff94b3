import InferenceIR
import TensorTypes

/// How values are computed, for passes that look for a composition of operations.
struct Patterns {
  private(set) var definitions: [ValueID: Node] = [:]

  mutating func define(_ node: Node) {
    for id in node.outputs { definitions[id] = node }
  }

  /// The operand of a unary function that defines the value.
  func operand(of function: UnaryOp, _ id: ValueID) -> ValueID? {
    guard let node = definitions[id], case .unary(function) = node.op else { return nil }
    return node.inputs[0]
  }

  /// The operands of a binary function that defines the value.
  func operands(of function: BinaryOp, _ id: ValueID) -> (ValueID, ValueID)? {
    guard let node = definitions[id], case .binary(function) = node.op else { return nil }
    return (node.inputs[0], node.inputs[1])
  }

  /// The one element of a constant.
  static func scalar(_ id: ValueID, _ graph: Graph) -> Double? {
    guard let constant = graph[id].constant, constant.elementCount == 1 else { return nil }
    return constant.doubles.first
  }

  /// A sum of a value and a constant number.
  func shifted(_ id: ValueID, _ graph: Graph) -> (value: ValueID, by: Double)? {
    guard let (a, b) = operands(of: .add, id) else { return nil }
    if let number = Self.scalar(b, graph) { return (a, number) }
    return Self.scalar(a, graph).map { (b, $0) }
  }

  /// A product of values and constant numbers, multiplied out; powers of two and three count as factors.
  func factors(_ id: ValueID, _ graph: Graph, depth: Int = 0) -> (scale: Double, values: [ValueID]) {
    if let number = Self.scalar(id, graph) { return (number, []) }
    guard depth < 4, let node = definitions[id] else { return (1, [id]) }
    func of(_ id: ValueID) -> (scale: Double, values: [ValueID]) { factors(id, graph, depth: depth + 1) }
    if case .binary(.multiply) = node.op {
      let (a, b) = (of(node.inputs[0]), of(node.inputs[1]))
      return (a.scale * b.scale, a.values + b.values)
    }
    if case .binary(.divide) = node.op, let divisor = Self.scalar(node.inputs[1], graph), divisor != 0 {
      let a = of(node.inputs[0])
      return (a.scale / divisor, a.values)
    }
    if case .binary(.power) = node.op, Self.scalar(node.inputs[1], graph) == 3 {
      return (1, [node.inputs[0], node.inputs[0], node.inputs[0]])
    }
    if case .unary(.square) = node.op { return (1, [node.inputs[0], node.inputs[0]]) }
    return (1, [id])
  }

  /// The value without a constant factor, and the factor.
  func unscaled(_ id: ValueID, _ graph: Graph) -> (value: ValueID, scale: Double) {
    guard let node = definitions[id] else { return (id, 1) }
    if case .binary(.multiply) = node.op {
      if let scale = Self.scalar(node.inputs[1], graph) { return (node.inputs[0], scale) }
      if let scale = Self.scalar(node.inputs[0], graph) { return (node.inputs[1], scale) }
    }
    if case .binary(.divide) = node.op, let divisor = Self.scalar(node.inputs[1], graph), divisor != 0 {
      return (node.inputs[0], 1 / divisor)
    }
    return (id, 1)
  }
}

extension Double {
  /// Equal but for the rounding of constants to f32.
  func isAbout(_ other: Double) -> Bool { abs(self - other) <= 2e-6 * abs(other) }
}

extension Graph {
  /// Replaces what `raise` recognises, node by node, with what has been defined before at hand.
  mutating func raise(
    _ raise: (inout Graph, Node, Patterns) throws(ShapeError) -> ValueID?,
  ) throws(CompileError) {
    var patterns = Patterns()
    try rewrite { graph, node throws(ShapeError) in
      guard node.outputs.count == 1, graph.type(of: node.outputs[0]).element == .f32 else {
        patterns.define(node)
        return nil
      }
      let before = graph.nodes.count
      let result = try raise(&graph, node, patterns)
      for added in graph.nodes[before...] { patterns.define(added) }
      if result == nil { patterns.define(node) }
      return result
    }
  }
}
