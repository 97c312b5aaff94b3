import InferenceIR
import TensorTypes

extension Emitter {
  /// Keeps the best k of a line sorted while it is read: an element that does not beat the last is passed over with
  /// one comparison. Equal elements keep their order, so ties go to the lower index.
  mutating func topK(_ node: Node, _ k: Int, _ axis: Int, _ largest: Bool, _ pad: Double?) throws(EmitFailure) {
    guard let x = schedule.views[node.inputs[0]], let values = schedule.views[node.outputs[0]],
      let places = schedule.views[node.outputs[1]]
    else { throw unsupported(node, "needs its operand and results in memory") }
    if k == 0 { return }
    let type = schedule.type(of: node.inputs[0])
    let compute = type.element.computeType
    let kept = type.shape.dims.indices.filter { $0 != axis }
    let plan = LoopPlan(Shape(kept.map { type.shape[$0] }), strides: nil)
    let best = pointer(.scratch(index: 0, byteCount: Dim(k * 8)), type: compute, written: true)
    let place = pointer(.scratch(index: 1, byteCount: Dim(k * 8)), type: "i64", written: true)
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: type.shape.rank)
      for (at, kept) in kept.enumerated() { indices[kept] = plan.indices[at] }
      let level = emitter.levels.count - 1
      emitter.levels[level] += [
        .declare(type: "\(compute) *", name: "best", best), .declare(type: "i64 *", name: "place", place),
        .declare(type: "i64", name: "found", 0),
      ]
      indices[axis] = Affine(variable: "j")
      emitter.levels.append([])
      emitter.declare(variable: "j", level: level + 1)
      let element = try emitter.load(x, indices, type.element).expression
      emitter.levels[level + 1] += emitter.insertion(element, k, largest, isFloat: type.element.isFloat)
      let body = emitter.levels.removeLast()
      emitter.closeLoops(to: level)
      emitter.levels[level].append(.loop(variable: "j", from: 0, below: emitter.c(type.shape[axis]), step: 1, body))

      emitter.levels.append([])
      emitter.declare(variable: "s", level: level + 1)
      indices[axis] = Affine(variable: "s")
      let isFound = CExpression.name("s") < "found"
      let fill: CExpression = .cast(compute, type.element.isFloat ? .double(pad ?? 0) : .integer(Int(pad ?? 0)))
      emitter.store(
        Operand(expression: .conditional(isFound, .name("best")["s"], fill), level: level + 1, isVector: false),
        type.element, to: values, at: indices)
      emitter.store(
        Operand(expression: .conditional(isFound, .name("place")["s"], -1), level: level + 1, isVector: false),
        .i64, to: places, at: indices)
      let results = emitter.levels.removeLast()
      emitter.closeLoops(to: level)
      emitter.levels[level].append(.loop(variable: "s", from: 0, below: .integer(k), step: 1, results))
    }
  }

  /// Puts an element in its place among the best so far.
  private func insertion(_ element: CExpression, _ k: Int, _ largest: Bool, isFloat: Bool) -> [CStatement] {
    /// `a` stands strictly before `b`. NaN is below everything.
    func precedes(_ a: CExpression, _ b: CExpression) -> CExpression {
      let plain = CExpression.binary(a, largest ? ">" : "<", b)
      if !isFloat { return plain }
      let (p, q) = (CExpression.binary(a, "!=", a), CExpression.binary(b, "!=", b))
      return largest
        ? .binary(plain, "|", .binary(q, "&", .unary("!", p))) : .binary(plain, "|", .binary(p, "&", .unary("!", q)))
    }
    let (best, place) = (CExpression.name("best"), CExpression.name("place"))
    let isFull: CExpression = "found" == .integer(k)
    return [
      .branch(
        .binary("found" < .integer(k), "||", precedes(element, best[.integer(k - 1)])),
        then: [
          .declare(type: "i64", name: "s", .conditional(isFull, .integer(k - 1), "found")),
          .whileLoop(
            .binary(.binary("s", ">", 0), "&&", precedes(element, best["s" - 1])),
            [
              .assign(best["s"], best["s" - 1]), .assign(place["s"], place["s" - 1]), .assign("s", "s" - 1),
            ]),
          .assign(best["s"], element), .assign(place["s"], "j"),
          .assign("found", .conditional(isFull, "found", "found" + 1)),
        ], else: [])
    ]
  }
}
