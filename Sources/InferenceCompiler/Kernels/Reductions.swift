import InferenceIR
import TensorTypes

extension Emitter {
  /// A reduction over any axes; what the operand is computed from runs inside.
  ///
  /// Where a line of f32 can be read 16 lanes at a time, 16 partial results are kept and combined in a fixed order at
  /// the end; otherwise elements are combined one by one. Which of the two depends on shapes alone.
  mutating func reduction(_ node: Node, _ function: ReduceOp, _ axes: [Int]) throws(EmitFailure) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard let result = schedule.views[y] else { throw unsupported(node, "has no memory for its result") }
    let type = schedule.type(of: x)
    let kept = type.shape.dims.indices.filter { !axes.contains($0) }
    if runsByColumns(Reducer(function, type.element), x, axes, kept) {
      try columnReduction(node, Reducer(function, type.element), axes, kept, result)
      return
    }
    let plan = LoopPlan(Shape(kept.map { type.shape[$0] }), strides: nil)
    // With kept unit axes the result has the operand's rank.
    var place = [Affine](repeating: Affine(0), count: schedule.shape(of: y).rank)
    for (at, axis) in kept.enumerated() { place[place.count == type.shape.rank ? axis : at] = plan.indices[at] }
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: type.shape.rank)
      for (at, axis) in kept.enumerated() { indices[axis] = plan.indices[at] }
      let reducer = Reducer(function, type.element)
      let shift = try emitter.shift(reducer, x, indices, axes.sorted())
      let total = try emitter.reduced(reducer, x, indices, axes.sorted(), shift: shift)
      let count = axes.reduce(Dim(1)) { $0 * type.shape[$1] }
      let finished = reducer.finished(total, count: emitter.c(count), shift: shift)
      let level = emitter.levels.count - 1
      emitter.store(
        Operand(expression: finished, level: level, isVector: false), type.element, to: result, at: place)
    }
  }

  /// What a sum of exponentials subtracts first: the largest element, which keeps them in range.
  private mutating func shift(
    _ reducer: Reducer, _ x: ValueID, _ indices: [Affine], _ axes: [Int],
  ) throws(EmitFailure) -> CExpression? {
    guard reducer.function == .logSumExp else { return nil }
    let peak = try reduced(Reducer(.maximum, reducer.element), x, indices, axes, shift: nil)
    let level = levels.count - 1
    let largest = bind(reducer.type, peak, level: level).expression
    let isFinite: CExpression = .call("m_absolute", [largest]) < .name("__builtin_inff()")
    return bind(reducer.type, .conditional(isFinite, largest, .cast(reducer.type, 0)), level: level).expression
  }

  /// The combined elements over `axes`, before the reducer's last step.
  private mutating func reduced(
    _ reducer: Reducer, _ x: ValueID, _ indices: [Affine], _ axes: [Int], shift: CExpression?,
  ) throws(EmitFailure) -> CExpression {
    let shape = schedule.shape(of: x)
    let level = levels.count - 1
    let name = fresh("r")
    var all = indices
    let outer = axes.filter { shape[$0] != 1 }
    guard let inner = outer.last else {
      let element = try value(x, at: all)
      return reducer.merged(reducer.start, reducer.prepared(element.expression, shift: shift))
    }
    levels[level].append(.declare(type: reducer.totalType, name: name, .cast(reducer.totalType, reducer.start)))
    let names = outer.map { _ in fresh("j") }
    for (axis, variable) in zip(outer, names) { all[axis] = Affine(variable: variable) }
    let loops = zip(outer.dropLast(), names).map { LoopPlan.Loop(variable: $1, extent: shape[$0]) }
    try self.loops(Array(loops)) { emitter throws(EmitFailure) in
      let sum = CExpression.name(name)
      let variable = names[names.count - 1]
      let extent = shape[inner]
      let beforeVectors = emitter
      var start: CExpression = 0
      do throws(EmitFailure) {
        start = try emitter.vectorLine(reducer, x, all, variable, extent, sum, shift)
      } catch .notVector {
        emitter = beforeVectors
      }
      let level = emitter.levels.count
      emitter.levels.append([])
      emitter.declare(variable: variable, level: level)
      let element = try emitter.value(x, at: all)
      emitter.levels[level].append(
        .assign(sum, reducer.merged(sum, .cast(reducer.totalType, reducer.prepared(element.expression, shift: shift)))))
      let body = emitter.levels.removeLast()
      emitter.closeLoops(to: level - 1)
      emitter.levels[level - 1].append(
        .loop(variable: variable, from: start, below: emitter.c(extent), step: 1, body))
    }
    return .cast(reducer.type, .name(name))
  }

  /// Combines whole vectors of a line into `sum` and returns where the rest begins.
  private mutating func vectorLine(
    _ reducer: Reducer, _ x: ValueID, _ indices: [Affine], _ variable: String, _ extent: Dim, _ sum: CExpression,
    _ shift: CExpression?,
  ) throws(EmitFailure) -> CExpression {
    guard reducer.element == .f32, reducer.isVector, (extent.constant ?? 16) >= 16 else { throw .notVector }
    let outer = levels.count - 1
    let lanes = fresh("v")
    levels[outer].append(.declare(type: "f32x16", name: lanes, .cast("f32x16", reducer.start)))
    levels.append([])
    for name in [variable, "lane"] { declare(variable: name, level: outer + 1) }
    lane = "lane"
    let vector = indices.map { $0[variable] == 0 ? $0 : $0 + Affine(variable: "lane") }
    let element = try value(x, at: vector)
    let prepared = reducer.prepared(splat(element), shift: shift)
    levels[outer + 1].append(.assign(.name(lanes), reducer.merged(.name(lanes), prepared)))
    lane = nil
    let body = levels.removeLast()
    closeLoops(to: outer)
    let full: CExpression =
      extent.constant.map { .integer($0 / 16 * 16) } ?? .binary(c(extent), "&", .unary("~", .cast("i64", 15)))
    levels[outer].append(.loop(variable: variable, from: 0, below: full, step: 16, body))
    for at in 0..<16 {
      levels[outer].append(.assign(sum, reducer.merged(sum, .cast(reducer.totalType, .name(lanes)[.integer(at)]))))
    }
    return full
  }
}
