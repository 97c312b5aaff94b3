import InferenceIR
import TensorTypes

extension Emitter {
  /// Lines along one axis of a value in memory: `body` gets the pointer expressions of an element of operand and
  /// result in terms of the variable `j`, and the line's length.
  mutating func lines(
    _ node: Node, _ axis: Int,
    _ body: (inout Emitter, _ x: CExpression, _ y: CExpression, _ count: CExpression) throws(EmitFailure) -> Void,
  ) throws(EmitFailure) {
    guard let x = schedule.views[node.inputs[0]], let y = schedule.views[node.outputs[0]] else {
      throw unsupported(node, "needs its operand and result in memory")
    }
    let shape = schedule.shape(of: node.inputs[0])
    let element = schedule.type(of: node.inputs[0]).element
    let kept = shape.dims.indices.filter { $0 != axis }
    func keptStrides(_ view: View) -> [Dim] { kept.map { view.strides[$0] } }
    let plan = LoopPlan(Shape(kept.map { shape[$0] }), strides: [keptStrides(x), keptStrides(y)])
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: shape.rank)
      for (at, kept) in kept.enumerated() { indices[kept] = plan.indices[at] }
      indices[axis] = Affine(variable: "j")
      emitter.declare(variable: "j", level: emitter.levels.count)
      let (from, fromOffset) = emitter.address(x, indices, element: element)
      let (to, toOffset) = emitter.address(y, indices, element: element, written: true)
      try body(&emitter, from[emitter.c(fromOffset)], to[emitter.c(toOffset)], emitter.c(shape[axis]))
    }
  }

  func each(_ count: CExpression, _ body: [CStatement]) -> CStatement {
    .loop(variable: "j", from: 0, below: count, step: 1, body)
  }

  /// Three passes over a line: its peak, the exponentials and their sum, the quotients.
  mutating func softmax(_ node: Node, _ axis: Int, logarithm: Bool) throws(EmitFailure) {
    let element = schedule.type(of: node.inputs[0]).element
    guard element == .f32 || element == .f64 else {
      throw unsupported(node, "\(node.op.mnemonic) has no kernel for \(element)")
    }
    if !logarithm, try softmaxRows(node, axis) { return }
    let type = element.computeType
    try lines(node, axis) { emitter, x, y, count in
      let level = emitter.levels.count - 1
      let (peak, total) = (CExpression.name("peak"), CExpression.name("total"))
      let shifted: CExpression = .call("m_exp", [.binary(x, "-", peak)])
      var statements: [CStatement] = [
        .declare(type: type, name: "peak", .cast(type, .float(-.infinity))),
        emitter.each(count, [.assign(peak, .conditional(.binary(x, ">", peak), x, peak))]),
      ]
      if logarithm {
        statements += [
          .declare(type: type, name: "total", 0), emitter.each(count, [.assign(total, total + shifted)]),
          .declare(type: "const \(type)", name: "scale", .call("m_log", [total])),
          emitter.each(count, [.assign(y, .binary(.binary(x, "-", peak), "-", "scale"))]),
        ]
      } else {
        // Exponentials are stored before they are summed: the first loop vectorises, the sum keeps its order.
        statements += [
          emitter.each(count, [.assign(y, shifted)]), .declare(type: type, name: "total", 0),
          emitter.each(count, [.assign(total, total + y)]), emitter.each(count, [.assign(y, y / total)]),
        ]
      }
      emitter.levels[level].append(.block(statements))
    }
  }

  /// Running sums or products: `operation` is C's, `start` what it leaves as it is.
  mutating func cumulative(
    _ node: Node, _ operation: String, from start: Int, _ axis: Int, _ exclusive: Bool, _ reverse: Bool,
  ) throws(EmitFailure) {
    guard let x = schedule.views[node.inputs[0]], let y = schedule.views[node.outputs[0]] else {
      throw unsupported(node, "needs its operand and result in memory")
    }
    let type = schedule.type(of: node.inputs[0])
    guard type.element != .f16, type.element != .bf16 else {
      throw unsupported(node, "\(node.op.mnemonic) has no kernel for \(type.element)")
    }
    let (xStride, yStride) = (x.strides[axis], y.strides[axis])
    try lines(node, axis) { emitter, from, to, count in
      // `j` counts steps; a reversed line walks its addresses backwards from the last element.
      func place(_ element: CExpression, _ stride: Dim) -> CExpression {
        guard reverse, case .subscripted(let base, let offset) = element else { return element }
        let turned = (count - 1 - "j" * 2) * emitter.c(stride)
        return base[offset + turned]
      }
      let (x, y) = (place(from, xStride), place(to, yStride))
      let total = CExpression.name("total")
      let next: CStatement = .declare(
        type: "const \(type.element.computeType)", name: "next", .binary(total, operation, x))
      let level = emitter.levels.count - 1
      emitter.levels[level].append(
        .block([
          .declare(type: type.element.computeType, name: "total", .integer(start)),
          emitter.each(count, [next, .assign(y, exclusive ? total : "next"), .assign(total, "next")]),
        ]))
    }
  }

  /// Mean, then variance around it, then the scaled result.
  mutating func layerNorm(_ node: Node, _ axis: Int, _ epsilon: Double) throws(EmitFailure) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let type = schedule.type(of: x)
    guard type.element == .f32 || type.element == .f64, let source = schedule.views[x], let result = schedule.views[y]
    else {
      throw unsupported(node, "layerNorm has no kernel for \(type.element)")
    }
    if try normalizedRows(node, axis, epsilon, centres: true) { return }
    let outer = LoopPlan(Shape(Array(type.shape.dims[..<axis])), strides: nil)
    let normalized = Shape(Array(type.shape.dims[axis...]))
    let inner = LoopPlan(normalized, strides: nil, firstVariable: outer.loops.count)
    let count = normalized.elementCount
    try loops(outer.loops, .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      let all = outer.indices + inner.indices
      let (mean, scale) = (emitter.fresh("mean"), emitter.fresh("scale"))
      func total(_ name: String, _ term: (CExpression) -> CExpression) throws(EmitFailure) {
        emitter.levels[level].append(.declare(type: "f64", name: name, 0))
        try emitter.loops(inner.loops) { emitter throws(EmitFailure) in
          let element = try emitter.load(source, all, type.element)
          emitter.levels[emitter.levels.count - 1].append(
            .assign(.name(name), .name(name) + term(.cast("f64", element.expression))))
        }
        emitter.levels[level].append(.assign(.name(name), .name(name) / .cast("f64", emitter.c(count))))
      }
      try total(mean) { $0 }
      try total(scale) { .binary(.binary($0, "-", .name(mean)), "*", .binary($0, "-", .name(mean))) }
      let inverse: CExpression = .double(1) / .call("m_sqrt", [.name(scale) + .double(epsilon)])
      emitter.levels[level].append(.assign(.name(scale), inverse))
      try emitter.loops(inner.loops) { emitter throws(EmitFailure) in
        let element = try emitter.load(source, all, type.element)
        let factor = try emitter.value(
          node.inputs[1], at: emitter.broadcastIndices(inner.indices, to: emitter.schedule.shape(of: node.inputs[1])))
        let centred: CExpression = .binary(.cast("f64", element.expression), "-", .name(mean))
        var scaled: CExpression =
          .cast(type.element.computeType, .binary(centred, "*", .name(scale))) * factor.expression
        if node.inputs.count > 2 {
          let bias = try emitter.value(
            node.inputs[2], at: emitter.broadcastIndices(inner.indices, to: emitter.schedule.shape(of: node.inputs[2])))
          scaled = scaled + bias.expression
        }
        let level = emitter.levels.count - 1
        let operand = emitter.bind(type.element.computeType, scaled, level: level)
        emitter.store(operand, type.element, to: result, at: all)
      }
    }
  }
}
