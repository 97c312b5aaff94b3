import InferenceIR
import TensorTypes

extension Emitter {
  /// Any convolution: one element of the result at a time, one chain of multiply-adds over channels and window.
  mutating func directConvolution(_ node: Node, _ op: Convolution) throws(EmitFailure) {
    let y = node.outputs[0]
    guard let x = schedule.views[node.inputs[0]], let w = schedule.views[node.inputs[1]],
      let result = schedule.views[y], let width = schedule.shape(of: node.inputs[1])[1].constant,
      let maps = schedule.shape(of: y)[1].constant
    else { throw unsupported(node, "needs its operands and result in memory") }
    let element = schedule.type(of: y).element
    let shape = schedule.shape(of: y)
    let plan = LoopPlan(shape, strides: nil)
    let loops = WindowLoops(op.window, spread: op.inputDilations, over: schedule.shape(of: node.inputs[0]))
    try self.loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      var start: CExpression = .cast(element.computeType, 0)
      if node.inputs.count > 2 { start = try emitter.value(node.inputs[2], at: [plan.indices[1]]).expression }
      let sum = emitter.fresh("sum")
      emitter.levels[level] += [
        .declare(type: element.computeType, name: sum, start),
        // The group's first channel.
        .declare(
          type: "const i64", name: "first",
          .cast("i64", emitter.c(plan.indices[1]) / .integer(maps / op.groups) * .integer(width))),
      ]
      emitter.declare(variable: "first", level: level)
      emitter.declare(variable: "c", level: level + 1)
      emitter.declare(loops, level: level + 1)
      let axes = 0..<op.window.rank
      let channel = Affine(variable: "first") + Affine(variable: "c")
      let (from, at) = emitter.address(
        x, [plan.indices[0], channel] + axes.map { Affine(variable: loops.place($0)) }, element: element)
      let (weights, place) = emitter.address(
        w, [plan.indices[1], Affine(variable: "c")] + axes.map { Affine(variable: loops.tap($0)) }, element: element)
      let (a, b) = (
        emitter.widened(from[emitter.c(at)], element), emitter.widened(weights[emitter.c(place)], element)
      )
      let next: CExpression =
        element == .f32 || element == .f16 || element == .bf16
        ? .call("m_fma", [a, b, .name(sum)]) : .name(sum) + .binary(a, "*", b)
      let body = emitter.eachElement(
        loops, at: Array(plan.indices.dropFirst(2)), counts: Array(shape.dims.dropFirst(2)), level: level + 1,
        [.assign(.name(sum), next)])
      emitter.levels[level].append(.loop(variable: "c", from: 0, below: .integer(width), step: 1, body))
      let total = emitter.rounded(.name(sum), element)
      emitter.store(Operand(expression: total, level: level, isVector: false), element, to: result, at: plan.indices)
    }
  }

  /// A sum as its element type holds it.
  func rounded(_ value: CExpression, _ element: ElementType) -> CExpression {
    element == .f16 ? .call("round_half", [value]) : element == .bf16 ? .call("round_bfloat", [value]) : value
  }
}
