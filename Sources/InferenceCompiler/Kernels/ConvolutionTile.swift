import InferenceIR
import TensorTypes

extension Emitter {
  /// `rows` windows from `m` on for the maps of one panel, held in registers from the bias to the store.
  /// - Parameters:
  ///   - panel: maps of the panel in memory, 16 or 8.
  ///   - column: its first map within the group; nil for the variable `n`.
  ///   - lanes: how many of its maps exist.
  mutating func tile(
    _ kernel: ConvolutionKernel, rows: Int, panel: Int, column: Int?, lanes: Int,
  ) throws(EmitFailure) -> [CStatement] {
    levels.append([])
    let level = levels.count - 1
    for variable in ["n", "m", "lane"] { declare(variable: variable, level: level) }
    laneCount = lanes
    defer { laneCount = 16 }
    let group: Affine = kernel.op.groups == 1 ? Affine(0) : Affine(variable: "g")
    let within = column.map { Affine(Dim($0)) } ?? Affine(variable: "n")
    let first = group * Dim(kernel.maps) + within
    let packed = pointer(.weights(.convolution(kernel.weights, kernel.packing)), type: "f32", written: false)
    let start = group * Dim(kernel.packing.groupCount) + within * Dim(kernel.depth)
    let (base, _) = self.base(of: kernel.x, element: .f32)
    let vector = panel == 16 ? "f32x16" : "f32x8"

    let windows = (0..<rows).map { window(kernel, $0, level: level) }
    levels[level].append(.declare(type: "const f32 *", name: "w", packed + c(start)))
    for (r, window) in windows.enumerated() {
      let name = kernel.isProduct ? "a\(r)" : "o\(r)"
      let place =
        window.start + group * (Dim(kernel.width) * kernel.x.strides[1]) + Affine(kernel.x.offsetBeyondPointer)
      levels[level].append(
        kernel.isProduct
          ? .declare(type: "const f32 *", name: name, base + c(place))
          : .declare(type: "const i64", name: name, .cast("i64", c(place))))
      var sums: CExpression = .cast(vector, .float(0))
      if let bias = kernel.bias {
        let row = pointer(.weights(.raw(bias)), type: "f32", written: false)
        sums = .load("const \(vector)_unaligned", row + c(first))
      }
      levels[level].append(.declare(type: vector, name: "c\(r)", sums))
    }
    levels[level] +=
      kernel.isProduct
      ? steps(kernel, rows: rows, panel: panel) : taps(kernel, windows, base, panel: panel)
    for (r, window) in windows.enumerated() {
      let sums: CExpression = panel == 16 ? .name("c\(r)") : .call("widened", [.name("c\(r)")])
      var indices = window.indices
      indices[1] = first + Affine(variable: "lane")
      try finish(kernel.group.result, from: kernel.sums, sums, at: indices, to: kernel.result, lanes: lanes)
    }
    let statements = levels.removeLast()
    closeLoops(to: level - 1)
    return statements
  }

  /// Where one window of a tile stands.
  private struct TileWindow {
    /// Indices of its result, but for the channel.
    var indices: [Affine]
    /// Its first position along every spatial axis.
    var positions: [Affine]
    /// The offset of that position in x.
    var start: Affine
  }

  /// Splits the number of a window into its image and its place along every spatial axis, as far as anybody asks.
  private mutating func window(_ kernel: ConvolutionKernel, _ r: Int, level: Int) -> TileWindow {
    let number = Affine(variable: "m") + Affine(Dim(r))
    let rank = kernel.shape.rank
    let axes = [0] + Array(2..<rank)
    let wide = axes.filter { kernel.shape[$0] != 1 }
    var merged = [Affine](repeating: Affine(0), count: rank)
    if let last = wide.last { merged[last] = number }
    var own = [Affine](repeating: Affine(0), count: rank)
    if !kernel.isMerged || !kernel.isProduct {
      var rest = c(number)
      for (at, axis) in wide.enumerated().reversed() {
        let name = "i\(r)_\(axis)"
        let value = at == 0 ? rest : rest % c(kernel.shape[axis])
        levels[level].append(.declare(type: "const i64", name: name, .cast("i64", value)))
        declare(variable: name, level: level)
        own[axis] = Affine(variable: name)
        if at > 0 {
          levels[level].append(.declare(type: "const i64", name: "rest\(r)_\(axis)", rest / c(kernel.shape[axis])))
          rest = .name("rest\(r)_\(axis)")
        }
      }
    }
    let from = kernel.isProduct ? merged : own
    var positions: [Affine] = []
    var start = from[0] * kernel.x.strides[0]
    for axis in 0..<kernel.op.window.rank {
      let position =
        from[axis + 2] * Dim(kernel.op.window.strides[axis]) + Affine(Dim(-kernel.op.window.before[axis]))
      positions.append(position)
      start = start + position * kernel.x.strides[axis + 2]
    }
    return TileWindow(indices: kernel.isMerged ? merged : own, positions: positions, start: start)
  }

