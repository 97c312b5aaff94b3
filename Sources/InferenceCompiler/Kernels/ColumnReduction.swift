import InferenceIR
import TensorTypes

extension Emitter {
  /// Whether a reduction is better made for all elements of the innermost kept axis at once: when everything it reads
  /// stands side by side along that axis, and lines along the reduced axis cannot be read as vectors of f32.
  func runsByColumns(_ reducer: Reducer, _ x: ValueID, _ axes: [Int], _ kept: [Int]) -> Bool {
    let shape = schedule.shape(of: x)
    guard reducer.function != .logSumExp, reducer.element.memoryType == reducer.element.computeType,
      reducer.element != .bool, !(reducer.element.isInteger && reducer.function == .mean),
      let column = kept.last(where: { shape[$0] != 1 }), let inner = axes.sorted().last(where: { shape[$0] != 1 }),
      let operands = schedule.memoryOperands(x, applied: false, shape: shape), !operands.isEmpty
    else { return false }
    func isDense(_ axis: Int) -> Bool { operands.allSatisfy { $0.strides[axis] == 1 || $0.strides[axis] == 0 } }
    let hasVectorLines =
      isDense(inner) && operands.allSatisfy { $0.element == .f32 } && (shape[inner].constant ?? 16) >= 16
    return isDense(column) && !hasVectorLines
  }

  /// Keeps the partial results in the result's memory and passes over it once for every reduced element. Elements are
  /// combined in the same order as one by one.
  mutating func columnReduction(
    _ node: Node, _ reducer: Reducer, _ axes: [Int], _ kept: [Int], _ result: View,
  ) throws(EmitFailure) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let shape = schedule.shape(of: x)
    let plan = LoopPlan(Shape(kept.map { shape[$0] }), strides: nil)
    guard let column = plan.loops.last else { return }
    var place = [Affine](repeating: Affine(0), count: schedule.shape(of: y).rank)
    var indices = [Affine](repeating: Affine(0), count: shape.rank)
    for (at, axis) in kept.enumerated() {
      indices[axis] = plan.indices[at]
      place[place.count == shape.rank ? axis : at] = plan.indices[at]
    }
    let reduced = axes.sorted().filter { shape[$0] != 1 }
    let lines = reduced.map { LoopPlan.Loop(variable: fresh("j"), extent: shape[$0]) }
    for (axis, loop) in zip(reduced, lines) { indices[axis] = Affine(variable: loop.variable) }
    let count = axes.reduce(Dim(1)) { $0 * shape[$1] }
    try loops(Array(plan.loops.dropLast()), .independent) { emitter throws(EmitFailure) in
      func update(
        _ loops: [LoopPlan.Loop], _ value: (inout Emitter, CExpression) throws(EmitFailure) -> CExpression
      )
        throws(EmitFailure)
      {
        try emitter.loops(loops) { emitter throws(EmitFailure) in
          let (base, offset) = emitter.address(result, place, element: reducer.element, written: true)
          let slot = base[emitter.c(offset)]
          let level = emitter.levels.count - 1
          emitter.levels[level].append(.assign(slot, try value(&emitter, slot)))
        }
      }
      try update([column]) { _, _ in reducer.start }
      try update(lines + [column]) { emitter, slot throws(EmitFailure) in
        let element = try emitter.value(x, at: indices)
        return reducer.merged(slot, reducer.prepared(element.expression, shift: nil))
      }
      let finished = reducer.finished("x", count: emitter.c(count), shift: nil)
      if finished != "x" {
        try update([column]) { emitter, slot in reducer.finished(slot, count: emitter.c(count), shift: nil) }
      }
    }
  }
}
