import InferenceIR
import TensorTypes

extension Emitter {
  /// A product of two values that are both known only at run time, batched over leading axes.
  ///
  /// Each element of f32 is one chain over k, or the fixed lanes of `runtimeDot` where a product has one row. Other
  /// types add a right operand that is stored row by row into the result row-wise.
  mutating func batchedProduct(_ node: Node, _ transposeA: Bool, _ transposeB: Bool) throws(EmitFailure) {
    let (x, y, z) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let type = schedule.type(of: z)
    let from = schedule.type(of: x).element
    guard let a = schedule.views[x], let b = schedule.views[y], let result = schedule.views[z],
      type.element.memoryType == type.element.computeType
    else { throw unsupported(node, "matmul has no kernel for \(type.element)") }
    let rank = type.shape.rank
    let leading = Shape(Array(type.shape.dims.dropLast(2)))
    func batchStrides(_ view: View, _ shape: Shape) -> [Dim] {
      View(root: view.root, offset: 0, strides: Array(view.strides.dropLast(2)))
        .alignedStrides(Shape(Array(shape.dims.dropLast(2))), to: leading)
    }
    let (aShape, bShape) = (schedule.shape(of: x), schedule.shape(of: y))
    let (aBatch, bBatch) = (batchStrides(a, aShape), batchStrides(b, bShape))
    let (aRank, bRank) = (aShape.rank, bShape.rank)
    let (aRow, aStep) =
      transposeA
      ? (a.strides[aRank - 1], a.strides[aRank - 2]) : (a.strides[aRank - 2], a.strides[aRank - 1])
    let (bStep, bColumn) =
      transposeB
      ? (b.strides[bRank - 1], b.strides[bRank - 2]) : (b.strides[bRank - 2], b.strides[bRank - 1])
    let depth = aShape[transposeA ? aRank - 2 : aRank - 1]
    let columns = type.shape[rank - 1]

    let plan = LoopPlan(leading, strides: nil)
    let isSingleDot = type.shape[rank - 2] == 1 && aStep == 1 && bStep == 1 && depth.constant != nil
    if type.element == .f32, !isSingleDot, result.strides[rank - 1] == 1 || columns == 1 {
      let panel = pointer(.scratch(index: 0, byteCount: depth * 64), type: "f32", written: true)
      try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
        func start(_ view: View, _ batch: [Dim], written: Bool = false) -> CExpression {
          let shown = View(root: view.root, offset: view.offset, strides: batch)
          let (base, offset) = emitter.address(shown, plan.indices, element: .f32, written: written)
          return base + emitter.c(offset)
        }
        let call: CExpression = .call(
          "runtime_product",
          [
            start(a, aBatch), emitter.c(aRow), emitter.c(aStep), start(b, bBatch), emitter.c(bStep),
            emitter.c(bColumn), emitter.c(depth), start(result, Array(result.strides.dropLast(2)), written: true),
            emitter.c(result.strides[rank - 2]), emitter.c(type.shape[rank - 2]), emitter.c(columns), panel,
          ])
        emitter.levels[emitter.levels.count - 1].append(.expression(call))
      }
      return
    }
    let row = LoopPlan.Loop(variable: "m", extent: type.shape[rank - 2])
    try loops(plan.loops + [row], .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      func start(_ view: View, _ batch: [Dim], _ rowStride: Dim, written: Bool = false) -> CExpression {
        let shown = View(root: view.root, offset: view.offset, strides: batch + [rowStride])
        let (base, offset) = emitter.address(
          shown, plan.indices + [Affine(variable: "m")], element: written ? type.element : from, written: written)
        return base + emitter.c(offset)
      }
      let element = type.element.computeType
      emitter.levels[level] += [
        .declare(type: "const \(from.computeType) *", name: "x", start(a, aBatch, aRow)),
        .declare(type: "const \(from.computeType) *", name: "y", start(b, bBatch, 0)),
        .declare(
          type: "\(element) *", name: "z",
          start(result, Array(result.strides.dropLast(2)), result.strides[rank - 2], written: true)),
      ]
      let target = CExpression.name("z")["n" * emitter.c(result.strides[rank - 1])]
      if type.element == .f32, aStep == 1, bStep == 1, let known = depth.constant {
        var body: [CStatement] = [.declare(type: "const f32 *", name: "line", "y" + "n" * emitter.c(bColumn))]
        body += emitter.runtimeDot("x", "line", depth: known)
        body.append(.assign(target, "s"))
        emitter.levels[level].append(
          .loop(variable: "n", from: 0, below: emitter.c(columns), step: 1, body))
        return
      }
      let factor = CExpression.name("x")["k" * emitter.c(aStep)]
      let other = CExpression.name("y")["k" * emitter.c(bStep) + "n" * emitter.c(bColumn)]
      let sum: CExpression =
        type.element == .f32
        ? .call("m_fma", [factor, other, target]) : .binary(target, "+", .binary(factor, "*", other))
      emitter.levels[level] += [
        .loop(variable: "n", from: 0, below: emitter.c(columns), step: 1, [.assign(target, 0)]),
        .loop(
          variable: "k", from: 0, below: emitter.c(depth), step: 1,
          [.loop(variable: "n", from: 0, below: emitter.c(columns), step: 1, [.assign(target, sum)])]),
      ]
    }
  }

  /// Leaves in `s` the dot product of two rows, neither of which is padded.
  func runtimeDot(_ a: CExpression, _ b: CExpression, depth: Int) -> [CStatement] {
    func row(_ pointer: CExpression) -> CExpression { .load("const f32x16_unaligned", pointer) }
    let full = depth / 16 * 16
    var statements: [CStatement] = [.declare(type: "f32x16", name: "e", .cast("f32x16", .float(0)))]
    if full > 0 {
      statements.append(
        .loop(
          variable: "k", from: 0, below: .integer(full), step: 16,
          [.assign("e", .call("m_fma", [row(a + "k"), row(b + "k"), "e"]))]))
    }
    if depth > full {
      func rest(_ pointer: CExpression) -> CExpression {
        .call("load_lanes", [pointer + .integer(full), .integer(depth - full)])
      }
      statements.append(.assign("e", .call("m_fma", [rest(a), rest(b), "e"])))
    }
    return statements + [.declare(type: "const f32", name: "s", .call("sum_lanes", ["e"]))]
  }

  /// Dot products of chosen pairs of rows of `[batch, rows, depth]`.
  mutating func pairwiseDots(_ dots: FusionPlan.PairwiseDots) throws(EmitFailure) {
    guard let x = schedule.views[dots.rows], let y = schedule.views[dots.result],
      let depth = schedule.shape(of: dots.rows)[2].constant, x.strides[2] == 1
    else {
      throw .unsupported(
        CompileError(origin: schedule.graph[dots.result].name, message: "pairwise dots need rows in memory"))
    }
    let batch = LoopPlan(Shape([schedule.shape(of: dots.rows)[0]]), strides: nil)
    try loops(batch.loops, .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      let (rows, start) = emitter.address(x, batch.indices + [Affine(0), Affine(0)], element: .f32)
      let (results, to) = emitter.address(y, batch.indices + [Affine(0)], element: .f32, written: true)
      let pairs = emitter.fresh("pairs")
      emitter.levels[0].append(
        .table(type: "u16", name: pairs, dots.pairs.flatMap { [.integer($0.0), .integer($0.1)] }))
      let stride = emitter.c(x.strides[1])
      func row(_ at: CExpression) -> CExpression {
        rows + emitter.c(start) + .name(pairs)[at] * stride
      }
      var body: [CStatement] = [
        .declare(type: "const f32 *", name: "x", row("n" * 2)),
        .declare(type: "const f32 *", name: "y", row("n" * 2 + 1)),
      ]
      body += emitter.runtimeDot("x", "y", depth: depth)
      body.append(.assign(results[emitter.c(to) + "n" * emitter.c(y.strides[1])], "s"))
      emitter.levels[level].append(
        .loop(variable: "n", from: 0, below: .integer(dots.pairs.count), step: 1, body))
    }
  }

  /// Touches the cache lines of table rows.
  mutating func prefetch(_ rows: [Prefetch]) throws(EmitFailure) {
    for wanted in rows {
      guard let table = schedule.views[wanted.table] else { continue }
      let element = schedule.type(of: wanted.table).element
      let shape = schedule.shape(of: wanted.indices)
      let plan = LoopPlan(shape, strides: nil)
      try loops(plan.loops) { emitter throws(EmitFailure) in
        let level = emitter.levels.count - 1
        let index = try emitter.value(wanted.indices, at: plan.indices)
        let (base, _) = emitter.base(of: table, element: element)
        // A negative index would need a branch to be right: the wrong line is only a wasted hint.
        let row = base + .cast("i64", index.expression) * emitter.c(table.strides[0])
        let rowBytes = (table.strides[0].constant ?? 1) * element.byteCount
        for line in stride(from: 0, to: max(rowBytes, 1), by: 64) {
          emitter.levels[level].append(
            .expression(.call("__builtin_prefetch", [row + .integer(line / element.byteCount)])))
        }
      }
    }
    levels[0] = mergingLoops(levels[0])
  }
}
