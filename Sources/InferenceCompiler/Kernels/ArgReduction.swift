import InferenceIR
import TensorTypes

extension Emitter {
  /// The first or last index of the largest or smallest element.
  mutating func argReduction(_ node: Node, _ largest: Bool, _ axis: Int, _ last: Bool) throws(EmitFailure) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    guard let result = schedule.views[y] else { throw unsupported(node, "has no memory for its result") }
    let type = schedule.type(of: x)
    let kept = type.shape.dims.indices.filter { $0 != axis }
    let plan = LoopPlan(Shape(kept.map { type.shape[$0] }), strides: nil)
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
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
