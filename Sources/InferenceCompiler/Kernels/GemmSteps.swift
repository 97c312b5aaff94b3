import InferenceIR
import TensorTypes

/// The loop over k of a tile.
extension Emitter {
  /// All steps over k, for few rows.
  mutating func plainSteps(_ kernel: GemmKernel, _ rows: Int, _ panels: Int) -> [CStatement] {
    // One row reads every weight once: from the outer caches, ahead of the hardware's own guesses. Narrow weights come
    // slowly enough without.
    let ahead = rows == 1 && panels > 1 && kernel.format == .f32 ? 16 : nil
    let body = step(kernel, rows, panels, at: "k", ahead: ahead)
    return [.loop(variable: "k", from: 0, below: .integer(kernel.wholeSteps), step: 1, body)]
      + lastStep(kernel, rows, panels)
  }

  /// The steps of one tile among many. Each line of the panel is asked for into the first cache 24 steps before it is
  /// used; and the first tiles of a panel together ask for all of the next, a line every 8 steps, into the second cache:
  /// its way from memory then takes as long as several tiles, where a hardware prefetcher sees it only at its start.
  mutating func prefetchingSteps(_ kernel: GemmKernel, _ rows: Int) -> [CStatement] {
    let (start, end): (CExpression, CExpression) =
      kernel.isDeep ? ("begin", "end") : (0, .integer(kernel.wholeSteps))
    let isEven = kernel.depth % kernel.depthBlocks == 0
    let length = kernel.isDeep ? kernel.blockDepth : kernel.wholeSteps
    let lines: CExpression = isEven ? .integer((length + 7) / 8) : (end - start + 7) / 8
    let turn: CExpression = "tile" - "first"
    // Lines of 64 bytes; 8 steps use 2 of int8 and 8 of f32, so as many tiles ask for a panel.
    let (line, turns) = (64 / kernel.format.byteCount, 2 * kernel.format.byteCount)
    let next = .integer(kernel.steps * 16) + turn * lines * .integer(line)
    let until: CExpression = isEven && length % 8 == 0 ? "k0" + 8 : .conditional("k0" + 8 < end, "k0" + 8, end)
    return [
      .declare(
        type: "const \(kernel.weightType) *", name: "ahead",
        "w" + (start * 16 + .conditional(turn < .integer(turns), next, 0))),
      .loop(
        variable: "line", from: 0, below: lines, step: 1,
        [
          .expression(.call("__builtin_prefetch", ["ahead" + CExpression.name("line") * .integer(line), 0, 2])),
          .declare(type: "const i64", name: "k0", start + CExpression.name("line") * 8),
          .loop(
            variable: "k", from: "k0", below: until, step: 1, step(kernel, rows, 1, at: "k", ahead: 24)),
        ]),
    ] + lastStep(kernel, rows, 1)
  }

  /// The last of an odd number of steps in pairs stands alone; what follows it in memory is not read.
  private mutating func lastStep(_ kernel: GemmKernel, _ rows: Int, _ panels: Int) -> [CStatement] {
    guard kernel.wholeSteps < kernel.steps else { return [] }
    return [.block(step(kernel, rows, panels, at: .integer(kernel.wholeSteps), ahead: nil))]
  }

  /// One step over k: a panel row per panel, and for each row of A a multiply-add with it.
  /// - Parameter ahead: how many steps before its use a panel row is asked for.
  private mutating func step(
    _ kernel: GemmKernel, _ rows: Int, _ panels: Int, at k: CExpression, ahead: Int?,
  ) -> [CStatement] {
    let (arithmetic, vector) = (kernel.arithmetic, kernel.arithmetic.vector)
    var body: [CStatement] = []
    for p in 0..<panels {
      let at = k * 16 + .integer(p * 16 * kernel.steps)
      let stored: CExpression =
        switch kernel.format {
        case .f32: .load("const \(vector)", "w" + at)
        case .f16, .bf16, .int8: .call("widen", [.load("const \(kernel.format.type)x16", "w" + at)])
        }
      body.append(.declare(type: "const \(vector)", name: "w\(p)", stored))
      if let ahead {
        body.append(.expression(.call("__builtin_prefetch", ["w" + (at + .integer(ahead * 16))])))
      }
    }
    for r in 0..<rows {
      let row = CExpression.name("a\(r)")
      let element: CExpression =
        switch arithmetic {
        case .floats: row[k * c(kernel.aStep)]
        case .pairs:
          k == .integer(kernel.depth / 2)
            ? .cast("i32", .cast("u16", row[k * 2])) : .load("const i32_unaligned", row + k * 2)
        }
      body.append(.declare(type: "const \(vector)", name: "x\(r)", .cast(vector, element)))
      for p in 0..<panels {
        let sum = CExpression.name("c\(r)_\(p)")
        body.append(.assign(sum, .call(arithmetic.multiplyAdd, [.name("x\(r)"), .name("w\(p)"), sum])))
      }
    }
    return body
  }
}
