import InferenceIR
import TensorTypes

/// A matrix product with packed constant right operand, bias and epilogue.
///
/// The weights stand in panels of 16 columns, `[panel][k][16]`. Every result element is one chain of fused
/// multiply-adds over k that starts with the bias, whatever tile computes it: its bits do not depend on the number of
/// rows, hence not on the batch.
struct GemmKernel {
  let gemm: FusionPlan.Gemm
  let plan: LoopPlan
  /// Rows of one product; the loops before the last are outside.
  let rows: Dim
  let depth: Int
  let columns: Int
  let a: View
  /// A's strides along the result's leading axes, from row to row, and along k.
  let aLeading: [Dim]
  let aRow: Dim
  let aStep: Dim
  let product: ValueID
  let resultShape: Shape
  let result: View
  let matrix: ValueID
  let isTransposed: Bool
  let arithmetic: GemmArithmetic
  /// Of the weights; products with few columns keep f32.
  let format: PanelFormat

  static let width = 16
  /// Most steps along k before the sums go to memory and the next panel follows: the rows of a tile and of a panel then
  /// stay in the first two caches.
  static let deepest = 1024
  /// Bytes of A, over one block of k, that all panels pass.
  static let blockBytes = 256 << 10
  /// Below this many columns a product is computed as dot products.
  static let fewColumns = 8

  init(_ gemm: FusionPlan.Gemm, _ schedule: Schedule) throws(EmitFailure) {
    let node = schedule.graph.nodes[gemm.node]
    func fail(_ message: String) -> EmitFailure {
      .unsupported(CompileError(origin: node.origin, message: message))
    }
    guard case .matmul(let transposeA, let transposeB) = node.op,
      let constant = schedule.graph[node.inputs[1]].constant,
      let a = schedule.views[node.inputs[0]], let result = schedule.views[gemm.result]
    else { throw fail("is not a product with a constant matrix in memory") }
    self.gemm = gemm
    self.a = a
    self.result = result
    matrix = node.inputs[1]
    isTransposed = transposeB
    arithmetic = constant.element == .i16 ? .pairs : .floats
    product = schedule.graph.nodes[gemm.node].outputs[0]
    resultShape = schedule.shape(of: gemm.result)
    depth = constant.shape[transposeB ? 1 : 0]
    columns = constant.shape[transposeB ? 0 : 1]
    format = arithmetic == .floats ? PanelFormat(holding: constant, isTransposed: transposeB) : .f32

    let rank = a.strides.count
    var aLeading = Array(a.strides.dropLast())
    if transposeA { aLeading[rank - 2] = a.strides[rank - 1] }
    self.aLeading = aLeading
    aStep = transposeA ? a.strides[rank - 2] : a.strides[rank - 1]
    // Rows of one element have no step.
    guard arithmetic == .floats || aStep == 1 || depth == 1 else {
      throw fail("is a product of integers that are not in rows")
    }
    let leading = Shape(Array(resultShape.dims.dropLast()))
    var strides = [aLeading, Array(result.strides.dropLast())]
    for at in gemm.epilogue {
      for id in schedule.graph.nodes[at].inputs {
        guard let view = schedule.views[id], schedule.graph[id].constant?.elementCount != 1 else { continue }
        strides.append(Array(view.alignedStrides(schedule.shape(of: id), to: resultShape).dropLast()))
      }
    }
    plan = LoopPlan(leading, strides: strides)
    rows = plan.loops.last?.extent ?? 1
    // The stride of the last axis that the row loop runs over.
    let rowAxis = plan.indices.lastIndex { !$0.terms.isEmpty }
    aRow = rowAxis.map { aLeading[$0] } ?? 0
  }

