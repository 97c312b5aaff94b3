import InferenceIR
import TensorTypes

/// Takes what is multiplied with or added to each channel of a convolution into its weights and bias, which is how a
/// batch normalisation disappears. New weights are computed in f64 and rounded once; a result differs in rounding from
/// that of the operations one after the other.
@Sendable func foldIntoConvolutions(_ graph: inout Graph) throws(CompileError) {
  let readers = graph.readers
  let outputs = Set(graph.outputs)
  var definitions: [ValueID: Node] = [:]
  /// Readers of the values that stand for folded ones are the readers of the originals.
  var originals: [ValueID: ValueID] = [:]
  try graph.rewrite { graph, node throws(ShapeError) in
    defer { for id in node.outputs { definitions[id] = node } }
    guard case .binary(let function) = node.op else { return nil }
    for (slot, id) in node.inputs.enumerated() {
      guard let convolution = definitions[id], case .convolution = convolution.op,
        readers[originals[id] ?? id]?.count == 1, !outputs.contains(originals[id] ?? id),
        graph.type(of: node.outputs[0]) == graph.type(of: id),
        let factors = graph.channelFactors(node.inputs[1 - slot], of: id),
        let parameters = graph.parameters(convolution, function, factors, isLeft: slot == 0)
      else { continue }
      let name = graph[node.outputs[0]].name
      let weights = graph.addConstant("\(name).weights", parameters.weights)
      let bias = graph.addConstant("\(name).bias", parameters.bias)
      let result = try graph.add(
        convolution.op, [convolution.inputs[0], weights, bias], name: name, origin: convolution.origin)[0]
      definitions[result] = graph.nodes[graph.nodes.count - 1]
      originals[result] = node.outputs[0]
      return result
    }
    return nil
  }
}

extension Graph {
  /// A constant that has one number, or one for every channel of `id`: as many numbers as there are channels.
  fileprivate func channelFactors(_ constant: ValueID, of id: ValueID) -> [Double]? {
    let shape = type(of: id).shape
    guard let constant = self[constant].constant, constant.element.isFloat, let channels = shape[1].constant else {
      return nil
    }
    if constant.elementCount == 1 { return [Double](repeating: constant.doubles[0], count: channels) }
    let own = [Int](repeating: 1, count: shape.rank - constant.shape.count) + constant.shape
    guard own[1] == channels, own.enumerated().allSatisfy({ $0 == 1 || $1 == 1 }) else { return nil }
    return constant.doubles
  }

  /// New weights and bias that do what the operation does to the convolution's result.
  fileprivate func parameters(
    _ node: Node, _ function: BinaryOp, _ factors: [Double], isLeft: Bool,
  ) -> (weights: Constant, bias: Constant)? {
    guard let weights = self[node.inputs[1]].constant, weights.element.isFloat else { return nil }
    var bias = [Double](repeating: 0, count: factors.count)
    if node.inputs.count > 2 {
      guard let constant = self[node.inputs[2]].constant else { return nil }
      bias = constant.doubles
    }
    var scales = [Double](repeating: 1, count: factors.count)
    switch (function, isLeft) {
    case (.add, _): bias = zip(bias, factors).map(+)
    case (.subtract, true): bias = zip(bias, factors).map(-)
    case (.subtract, false):
      scales = scales.map(-)
      bias = zip(factors, bias).map(-)
    case (.multiply, _):
      scales = factors
      bias = zip(bias, factors).map(*)
    case (.divide, true):
      scales = factors.map { 1 / $0 }
      bias = zip(bias, factors).map(/)
    case (.divide, false), (.power, _), (.minimum, _), (.maximum, _), (.modulo, _), (.and, _), (.or, _), (.xor, _),
      (.shiftLeft, _), (.shiftRight, _),
      (.prelu, _):
      return nil
    }
    guard (scales + bias).allSatisfy(\.isFinite) else { return nil }
    let each = weights.elementCount / max(factors.count, 1)
    var scaled = weights
    if scales.contains(where: { $0 != 1 }) {
      let numbers = weights.doubles.enumerated().map { $1 * scales[$0 / each] }
      scaled = Constant(weights.element, weights.shape, rounding: numbers)
    }
    return (scaled, Constant(weights.element, [factors.count], rounding: bias))
  }
}
