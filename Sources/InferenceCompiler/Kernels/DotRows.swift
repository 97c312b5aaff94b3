import InferenceIR
import TensorTypes

extension Emitter {
  /// A product with few columns: for every row and column one dot product over 2 x 16 lanes, whose sums are added in
  /// one fixed order.
  mutating func dotRows(_ kernel: GemmKernel) throws(EmitFailure) {
    let weights = pointer(
      .weights(.rows(kernel.matrix, isTransposed: kernel.isTransposed)), type: "f32", written: false)
    let padded = (kernel.depth + 15) / 16 * 16
    let loop = kernel.plan.loops.last.map { [$0] } ?? []
    try loops(loop, .independent) { emitter throws(EmitFailure) in
      let level = emitter.levels.count - 1
      let row = kernel.rowVariable.map { Affine(variable: $0) } ?? Affine(0)
      let (a, start) = emitter.address(
        View(root: kernel.a.root, offset: kernel.a.offset, strides: kernel.aLeading),
        kernel.plan.indices, element: .f32)
      emitter.levels[level].append(.declare(type: "const f32 *", name: "a", a + emitter.c(start)))
      for n in 0..<kernel.columns {
        emitter.levels[level] += emitter.dot(
          "a", weights + .integer(n * padded), depth: kernel.depth, suffix: "\(n)")
        let indices = kernel.indices(row: row, column: Affine(Dim(n)))
        var sum: CExpression = .name("s\(n)")
        if let bias = kernel.gemm.bias {
          sum = sum + emitter.pointer(.weights(.raw(bias)), type: "f32", written: false)[.integer(n)]
        }
        let operand = emitter.bind("f32", sum, level: level)
        emitter.seed(kernel, operand, indices)
        let value = try emitter.finished(kernel, indices)
        emitter.store(value, .f32, to: kernel.result, at: indices)
      }
    }
  }

  /// Statements that leave the dot product of two contiguous rows in `s<suffix>`. The second row is padded with zeros
  /// to a multiple of 16.
  mutating func dot(_ a: CExpression, _ b: CExpression, depth: Int, suffix: String) -> [CStatement] {
    let full = depth / 32 * 32
    let (even, odd) = (CExpression.name("e\(suffix)"), CExpression.name("o\(suffix)"))
    func row(_ pointer: CExpression) -> CExpression { .load("const f32x16_unaligned", pointer) }
    func accumulate(_ sum: CExpression, _ k: CExpression) -> CStatement {
      .assign(sum, .call("m_fma", [row(a + k), row(b + k), sum]))
    }
    var statements: [CStatement] = [
      .declare(type: "f32x16", name: "e\(suffix)", .cast("f32x16", .float(0))),
      .declare(type: "f32x16", name: "o\(suffix)", .cast("f32x16", .float(0))),
    ]
    if full > 0 {
      statements.append(
        .loop(
          variable: "k", from: 0, below: .integer(full), step: 32, [accumulate(even, "k"), accumulate(odd, "k" + 16)]))
    }
    var k = full
    if depth - k >= 16 {
      statements.append(accumulate(even, .integer(k)))
      k += 16
    }
    if depth > k {
      let rest: CExpression = .call("load_lanes", [a + .integer(k), .integer(depth - k)])
      statements.append(.assign(odd, .call("m_fma", [rest, row(b + .integer(k)), odd])))
    }
    statements.append(.declare(type: "const f32", name: "s\(suffix)", .call("sum_lanes", [even + odd])))
    return statements
  }
}