  /// Moves the row pointers through the window: a position outside x reads zeros.
  private mutating func taps(
    _ kernel: ConvolutionKernel, _ windows: [TileWindow], _ base: CExpression, panel: Int,
  ) -> [CStatement] {
    let strides = kernel.x.strides
    var offset: CExpression = 0
    for axis in kernel.tapAxes {
      offset = offset + .name("k\(axis)") * c(Dim(kernel.op.window.dilations[axis]) * strides[axis + 2])
    }
    let checked = kernel.tapAxes.filter { !kernel.isInside($0) }
    var body: [CStatement] = []
    for r in windows.indices {
      let inside = base + (.name("o\(r)") + offset)
      let isInside = checked.reduce(CExpression?.none) { all, axis in
        let one = CExpression.name("v\(r)_\(axis)")
        return all.map { .binary($0, "&", one) } ?? one
      }
      guard let isInside else {
        body.append(.declare(type: "const f32 *", name: "a\(r)", inside))
        continue
      }
      let zeros = pointer(.weights(.zeros(count: kernel.segment)), type: "f32", written: false)
      body.append(.declare(type: "const f32 *", name: "a\(r)", .conditional(isInside, inside, zeros)))
      if kernel.step != 1 {
        body.append(.declare(type: "const i64", name: "s\(r)", .conditional(isInside, c(kernel.step), 0)))
      }
    }
    let hasSteps = kernel.step != 1 && !checked.isEmpty
    body += steps(kernel, rows: windows.count, panel: panel, ownSteps: hasSteps)
    body.append(.assign("w", "w" + .integer(kernel.segment * panel)))
    for axis in kernel.tapAxes.reversed() {
      var checks: [CStatement] = []
      for (r, window) in windows.enumerated() where checked.contains(axis) {
        let position = c(window.positions[axis]) + .name("k\(axis)") * .integer(kernel.op.window.dilations[axis])
        let isInside: CExpression = .binary(
          .cast("u64", .unary("", position)), "<", .cast("u64", .unary("", c(kernel.xShape[axis + 2]))))
        checks.append(.declare(type: "const i64", name: "v\(r)_\(axis)", isInside))
      }
      body = [
        .loop(
          variable: "k\(axis)", from: 0, below: .integer(kernel.op.window.size[axis]), step: 1, checks + body)
      ]
    }
    return body
  }

  /// The multiply-adds over one segment of k.
  private mutating func steps(
    _ kernel: ConvolutionKernel, rows: Int, panel: Int, ownSteps: Bool = false,
  ) -> [CStatement] {
    let vector = panel == 16 ? "f32x16" : "f32x8"
    var body: [CStatement] = [
      .declare(type: "const \(vector)", name: "w0", .load("const \(vector)", "w" + "k" * .integer(panel)))
    ]
    for r in 0..<rows {
      let element = CExpression.name("a\(r)")["k" * (ownSteps ? .name("s\(r)") : c(kernel.step))]
      let sum = CExpression.name("c\(r)")
      body.append(.assign(sum, .call("m_fma", [.cast(vector, element), "w0", sum])))
    }
    return [.loop(variable: "k", from: 0, below: .integer(kernel.segment), step: 1, body)]
  }

  /// Applies an epilogue to finished sums of 16 neighbouring channels and stores `lanes` of them. `indices` use the
  /// variable `lane` along the channels.
  mutating func finish(
    _ value: ValueID, from start: ValueID, _ sums: CExpression, at indices: [Affine], to view: View, lanes: Int,
  ) throws(EmitFailure) {
    lane = "lane"
    defer { lane = nil }
    let level = levels.count - 1
    // As evaluation writes the indices of axes of one element.
    let indices = zip(indices, schedule.shape(of: start).dims).map { $1 == 1 ? Affine(0) : $0 }
    cache[CacheKey(value: start, indices: indices, lane: lane)] = Operand(
      expression: sums, level: level, isVector: true)
    let operand =
      value == start ? Operand(expression: sums, level: level, isVector: true) : try applied(value, at: indices)
    let (base, offset) = address(view, indices, element: .f32, written: true)
    let target = base + c(offset.without("lane"))
    let stride = offset["lane"]
    if stride != 1 {
      let name = fresh("v")
      levels[level].append(.declare(type: "const f32x16", name: name, splat(operand)))
      for at in 0..<lanes {
        levels[level].append(
          .assign(base[c(offset.without("lane") + Affine(Dim(at)) * stride)], .name(name)[.integer(at)]))
      }
    } else if lanes == 16 {
      levels[level].append(.assign(.load("f32x16_unaligned", target), splat(operand)))
    } else {
      levels[level].append(.expression(.call("store_lanes", [target, splat(operand), .integer(lanes)])))
    }
  }
}

extension View {
  /// What `Emitter.base(of:)` leaves of the offset.
  var offsetBeyondPointer: Dim {
    switch root {
    case .buffer: offset - Dim(offset.constantTerm)
    case .constant: offset
    }
  }
}
