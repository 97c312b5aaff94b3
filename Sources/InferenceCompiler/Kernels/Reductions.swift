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
    try loops(plan.loops) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: type.shape.rank)
      for (at, axis) in kept.enumerated() { indices[axis] = plan.indices[at] }
      let reducer = Reducer(function, type.element)
      let total = try emitter.reduced(reducer, x, indices, axes.sorted())
      let count = axes.reduce(Dim(1)) { $0 * type.shape[$1] }
      let finished = reducer.finished(total, count: emitter.c(count))
      let level = emitter.levels.count - 1
      emitter.store(
        Operand(expression: finished, level: level, isVector: false), type.element, to: result, at: place)
    }
  }

  /// The combined elements over `axes`, before the reducer's last step.
  private mutating func reduced(
    _ reducer: Reducer, _ x: ValueID, _ indices: [Affine], _ axes: [Int],
  ) throws(EmitFailure) -> CExpression {
    let shape = schedule.shape(of: x)
    let level = levels.count - 1
    let name = fresh("r")
    var shift: CExpression?
    if reducer.function == .logSumExp {
      // The largest element keeps the exponentials in range.
      let peak = try reduced(Reducer(.maximum, reducer.element), x, indices, axes)
      let finite: CExpression = .call("m_absolute", [peak]) < .name("__builtin_inff()")
      shift = bind(reducer.type, .conditional(finite, peak, .cast(reducer.type, 0)), level: level).expression
      levels[level].append(.declare(type: reducer.type, name: "\(name)_shift", shift))
      shift = .name("\(name)_shift")
    }
    var all = indices
    let outer = axes.filter { shape[$0] != 1 }
    guard let inner = outer.last else {
      let element = try value(x, at: all)
      return reducer.combined(reducer.start, reducer.prepared(element.expression, shift: shift))
    }
    levels[level].append(.declare(type: reducer.type, name: name, reducer.start))
    let names = outer.map { _ in fresh("j") }
    for (axis, variable) in zip(outer, names) { all[axis] = Affine(variable: variable) }
    let loops = zip(outer.dropLast(), names).map { LoopPlan.Loop(variable: $1, extent: shape[$0]) }
    try self.loops(Array(loops)) { emitter throws(EmitFailure) in
      let sum = CExpression.name(name)
      let variable = names[names.count - 1]
      let extent = shape[inner]
      let savedLevels = emitter
      var start: CExpression = 0
      do throws(EmitFailure) {
        start = try emitter.vectorLine(reducer, x, all, variable, extent, sum, shift)
      } catch .notVector {
        emitter = savedLevels
      }
      let level = emitter.levels.count
      emitter.levels.append([])
      emitter.declare(variable: variable, level: level)
      let element = try emitter.value(x, at: all)
      emitter.levels[level].append(
        .assign(sum, reducer.combined(sum, reducer.prepared(element.expression, shift: shift))))
      let body = emitter.levels.removeLast()
      emitter.closeLoops(to: level - 1)
      emitter.levels[level - 1].append(
        .loop(variable: variable, from: start, below: emitter.c(extent), step: 1, body))
    }
    return .name(name)
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
    levels[outer + 1].append(.assign(.name(lanes), reducer.combined(.name(lanes), prepared)))
    lane = nil
    let body = levels.removeLast()
    closeLoops(to: outer)
    let full: CExpression =
      extent.constant.map { .integer($0 / 16 * 16) } ?? .binary(c(extent), "&", .unary("~", .cast("i64", 15)))
    levels[outer].append(.loop(variable: variable, from: 0, below: full, step: 16, body))
    for at in 0..<16 { levels[outer].append(.assign(sum, reducer.merged(sum, .name(lanes)[.integer(at)]))) }
    return full
  }

  /// The first or last index of the largest or smallest element.
  mutating func argReduction(_ node: Node, _ largest: Bool, _ axis: Int, _ last: Bool) throws(EmitFailure) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard let result = schedule.views[y] else { throw unsupported(node, "has no memory for its result") }
    let type = schedule.type(of: x)
    let kept = type.shape.dims.indices.filter { $0 != axis }
    let plan = LoopPlan(Shape(kept.map { type.shape[$0] }), strides: nil)
    try loops(plan.loops) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: type.shape.rank)
      var place = [Affine](repeating: Affine(0), count: emitter.schedule.shape(of: y).rank)
      for (at, kept) in kept.enumerated() {
        indices[kept] = plan.indices[at]
        place[place.count == type.shape.rank ? kept : at] = plan.indices[at]
      }
      let level = emitter.levels.count - 1
      let (best, index) = (emitter.fresh("best"), emitter.fresh("found"))
      let first = try emitter.value(x, at: indices)
      emitter.levels[level] += [
        .declare(type: type.element.computeType, name: best, first.expression),
        .declare(type: "i64", name: index, 0),
      ]
      let variable = emitter.fresh("j")
      indices[axis] = Affine(variable: variable)
      emitter.levels.append([])
      emitter.declare(variable: variable, level: level + 1)
      let element = try emitter.value(x, at: indices).expression
      let sign = (largest ? ">" : "<") + (last ? "=" : "")
      var wins = CExpression.binary(element, sign, .name(best))
      if type.element.isFloat {
        // NaN is below everything, as the interpreter has it.
        let (new, old) = (
          CExpression.binary(element, "!=", element), CExpression.binary(.name(best), "!=", .name(best))
        )
        switch (largest, last) {
        case (true, false): wins = .binary(wins, "|", .binary(old, "&", .unary("!", new)))
        case (true, true): wins = .binary(wins, "|", old)
        case (false, false): wins = .binary(wins, "|", .binary(new, "&", .unary("!", old)))
        case (false, true): wins = .binary(wins, "|", new)
        }
      }
      emitter.levels[level + 1].append(
        .branch(wins, then: [.assign(.name(best), element), .assign(.name(index), .name(variable))], else: []))
      let body = emitter.levels.removeLast()
      emitter.closeLoops(to: level)
      emitter.levels[level].append(
        .loop(variable: variable, from: 1, below: emitter.c(type.shape[axis]), step: 1, body))
      emitter.store(Operand(expression: .name(index), level: level, isVector: false), .i64, to: result, at: place)
    }
  }
}
