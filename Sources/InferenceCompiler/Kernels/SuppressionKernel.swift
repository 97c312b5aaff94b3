import InferenceIR
import TensorTypes

extension Emitter {
  /// One call of `keep_boxes` for every class of every image.
  mutating func nonMaxSuppression(_ node: Node, _ op: NonMaxSuppression) throws(EmitFailure) {
    guard let boxes = schedule.views[node.inputs[0]], let scores = schedule.views[node.inputs[1]],
      let kept = schedule.views[node.outputs[0]]
    else { throw unsupported(node, "needs its operands and result in memory") }
    if op.limit == 0 { return }
    let shape = schedule.shape(of: node.inputs[1])
    let heap = pointer(.scratch(index: 0, byteCount: shape[2] * 8), type: "i64", written: true)
    let plan = LoopPlan(Shape([shape[0], shape[1]]), strides: nil)
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      let (image, label) = (plan.indices[0], plan.indices[1])
      let (box, boxAt) = emitter.address(boxes, [image, Affine(0), Affine(0)], element: .f32)
      let (score, scoreAt) = emitter.address(scores, [image, label, Affine(0)], element: .f32)
      let (place, placeAt) = emitter.address(kept, [image, label, Affine(0)], element: .i64, written: true)
      let call = CExpression.call(
        "keep_boxes",
        [
          box + emitter.c(boxAt), emitter.c(boxes.strides[1]), emitter.c(boxes.strides[2]),
          score + emitter.c(scoreAt), emitter.c(scores.strides[2]), emitter.c(shape[2]),
          .integer(op.corners == .centre ? 1 : 0), .float(op.overlap), .integer(op.leastScore == nil ? 0 : 1),
          .float(op.leastScore ?? 0), heap, place + emitter.c(placeAt), emitter.c(kept.strides[2]), .integer(op.limit),
        ])
      emitter.levels[emitter.levels.count - 1].append(.expression(call))
    }
  }
}
