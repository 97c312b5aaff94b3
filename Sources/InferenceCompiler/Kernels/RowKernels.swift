import InferenceIR
import TensorTypes

extension Emitter {
  /// `x / sqrt(mean(x^2) + epsilon) * scale`.
  mutating func rmsNorm(_ node: Node, _ axis: Int, _ epsilon: Double) throws(EmitFailure) {
    guard try normalizedRows(node, axis, epsilon, centres: false) else {
      throw unsupported(node, "rmsNorm has no kernel for \(schedule.type(of: node.inputs[0])) in strided memory")
    }
  }

  /// Normalises rows whose elements are neighbours; false when this node's are not.
  mutating func normalizedRows(
    _ node: Node, _ axis: Int, _ epsilon: Double, centres: Bool,
  ) throws(EmitFailure) -> Bool {
    let shape = schedule.shape(of: node.inputs[0])
    let normalized = Shape(Array(shape.dims[axis...]))
    let parameters = node.inputs.dropFirst()
    var pointers: [CExpression] = []
    for id in parameters {
      let own = schedule.shape(of: id)
      guard own.elementCount == normalized.elementCount, let view = schedule.views[id], isDense(view, own) else {
        return false
      }
      let (base, offset) = self.base(of: view, element: .f32)
      pointers.append(base + c(offset))
    }
    if pointers.count == 1 { pointers.append(0) }
    let count = c(normalized.elementCount)
    return try rows(node, axis) { x, y in
      .call("normalize_row", [x, y] + pointers + [count, .double(epsilon), .integer(centres ? 1 : 0)])
    }
  }

  /// Softmax along rows whose elements are neighbours; false when this node's are not.
  mutating func softmaxRows(_ node: Node, _ axis: Int) throws(EmitFailure) -> Bool {
    let shape = schedule.shape(of: node.inputs[0])
    guard shape.dims[(axis + 1)...].allSatisfy({ $0 == 1 }) else { return false }
    let count = c(shape[axis])
    return try rows(node, axis) { x, y in .call("softmax_row", [x, y, count]) }
  }

  /// Calls a function of the prelude for every row of f32 over the axes `axis...`; false when rows have gaps.
  private mutating func rows(
    _ node: Node, _ axis: Int, _ call: (CExpression, CExpression) -> CExpression,
  ) throws(EmitFailure) -> Bool {
    guard let x = schedule.views[node.inputs[0]], let y = schedule.views[node.outputs[0]] else {
      throw unsupported(node, "needs its operand and result in memory")
    }
    let type = schedule.type(of: node.inputs[0])
    let inner = Shape(Array(type.shape.dims[axis...]))
    func rowView(_ view: View) -> View { View(root: view.root, offset: 0, strides: Array(view.strides[axis...])) }
    guard type.element == .f32, isDense(rowView(x), inner), isDense(rowView(y), inner) else { return false }
    let outer = Shape(Array(type.shape.dims[..<axis]))
    let plan = LoopPlan(outer, strides: [Array(x.strides[..<axis]), Array(y.strides[..<axis])])
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      let indices = plan.indices + [Affine](repeating: Affine(0), count: inner.rank)
      let (from, fromOffset) = emitter.address(x, indices, element: .f32)
      let (to, toOffset) = emitter.address(y, indices, element: .f32, written: true)
      emitter.levels[emitter.levels.count - 1].append(
        .expression(call(from + emitter.c(fromOffset), to + emitter.c(toOffset))))
    }
    return true
  }

  /// Whether the elements of a value follow each other without gaps.
  private func isDense(_ view: View, _ shape: Shape) -> Bool {
    zip(zip(view.strides, View.denseStrides(shape)), shape.dims).allSatisfy { strides, dim in
      dim == 1 || strides.0 == strides.1
    }
  }
}
