import InferenceIR
import TensorTypes

extension Emitter {
  /// `rows` x `panels * 16` results, held in registers from the bias to the store.
  /// - Parameters:
  ///   - row: the variable of the first row; nil for row 0.
  ///   - column: the first column; nil for the variable `n`.
  ///   - lanes: columns of the last panel that exist.
  mutating func tile(
    _ kernel: GemmKernel, rows: Int, panels: Int, row: String?, column: Int?, lanes: Int,
  ) throws(EmitFailure) -> [CStatement] {
    levels.append([])
    let level = levels.count - 1
    for variable in ["n", "m", "lane"] { declare(variable: variable, level: level) }
    laneCount = lanes
    defer { laneCount = 16 }

    let arithmetic = kernel.arithmetic
    let firstRow = row.map { Affine(variable: $0) } ?? Affine(0)
    let firstColumn = column.map { Affine(Dim($0)) } ?? Affine(variable: "n")
    let weights = pointer(.weights(kernel.weights), type: kernel.weightType, written: false)
    levels[level].append(
      .declare(type: "const \(kernel.weightType) *", name: "w", weights + c(firstColumn * Dim(kernel.steps))))
    let outer = kernel.plan.indices.map { index in kernel.rowVariable.map { index.without($0) } ?? index }
    let (a, aStart) = address(
      View(root: kernel.a.root, offset: kernel.a.offset, strides: kernel.aLeading), outer, element: arithmetic.operand)
    for r in 0..<rows {
      let start = aStart + (firstRow + Affine(Dim(r))) * kernel.aRow
      levels[level].append(.declare(type: "const \(arithmetic.operand.memoryType) *", name: "a\(r)", a + c(start)))
    }
    for p in 0..<panels {
      var start = try biasPanel(kernel, firstColumn + Affine(Dim(16 * p)))
      if kernel.format == .int8 {
        let scales = pointer(
          .weights(.panelScales(kernel.matrix, isTransposed: kernel.isTransposed)), type: "f32", written: false)
        let scale = scales + c(firstColumn + Affine(Dim(16 * p)))
        levels[level].append(.declare(type: "const f32x16", name: "s\(p)", .load("const f32x16", scale)))
        if kernel.gemm.bias != nil { start = start / .name("s\(p)") }
      }
      for r in 0..<rows { levels[level].append(.declare(type: arithmetic.vector, name: "c\(r)_\(p)", start)) }
    }
    if kernel.isDeep, row != nil {
      levels[level].append(
        .branch(.binary("begin", ">", 0), then: resumed(kernel, rows, firstRow, firstColumn, lanes), else: []))
    }
    levels[level] += row == nil ? plainSteps(kernel, rows, panels) : prefetchingSteps(kernel, rows)
    let summed = levels[level].count
    for r in 0..<rows {
      for p in 0..<panels {
        let sums = CExpression.name("c\(r)_\(p)")
        try finish(
          kernel, kernel.format == .int8 ? sums * .name("s\(p)") : sums, row: firstRow + Affine(Dim(r)),
          column: firstColumn + Affine(Dim(16 * p)),
          lanes: lanes)
      }
    }
    if kernel.isDeep, row != nil {
      let finish = Array(levels[level][summed...])
      levels[level].removeSubrange(summed...)
      levels[level].append(
        .branch(
          "end" < .integer(kernel.depth), then: suspended(kernel, rows, firstRow, firstColumn, lanes), else: finish))
    }
    let statements = levels.removeLast()
    closeLoops(to: level - 1)
    return statements
  }

  private mutating func biasPanel(_ kernel: GemmKernel, _ column: Affine) throws(EmitFailure) -> CExpression {
    guard let bias = kernel.gemm.bias else { return .cast(kernel.arithmetic.vector, 0) }
    let base = pointer(.weights(.raw(bias)), type: "f32", written: false)
    return .load("const f32x16_unaligned", base + c(column))
  }

  /// The chains' sums of the blocks of k before.
  private mutating func resumed(
    _ kernel: GemmKernel, _ rows: Int, _ row: Affine, _ column: Affine, _ lanes: Int,
  ) -> [CStatement] {
    (0..<rows).map { r in
      let place = sumsPlace(kernel, row + Affine(Dim(r)), column)
      return .assign(.name("c\(r)_0"), .call("load_part", [place, .integer(lanes)]))
    }
  }

  /// Leaves the sums in the result for the next block of k.
  private mutating func suspended(
    _ kernel: GemmKernel, _ rows: Int, _ row: Affine, _ column: Affine, _ lanes: Int,
  ) -> [CStatement] {
    (0..<rows).map { r in
      let place = sumsPlace(kernel, row + Affine(Dim(r)), column)
      return .expression(.call("store_part", [place, .name("c\(r)_0"), .integer(lanes)]))
    }
  }

  private mutating func sumsPlace(_ kernel: GemmKernel, _ row: Affine, _ column: Affine) -> CExpression {
    let indices = kernel.indices(row: row, column: column)
    let (base, offset) = address(kernel.result, indices, element: .f32, written: true)
    return base + c(offset)
  }

  /// Applies the epilogue to finished sums and stores them.
  private mutating func finish(
    _ kernel: GemmKernel, _ sums: CExpression, row: Affine, column: Affine, lanes: Int,
  ) throws(EmitFailure) {
    lane = "lane"
    defer { lane = nil }
    let level = levels.count - 1
    let indices = kernel.indices(row: row, column: column + Affine(variable: "lane"))
    seed(kernel, Operand(expression: sums, level: level, isVector: true), indices)
    let value = try finished(kernel, indices)
    let (base, offset) = address(kernel.result, indices, element: kernel.arithmetic.result, written: true)
    let target = base + c(offset.without("lane"))
    if lanes == 16, kernel.result.strides.last == 1 {
      levels[level].append(.assign(.load("\(kernel.arithmetic.vector)_unaligned", target), splat(value)))
    } else if kernel.result.strides.last == 1 {
      levels[level].append(.expression(.call("store_lanes", [target, splat(value), .integer(lanes)])))
    } else {
      let name = fresh("v")
      levels[level].append(.declare(type: "const \(kernel.arithmetic.vector)", name: name, splat(value)))
      for at in 0..<lanes {
        levels[level].append(
          .assign(base[c(offset.without("lane") + Affine(Dim(at)) * offset["lane"])], .name(name)[.integer(at)]))
      }
    }
  }

  /// Puts the sums in the place of the value that the epilogue starts from.
  mutating func seed(_ kernel: GemmKernel, _ sums: Operand, _ indices: [Affine]) {
    let start = kernel.gemm.bias == nil ? kernel.product : schedule.graph.nodes[kernel.gemm.chain[0]].outputs[0]
    cache[CacheKey(value: start, indices: indices, lane: lane)] = sums
  }

  /// The value to store, from seeded sums.
  mutating func finished(_ kernel: GemmKernel, _ indices: [Affine]) throws(EmitFailure) -> Operand {
    if let known = cache[CacheKey(value: kernel.gemm.result, indices: indices, lane: lane)] { return known }
    return try applied(kernel.gemm.result, at: indices)
  }
}

extension GemmKernel {
  /// Indices of a result element in terms of a row and a column.
  func indices(row: Affine, column: Affine) -> [Affine] {
    let leading = plan.indices.map { index in
      guard let rowVariable, index[rowVariable] != 0 else { return index }
      return row
    }
    return zip(leading + [column], resultShape.dims).map { $1 == 1 ? Affine(0) : $0 }
  }
}
