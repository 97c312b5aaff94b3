import InferenceIR
import TensorTypes

extension Emitter {
  /// Combines windows: 16 channels at a time where channels stand side by side, else one element at a time.
  mutating func pool(_ node: Node, _ op: Pool) throws(EmitFailure) {
    guard let x = schedule.views[node.inputs[0]], let result = schedule.views[node.outputs[0]] else {
      throw unsupported(node, "needs its operand and result in memory")
    }
    let type = schedule.type(of: node.inputs[0])
    let shape = schedule.shape(of: node.outputs[0])
    let isVector =
      type.element == .f32 && x.strides[1] == 1 && result.strides[1] == 1 && op.function.hasVectors
      && (shape[1].constant ?? 0) >= 16
    // Channels run fastest, as they stand in memory where vectors are used.
    let order = [0] + Array(2..<shape.rank) + [1]
    let plan = LoopPlan(Shape(order.map { shape[$0] }), strides: nil)
    var indices = [Affine](repeating: Affine(0), count: shape.rank)
    for (at, axis) in order.enumerated() { indices[axis] = plan.indices[at] }
    guard isVector, let channels = shape[1].constant else {
      try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
        try emitter.combine(node, op, x, result, indices, lanes: 1)
      }
      return
    }
    try loops(Array(plan.loops.dropLast()), .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      let whole = channels / 16 * 16
      for (first, below, lanes) in [(0, whole, 16), (whole, channels, 1)] where first < below {
        emitter.levels.append([])
        emitter.declare(variable: "c", level: level + 1)
        indices[1] = Affine(variable: "c")
        try emitter.combine(node, op, x, result, indices, lanes: lanes)
        let body = emitter.levels.removeLast()
        emitter.closeLoops(to: level)
        emitter.levels[level].append(
          .loop(variable: "c", from: .integer(first), below: .integer(below), step: .integer(lanes), body))
      }
    }
  }

  /// One element of the result, or 16 neighbouring channels.
  private mutating func combine(
    _ node: Node, _ op: Pool, _ x: View, _ result: View, _ indices: [Affine], lanes: Int,
  ) throws(EmitFailure) {
    let type = schedule.type(of: node.inputs[0])
    let element = type.element
    let level = levels.count - 1
    let loops = WindowLoops(op.window, over: type.shape)
    let counts = Array(schedule.shape(of: node.outputs[0]).dims.dropFirst(2))
    let spatial = Array(indices.dropFirst(2))
    declare(loops, level: level + 1)
    let places = (0..<op.window.rank).map { Affine(variable: loops.place($0)) }
    let (from, at) = address(x, Array(indices[..<2]) + places, element: element)
    let next: CExpression =
      lanes == 16 ? .load("const f32x16_unaligned", from + c(at)) : widened(from[c(at)], element)
    let compute = lanes == 16 ? "f32x16" : element.computeType
    let best = CExpression.name("best")
    var body: [CStatement] = []
    var start: CExpression = .cast(compute, .float(0))
    var finished = best
    switch op.function {
    case .maximum:
      start = least(element, compute)
      let isFloat = element.isFloat
      body = [
        .assign(
          best, isFloat ? .call("m_maximum", [best, next]) : .conditional(.binary(next, ">", best), next, best))
      ]
    case .maximumWithIndices(let columnMajor):
      start = least(element, compute)
      var wins: CExpression = .binary(.name("found") < 0, "|", .binary("next", ">", best))
      if element.isFloat {
        wins = .binary(wins, "|", .binary(.binary("next", "!=", "next"), "&", .binary(best, "==", best)))
      }
      body = [
        .declare(type: "const \(compute)", name: "next", next),
        .branch(
          wins, then: [.assign(best, "next"), .assign("found", flatIndex(type.shape, indices, places, columnMajor))],
          else: []),
      ]
    case .average(let countsPadding):
      body = [.assign(best, best + next)]
      let wide = element == .f64 ? "f64" : "f32"
      if countsPadding {
        finished = .binary(best, "/", .cast(compute, .cast(wide, paddedCount(loops, spatial, counts))))
      } else if (0..<op.window.rank).allSatisfy({ loops.isInside($0, count: counts[$0]) }) {
        finished = .binary(best, "/", .cast(compute, .float(Float(op.window.elementCount))))
      } else {
        body.append(.assign("count", .name("count") + 1))
        levels[level].append(.declare(type: "i64", name: "count", 0))
        let number: CExpression = .cast(compute, .cast(wide, .conditional(.binary("count", ">", 0), "count", 1)))
        finished = .binary(best, "/", number)
      }
    case .norm(let p):
      let size: CExpression = .call("m_absolute", [next])
      let exponent: CExpression = .cast(compute, .double(Double(p)))
      switch p {
      case 1: body = [.assign(best, best + size)]
      case 2:
        body = [.assign(best, best + .call("m_square", [next]))]
        finished = .call("m_sqrt", [best])
      default:
        body = [.assign(best, best + .call("m_power", [size, exponent]))]
        finished = .call("m_power", [best, .cast(compute, .double(1 / Double(p)))])
      }
    }
    levels[level].append(.declare(type: compute, name: "best", start))
    if case .maximumWithIndices = op.function { levels[level].append(.declare(type: "i64", name: "found", -1)) }
    levels[level] += eachElement(loops, at: spatial, counts: counts, level: level + 1, body)
    if lanes == 16 {
      let (to, place) = address(result, indices, element: .f32, written: true)
      levels[level].append(.assign(.load("f32x16_unaligned", to + c(place)), finished))
    } else {
      let total = rounded(finished, element)
      store(Operand(expression: total, level: level, isVector: false), element, to: result, at: indices)
    }
    guard case .maximumWithIndices = op.function, let places = schedule.views[node.outputs[1]] else { return }
    store(Operand(expression: "found", level: level, isVector: false), .i64, to: places, at: indices)
  }

  private func least(_ element: ElementType, _ compute: String) -> CExpression {
    if element.isFloat { return .cast(compute, .float(-.infinity)) }
    return .cast(compute, element == .u64 ? 0 : .integer(element.range.0))
  }

  /// The index of an element of x in one row of all elements.
  private mutating func flatIndex(
    _ shape: Shape, _ indices: [Affine], _ places: [Affine], _ columnMajor: Bool,
  ) -> CExpression {
    var strides = View.denseStrides(shape)
    if columnMajor {
      var stride = Dim(1)
      for axis in 2..<shape.rank {
        strides[axis] = stride
        stride = stride * shape[axis]
      }
    }
    var flat = Affine(0)
    for (index, stride) in zip(Array(indices[..<2]) + places, strides) { flat = flat + index * stride }
    return c(flat)
  }

  /// How many elements of the window lie inside the padded tensor.
  private mutating func paddedCount(_ loops: WindowLoops, _ indices: [Affine], _ counts: [Dim]) -> CExpression {
    var product: CExpression = 1
    let window = loops.window
    for axis in 0..<window.rank {
      // The last window may reach beyond the padding.
      let end = loops.extents[axis] + Dim(window.after[axis] + window.before[axis])
      let last = (counts[axis] - 1) * Dim(window.strides[axis]) + Dim(window.extent(axis))
      guard ((end - last).constant ?? -1) < 0 else {
        product = product * .integer(window.size[axis])
        continue
      }
      let room = c(end) - c(indices[axis] * Dim(window.strides[axis]))
      let fitting = (room + .integer(window.dilations[axis] - 1)) / .integer(window.dilations[axis])
      let size = CExpression.integer(window.size[axis])
      product = product * .conditional(.binary(fitting, "<", size), fitting, size)
    }
    return product
  }
}

extension Pool.Function {
  /// Whether 16 channels can be combined at a time.
  fileprivate var hasVectors: Bool {
    switch self {
    case .maximum, .average: true
    case .maximumWithIndices: false
    case .norm(let p): p <= 2
    }
  }
}
