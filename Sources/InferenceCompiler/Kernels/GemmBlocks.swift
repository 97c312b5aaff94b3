import InferenceIR
import TensorTypes

/// A product of many rows.
extension Emitter {
  /// Tiles of equal height, in blocks of rows whose part of A stays in the L2 cache while all panels pass. Blocks hold
  /// as many tiles as each other: in a short one the panels would pass faster than they come from the outer caches.
  mutating func blocks(_ kernel: GemmKernel) throws(EmitFailure) -> [CStatement] {
    let tallest = target.rows
    let heights: ClosedRange<Int>
    if let rows = kernel.rows.constant {
      let tiles = max((rows + tallest - 1) / tallest, 1)
      heights = (rows / tiles)...((rows + tiles - 1) / tiles)
    } else {
      heights = (tallest / 2)...tallest
    }
    func column(_ start: Int?, lanes: Int) throws(EmitFailure) -> [CStatement] {
      var cases: [(Int, [CStatement])] = []
      for height in heights where height > 0 {
        cases.append(
          (height, try tile(kernel, rows: height, panels: 1, row: "m", column: start, lanes: lanes)))
      }
      let body: [CStatement] = [
        .declare(type: "const i64", name: "m", "tile" * "height" + .conditional("tile" < "taller", "tile", "taller")),
        .select("height" + .binary("tile", "<", "taller"), cases: cases),
      ]
      return [.loop(variable: "tile", from: "first", below: "last", step: 1, body)]
    }
    let perBlock = max(1, GemmKernel.blockBytes / (kernel.blockDepth * 4 * tallest))
    var block: [CStatement] = [
      .declare(type: "const i64", name: "first", "tiles" * "block" / "blocks"),
      .declare(type: "const i64", name: "last", "tiles" * ("block" + 1) / "blocks"),
    ]
    // One loop over all panels, the last of which may be narrower: blocks and panels make one range to split.
    let full = kernel.fullColumns > 0 ? try column(nil, lanes: 16) : []
    let tail = kernel.tailColumns > 0 ? try column(kernel.fullColumns, lanes: kernel.tailColumns) : []
    let both: CStatement = .branch("n" < .integer(kernel.fullColumns), then: full, else: tail)
    block.append(
      .loop(
        variable: "n", from: 0, below: .integer(kernel.columns), step: .integer(GemmKernel.width), kind: .independent,
        full.isEmpty ? tail : tail.isEmpty ? full : [both]))
    let rows = c(kernel.rows)
    let all: CStatement = .loop(
      variable: "block", from: 0, below: "blocks", step: 1, kind: .independent, block)
    return [
      .declare(type: "const i64", name: "tiles", (rows + .integer(tallest - 1)) / .integer(tallest)),
      .declare(type: "const i64", name: "height", .conditional(.binary("tiles", ">", 0), rows / "tiles", 0)),
      .declare(type: "const i64", name: "taller", .conditional(.binary("tiles", ">", 0), rows % "tiles", 0)),
      .declare(type: "const i64", name: "blocks", ("tiles" + .integer(perBlock - 1)) / .integer(perBlock)),
      kernel.isDeep ? depthLoop(kernel, all) : all,
    ]
  }

  /// Runs a body for one block of k after the other.
  private func depthLoop(_ kernel: GemmKernel, _ body: CStatement) -> CStatement {
    let length = CExpression.integer(kernel.blockDepth)
    let next = "begin" + length
    let end: CExpression = .conditional(next < .integer(kernel.depth), next, .integer(kernel.depth))
    return .loop(
      variable: "begin", from: 0, below: .integer(kernel.depth), step: length, kind: .resumed,
      [.declare(type: "const i64", name: "end", end), body])
  }
}
