import InferenceIR
import TensorTypes

extension Emitter {
  /// Attention by blocks of 12 queries, whose scores never leave the cache; one query reads keys and values in place.
  mutating func attention(_ node: Node, _ scale: Double, _ unattended: Unattended) throws(EmitFailure) {
    let type = schedule.type(of: node.outputs[0])
    let rank = type.shape.rank
    let (queries, width) = (type.shape[rank - 2], type.shape[rank - 1])
    guard type.element == .f32, let y = schedule.views[node.outputs[0]], y.strides[rank - 1] == 1 || width == 1
    else { throw unsupported(node, "attention has no kernel for \(type.element)") }
    let operands = try node.inputs.map { id throws(EmitFailure) in try matrices(id, node, leading: type.shape) }
    let (keys, depth) = (schedule.shape(of: node.inputs[1]).dims.suffix(2).first ?? 1, operands[1].columns)
    let padded = keys + 15
    let isSingle = queries == 1
    let plan = LoopPlan(Shape(Array(type.shape.dims.dropLast(2))), strides: nil)

    func scratch(_ index: Int, _ count: Dim) -> CExpression {
      pointer(.scratch(index: index, byteCount: count * 4), type: "f32", written: true)
    }
    let pieces =
      isSingle
      ? [scratch(0, keys * 16), scratch(1, padded)]
      : [scratch(0, padded * depth), scratch(1, keys * (width + 15)), scratch(2, padded * 12)]
    // Heads that share keys and values stay in one part, where the first packs them for all.
    let shared = sharedLoops(plan, [operands[1].batch, operands[2].batch])
    try loops(Array(plan.loops[..<shared.lowerBound]), .independent) { emitter throws(EmitFailure) in
      try emitter.loops(Array(plan.loops[shared])) { emitter throws(EmitFailure) in
        func start(_ view: View, _ batch: [Dim], written: Bool = false) -> CExpression {
          let shown = View(root: view.root, offset: view.offset, strides: batch)
          let (base, offset) = emitter.address(shown, plan.indices, element: .f32, written: written)
          return base + emitter.c(offset)
        }
        let (q, k, v) = (operands[0], operands[1], operands[2])
        let starts = operands.map { start($0.view, $0.batch) }
        let target = start(y, Array(y.strides.dropLast(2)), written: true)
        func c(_ dim: Dim) -> CExpression { emitter.c(dim) }
        var arguments: [CExpression] = [starts[0]]
        arguments += isSingle ? [c(q.column)] : [c(q.row), c(q.column)]
        arguments += [starts[1], c(k.row), c(k.column), starts[2], c(v.row), c(v.column)]
        let mask = operands.count > 3 ? operands[3] : nil
        arguments.append(operands.count > 3 ? starts[3] : 0)
        if !isSingle { arguments.append(c(mask?.row ?? 0)) }
        arguments += [c(mask?.column ?? 0), target]
        if !isSingle { arguments += [c(y.strides[rank - 2]), c(queries)] }
        arguments += [c(keys), c(depth), c(width), .float(Float(scale)), .name(unattended.constant)]
        if !isSingle { arguments.append(emitter.isFirst(plan.loops[shared])) }
        emitter.levels[emitter.levels.count - 1].append(
          .expression(.call(isSingle ? "attend_one" : "attend", arguments + pieces)))
      }
    }
  }

  /// The innermost loops that change none of some operands.
  private func sharedLoops(_ plan: LoopPlan, _ batches: [[Dim]]) -> Range<Int> {
    var first = plan.loops.count
    while first > 0 {
      let variable = plan.loops[first - 1].variable
      let axes = plan.indices.indices.filter { plan.indices[$0][variable] != 0 }
      guard axes.allSatisfy({ axis in batches.allSatisfy { $0[axis] == 0 } }) else { break }
      first -= 1
    }
    return first..<plan.loops.count
  }

  /// Whether all of some loops are in their first turn.
  private func isFirst(_ loops: ArraySlice<LoopPlan.Loop>) -> CExpression {
    guard let outer = loops.first else { return 1 }
    return loops.dropFirst().reduce(.name(outer.variable) == 0) { .binary($0, "&", .name($1.variable) == 0) }
  }

  /// The matrices of the last two axes of an operand under the leading axes of the result.
  private func matrices(
    _ id: ValueID, _ node: Node, leading shape: Shape,
  ) throws(EmitFailure) -> (view: View, batch: [Dim], row: Dim, column: Dim, columns: Dim) {
    guard let view = schedule.views[id] else { throw unsupported(node, "needs its operands in memory") }
    let own = schedule.shape(of: id)
    // A mask may have fewer axes than a matrix.
    let strides = view.alignedStrides(
      own, to: Shape([Dim](repeating: 1, count: max(0, shape.rank - own.rank)) + own.dims))
    return (
      view, Array(strides.dropLast(2)), strides[shape.rank - 2], strides[shape.rank - 1], own.dims.last ?? 1
    )
  }
}

extension Unattended {
  /// Its name in C.
  fileprivate var constant: String {
    switch self {
    case .nan: "unattended_nan"
    case .zeroWhereMasked: "unattended_zero_where_masked"
    case .zero: "unattended_zero"
    }
  }
}
