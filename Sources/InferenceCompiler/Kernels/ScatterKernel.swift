import InferenceIR
import TensorTypes

extension Emitter {
  /// Copies the data, then applies the updates one after the other: the order is that of the interpreter, so equal
  /// indices give equal results.
  mutating func scatterElements(_ node: Node, _ axis: Int, _ reduction: ScatterReduction) throws(EmitFailure) {
    let (data, indices) = (node.inputs[0], node.inputs[1])
    let count = schedule.shape(of: data)[axis]
    try scatter(node, over: schedule.shape(of: indices), into: [count], reduction) {
      emitter, place throws(EmitFailure) in
      var target = place
      target[axis] = try emitter.wrapped(indices, at: place, count: count).index
      return target
    }
  }

  mutating func scatterND(_ node: Node, _ reduction: ScatterReduction) throws(EmitFailure) {
    let (data, indices, updates) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let tuples = schedule.shape(of: indices).rank - 1
    guard let width = schedule.shape(of: indices).dims.last?.constant else {
      throw unsupported(node, "scatterND needs index tuples of a fixed length")
    }
    let dims = schedule.shape(of: data).dims
    try scatter(node, over: schedule.shape(of: updates), into: dims[..<width], reduction) {
      emitter, place throws(EmitFailure) in
      var target: [Affine] = []
      for axis in 0..<width {
        let tuple = Array(place[..<tuples]) + [Affine(Dim(axis))]
        target.append(try emitter.wrapped(indices, at: tuple, count: dims[axis]).index)
      }
      return target + place[tuples...]
    }
  }

  /// - Parameters:
  ///   - counts: the dimensions that indices choose from; where one is 0 there is nowhere to write.
  ///   - target: where an update at some place of `shape` goes.
  private mutating func scatter(
    _ node: Node, over shape: Shape, into counts: ArraySlice<Dim>, _ reduction: ScatterReduction,
    target: (inout Emitter, [Affine]) throws(EmitFailure) -> [Affine],
  ) throws(EmitFailure) {
    guard let data = schedule.views[node.inputs[0]], let updates = schedule.views[node.inputs[2]],
      let result = schedule.views[node.outputs[0]]
    else { throw unsupported(node, "needs its operands and result in memory") }
    let type = schedule.type(of: node.outputs[0])
    let element = type.element
    let copy = LoopPlan(type.shape, strides: [data.strides, result.strides])
    try loops(copy.loops) { emitter throws(EmitFailure) in
      emitter.store(try emitter.load(data, copy.indices, element), element, to: result, at: copy.indices)
    }
    let walk = LoopPlan(shape, strides: nil, firstVariable: copy.loops.count)
    let first = levels[0].count
    try loops(walk.loops) { emitter throws(EmitFailure) in
      let place = try target(&emitter, walk.indices)
      let update = try emitter.load(updates, walk.indices, element)
      if reduction == .replace { return emitter.store(update, element, to: result, at: place) }
      let old = try emitter.load(result, place, element)
      let new = Operand(
        expression: Self.combined(reduction, old.expression, update.expression, isFloat: element.isFloat),
        level: max(old.level, update.level), isVector: false)
      emitter.store(new, element, to: result, at: place)
    }
    let open = counts.filter { $0.constant == nil }.reduce(Dim(1), *)
    if open == 1 { return }
    let body = Array(levels[0][first...])
    levels[0].removeSubrange(first...)
    levels[0].append(.branch(0 < c(open), then: body, else: []))
  }

  private static func combined(
    _ reduction: ScatterReduction, _ a: CExpression, _ b: CExpression, isFloat: Bool,
  ) -> CExpression {
    switch reduction {
    case .replace: b
    case .add: .binary(a, "+", b)
    case .multiply: .binary(a, "*", b)
    case .minimum: isFloat ? .call("m_minimum", [a, b]) : .conditional(.binary(a, "<", b), a, b)
    case .maximum: isFloat ? .call("m_maximum", [a, b]) : .conditional(.binary(a, ">", b), a, b)
    }
  }
}
