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

    let depth = kernel.depth
    let firstRow = row.map { Affine(variable: $0) } ?? Affine(0)
    let firstColumn = column.map { Affine(Dim($0)) } ?? Affine(variable: "n")
    let weights = pointer(
      .weights(.panels(kernel.matrix, isTransposed: kernel.isTransposed)), type: "f32", written: false)
    levels[level].append(.declare(type: "const f32 *", name: "w", weights + c(firstColumn * Dim(depth))))
    let outer = kernel.plan.indices.map { index in kernel.rowVariable.map { index.without($0) } ?? index }
    let (a, aStart) = address(
      View(root: kernel.a.root, offset: kernel.a.offset, strides: kernel.aLeading), outer, element: .f32)
    for r in 0..<rows {
      let start = aStart + (firstRow + Affine(Dim(r))) * kernel.aRow
      levels[level].append(.declare(type: "const f32 *", name: "a\(r)", a + c(start)))
    }
    for p in 0..<panels {
      let start = try biasPanel(kernel, firstColumn + Affine(Dim(16 * p)))
      for r in 0..<rows { levels[level].append(.declare(type: "f32x16", name: "c\(r)_\(p)", start)) }
    }
    levels[level].append(
      .loop(variable: "k", from: 0, below: .integer(depth), step: 1, steps(kernel, rows, panels)))
    for r in 0..<rows {
      for p in 0..<panels {
        try finish(
          kernel, .name("c\(r)_\(p)"), row: firstRow + Affine(Dim(r)), column: firstColumn + Affine(Dim(16 * p)),
          lanes: lanes)
      }
    }
    let statements = levels.removeLast()
    closeLoops(to: level - 1)
    return statements
  }

  private mutating func biasPanel(_ kernel: GemmKernel, _ column: Affine) throws(EmitFailure) -> CExpression {
    guard let bias = kernel.gemm.bias else { return .cast("f32x16", .float(0)) }
    let base = pointer(.weights(.raw(bias)), type: "f32", written: false)
    return .load("const f32x16_unaligned", base + c(column))
  }

  /// One step over k: a panel row per panel, and for each row of A a multiply-add with it.
  private mutating func steps(_ kernel: GemmKernel, _ rows: Int, _ panels: Int) -> [CStatement] {
    var body: [CStatement] = []
    for p in 0..<panels {
      let at = "k" * 16 + .integer(p * 16 * kernel.depth)
      body.append(.declare(type: "const f32x16", name: "w\(p)", .load("const f32x16", "w" + at)))
      // One row reads every weight once: from the outer caches, ahead of the hardware's own guesses.
      if rows == 1, panels > 1 {
        body.append(.expression(.call("__builtin_prefetch", ["w" + (at + .integer(16 * 16))])))
      }
    }
    for r in 0..<rows {
      let element: CExpression = .name("a\(r)")["k" * c(kernel.aStep)]
      body.append(.declare(type: "const f32x16", name: "x\(r)", .cast("f32x16", element)))
      for p in 0..<panels {
        let sum = CExpression.name("c\(r)_\(p)")
        body.append(.assign(sum, .call("m_fma", [.name("x\(r)"), .name("w\(p)"), sum])))
      }
    }
    return body
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
    let (base, offset) = address(kernel.result, indices, element: .f32, written: true)
    let target = base + c(offset.without("lane"))
    if lanes == 16, kernel.result.strides.last == 1 {
      levels[level].append(.assign(.load("f32x16_unaligned", target), splat(value)))
    } else if kernel.result.strides.last == 1 {
      levels[level].append(.expression(.call("store_lanes", [target, splat(value), .integer(lanes)])))
    } else {
      let name = fresh("v")
      levels[level].append(.declare(type: "const f32x16", name: name, splat(value)))
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