  var fullColumns: Int { columns / Self.width * Self.width }
  var tailColumns: Int { columns % Self.width }
  var isNarrow: Bool { columns < Self.fewColumns && aStep == 1 && arithmetic == .floats }
  /// Blocks of equal length along k, where a chain is interrupted: its sums wait in the result.
  var depthBlocks: Int {
    arithmetic == .floats && result.strides.last == 1 ? (depth + Self.deepest - 1) / Self.deepest : 1
  }
  var blockDepth: Int { (depth + depthBlocks - 1) / depthBlocks }
  var isDeep: Bool { depthBlocks > 1 }
  var rowVariable: String? { plan.loops.last?.variable }

  var name: String { "gemm_\(depth)x\(columns)" }

  /// Vectors of weights along k.
  var steps: Int { arithmetic == .pairs ? (depth + 1) / 2 : depth }
  /// Those that have all of their operands.
  var wholeSteps: Int { arithmetic == .pairs ? depth / 2 : depth }
  /// C type of an element of the panels.
  var weightType: String { arithmetic == .pairs ? arithmetic.weight : format.type }
  var weights: WeightKey {
    switch arithmetic {
    case .floats: .panels(matrix, isTransposed: isTransposed, format)
    case .pairs: .pairs(matrix, isTransposed: isTransposed)
    }
  }
}

/// What a tile multiplies and adds: f32, or pairs of i16 into i32, which takes two steps of k at once and is exact.
enum GemmArithmetic {
  case floats, pairs

  var vector: String { self == .floats ? "f32x16" : "i32x16" }
  /// C type of a lane of weights.
  var weight: String { self == .floats ? "f32" : "i32" }
  var operand: ElementType { self == .floats ? .f32 : .i16 }
  var result: ElementType { self == .floats ? .f32 : .i32 }
  var multiplyAdd: String { self == .floats ? "m_fma" : "add_pairs" }
}

extension Emitter {
  mutating func gemm(_ kernel: GemmKernel) throws(EmitFailure) {
    try loops(Array(kernel.plan.loops.dropLast()), .independent) { emitter throws(EmitFailure) in
      if kernel.isNarrow {
        try emitter.dotRows(kernel)
      } else {
        try emitter.tiles(kernel)
      }
    }
  }

  /// Chooses by the number of rows: few rows go through several panels at once, more are cut into tiles of equal
  /// height.
  private mutating func tiles(_ kernel: GemmKernel) throws(EmitFailure) {
    let level = levels.count - 1
    if let rows = kernel.rows.constant, rows <= target.rows, target.panels[max(rows - 1, 0)] > 1 {
      levels[level] += try fewRows(kernel, rows)
      return
    }
    var cases: [(Int, [CStatement])] = []
    if kernel.rows.constant == nil {
      for rows in 1...target.rows where target.panels[rows - 1] > 1 { cases.append((rows, try fewRows(kernel, rows))) }
    }
    let general = try blocks(kernel)
    let rows = c(kernel.rows)
    guard let most = cases.last?.0 else {
      levels[level] += general
      return
    }
    levels[level].append(.branch(rows <= .integer(most), then: [.select(rows, cases: cases)], else: general))
  }

  /// All columns for a known small number of rows.
  private mutating func fewRows(_ kernel: GemmKernel, _ rows: Int) throws(EmitFailure) -> [CStatement] {
    let panels = target.panels[rows - 1]
    let step = panels * GemmKernel.width
    let grouped = kernel.fullColumns / step * step
    var statements: [CStatement] = []
    if grouped > 0 {
      let body = try tile(kernel, rows: rows, panels: panels, row: nil, column: nil, lanes: 16)
      statements.append(
        .loop(variable: "n", from: 0, below: .integer(grouped), step: .integer(step), kind: .independent, body))
    }
    if kernel.fullColumns > grouped {
      let rest = (kernel.fullColumns - grouped) / GemmKernel.width
      statements.append(
        .once(try tile(kernel, rows: rows, panels: rest, row: nil, column: grouped, lanes: 16)))
    }
    if kernel.tailColumns > 0 {
      statements.append(
        .once(
          try tile(kernel, rows: rows, panels: 1, row: nil, column: kernel.fullColumns, lanes: kernel.tailColumns)))
    }
    return statements
  }
}
