import InferenceIR
import TensorTypes

/// Rewrites convolutions that have a simpler form: zeros around the operand become the window's own padding, and what
/// sees a single position is a matrix product.
@Sendable func simplifyConvolutions(_ graph: inout Graph) throws(CompileError) {
  let definitions = graph.definitions
  let old = graph.nodes
  try graph.rewrite { graph, node throws(ShapeError) in
    guard case .convolution(var op) = node.op else { return nil }
    let name = graph[node.outputs[0]].name
    let shape = graph.type(of: node.inputs[0]).shape
    if op.groups == 1, !op.dilatesInput, graph[node.inputs[1]].constant != nil, op.window.elementCount == 1,
      shape.dims[2...].allSatisfy({ $0 == 1 }),
      graph.type(of: node.outputs[0]).shape.dims[2...].allSatisfy({ $0 == 1 }),
      op.window.before.allSatisfy({ $0 == 0 })
    {
      return try graph.product(for: node, name: name)
    }
    guard let at = definitions[node.inputs[0]], case .pad(let before, let after) = old[at].op, !op.dilatesInput,
      before[..<2] == [0, 0], after[..<2] == [0, 0], let fill = graph[old[at].inputs[1]].constant,
      (fill.element.isFloat ? fill.doubles : fill.integers.map { Double($0) }) == [0]
    else { return nil }
    for axis in 0..<op.window.rank {
      op.window.before[axis] += before[axis + 2]
      op.window.after[axis] += after[axis + 2]
    }
    return try graph.add(
      .convolution(op), [old[at].inputs[0]] + node.inputs.dropFirst(), name: name, origin: node.origin)[0]
  }
}

extension Graph {
  fileprivate mutating func product(for node: Node, name: String) throws(ShapeError) -> ValueID {
    let (x, w, result) = (
      type(of: node.inputs[0]).shape, type(of: node.inputs[1]).shape, type(of: node.outputs[0]).shape
    )
    let rows = try add(.reshape([x[0], x[1]]), [node.inputs[0]], name: "\(name).rows", origin: node.origin)
    let matrix = try add(.reshape([w[0], w[1]]), [node.inputs[1]], name: "\(name).matrix", origin: node.origin)
    var y = try add(
      .matmul(transposeA: false, transposeB: true), rows + matrix, name: "\(name).product", origin: node.origin)
    if node.inputs.count > 2 {
      y = try add(.binary(.add), y + [node.inputs[2]], name: "\(name).sum", origin: node.origin)
    }
    return try add(.reshape(result), y, name: name, origin: node.origin)[0]
  }
}

/// Gives a convolution that reads a graph's input a copy of it, which then stands with its channels side by side; with
/// few channels the copy has the padding too, and a window's row is one run of memory.
@Sendable func copyImages(_ graph: inout Graph) throws(CompileError) {
  let inputs = Set(graph.inputs)
  var copies: [[Int]: ValueID] = [:]
  try graph.rewrite { graph, node throws(ShapeError) in
    let x = node.inputs.first
    guard case .convolution(var op) = node.op, let x, inputs.contains(x), !op.dilatesInput,
      graph[node.inputs[1]].constant != nil, let channels = graph.type(of: x).shape[1].constant, channels > 1,
      (op.window.before + op.window.after).allSatisfy({ $0 >= 0 })
    else { return nil }
    let zeros = [Int](repeating: 0, count: op.window.rank)
    let isFew =
      channels < 8 && op.groups == 1 && op.window.elementCount > 1 && op.window.padsLittle(graph.type(of: x).shape)
    let (before, after) =
      isFew ? ([0, 0] + op.window.before, [0, 0] + op.window.after) : ([0, 0] + zeros, [0, 0] + zeros)
    let key = [x.index] + before + after
    let name = "\(graph[x].name).copy"
    if copies[key] == nil {
      if (before + after).contains(where: { $0 != 0 }) {
        let zero = graph.addConstant("zero", Constant(graph.type(of: x).element, [], rounding: [0]))
        copies[key] = try graph.add(.pad(before: before, after: after), [x, zero], name: name, origin: node.origin)[0]
      } else {
        copies[key] = try graph.add(.reshape(graph.type(of: x).shape), [x], name: name, origin: node.origin)[0]
      }
    }
    if isFew { (op.window.before, op.window.after) = (zeros, zeros) }
    guard let copy = copies[key] else { return nil }
    return try graph.add(
      .convolution(op), [copy] + node.inputs.dropFirst(), name: graph[node.outputs[0]].name, origin: node.origin)[0]
  }
}

extension Window {
  /// Whether a copy of x with the padding is not much larger than x.
  fileprivate func padsLittle(_ shape: Shape) -> Bool {
    zip(shape.dims[2...], zip(before, after)).allSatisfy { extent, pads in
      extent.constant.map { pads.0 + pads.1 <= $0 / 4 + 8 } ?? false
    }
  }
}
