import InferenceIR
import TensorTypes

extension ConvolutionKernel {
  /// Whether every channel is convolved by itself, with channels side by side and windows short enough to be written
  /// out.
  var isDepthwise: Bool {
    width == 1 && maps == 1 && op.groups > 1 && x.strides[1] == 1 && op.window.size[lastAxis] <= 16
      && op.window.extent(lastAxis) <= 256 && op.window.strides[lastAxis] <= 16
  }
  /// The axis along which neighbouring windows share what they read.
  var lastAxis: Int { op.window.rank - 1 }

  /// The windows along the last axis that lie inside x: those before and after are cut off by its border. None where
  /// sizes are symbolic.
  var interior: Range<Int> {
    guard let extent = xShape[lastAxis + 2].constant, let count = shape[lastAxis + 2].constant else { return 0..<0 }
    let (stride, before) = (op.window.strides[lastAxis], op.window.before[lastAxis])
    let first = min(max((before + stride - 1) / stride, 0), count)
    let room = extent + before - op.window.extent(lastAxis)
    return first..<max(first, min(room < 0 ? 0 : room / stride + 1, count))
  }
}

extension Emitter {
  /// A convolution of every channel by itself: 16 channels of several neighbouring windows at a time, which share the
  /// elements that they read. Each result is one chain of fused multiply-adds over the window that starts with the
  /// bias; elements of the padding are passed over.
  mutating func depthwise(_ kernel: ConvolutionKernel) throws(EmitFailure) {
    let axes = [0] + Array(2..<kernel.shape.rank - 1)
    let plan = LoopPlan(Shape(axes.map { kernel.shape[$0] }), strides: nil)
    try loops(plan.loops, .independent) { emitter throws(EmitFailure) in
      var indices = [Affine](repeating: Affine(0), count: kernel.shape.rank)
      for (at, axis) in axes.enumerated() { indices[axis] = plan.indices[at] }
      let level = emitter.levels.count - 1
      let (inside, count) = (kernel.interior, emitter.c(kernel.shape[kernel.lastAxis + 2]))
      let neighbours = inside.count >= 4 ? 4 : 1
      let tiled = inside.lowerBound + inside.count / neighbours * neighbours
      let pieces: [(CExpression, CExpression, Int, Bool)] = [
        (0, .integer(inside.lowerBound), 1, false),
        (.integer(inside.lowerBound), .integer(tiled), neighbours, true),
        (.integer(tiled), .integer(inside.upperBound), 1, true),
        (.integer(inside.upperBound), count, 1, false),
      ]
      for (from, below, windows, isInside) in pieces where from != below {
        let body = try emitter.windows(kernel, indices, windows, isInside: isInside)
        emitter.levels[level].append(
          .loop(variable: "x", from: from, below: below, step: .integer(windows), body))
      }
    }
  }

  /// All channels of `count` windows from `x` on.
  private mutating func windows(
    _ kernel: ConvolutionKernel, _ indices: [Affine], _ count: Int, isInside: Bool,
  ) throws(EmitFailure) -> [CStatement] {
    let channels = kernel.op.groups
    let whole = channels / 16 * 16
    var statements: [CStatement] = []
    for (first, below, lanes) in [(0, whole, 16), (whole, channels, channels - whole)] where first < below {
      let body = try window(kernel, indices, count, isInside: isInside, lanes: lanes)
      statements.append(
        .loop(variable: "c", from: .integer(first), below: .integer(below), step: 16, body))
    }
    return statements
  }

  private mutating func window(
    _ kernel: ConvolutionKernel, _ indices: [Affine], _ count: Int, isInside: Bool, lanes: Int,
  ) throws(EmitFailure) -> [CStatement] {
    levels.append([])
    let level = levels.count - 1
    for variable in ["x", "c", "lane"] { declare(variable: variable, level: level) }
    laneCount = lanes
    defer { laneCount = 16 }
    let (window, last) = (kernel.op.window, kernel.lastAxis)
    let channel = Affine(variable: "c")

    let weights = pointer(.weights(.depthwise(kernel.weights)), type: "f32", written: false)
    let (base, rest) = self.base(of: kernel.x, element: .f32)
    var start = Affine(rest) + channel + indices[0] * kernel.x.strides[0]
    var all = indices
    all[last + 2] = Affine(variable: "x")
    for axis in 0...last {
      let position = all[axis + 2] * Dim(window.strides[axis]) + Affine(Dim(-window.before[axis]))
      start = start + position * kernel.x.strides[axis + 2]
    }
    levels[level] += [
      .declare(type: "const i64", name: "at", .cast("i64", c(start))),
      .declare(type: "const f32 *", name: "w", weights + "c"),
    ]
    for p in 0..<count {
      var sum: CExpression = .cast("f32x16", .float(0))
      if let bias = kernel.bias {
        sum = .load("const f32x16_unaligned", pointer(.weights(.raw(bias)), type: "f32", written: false) + "c")
      }
      levels[level].append(.declare(type: "f32x16", name: "c\(p)", sum))
    }
    levels[level] += taps(kernel, all, base, count, isInside: isInside, lanes: lanes)
    for p in 0..<count {
      all[1] = channel + Affine(variable: "lane")
      all[last + 2] = Affine(variable: "x") + Affine(Dim(p))
      try finish(kernel.group.result, from: kernel.sums, .name("c\(p)"), at: all, to: kernel.result, lanes: lanes)
    }
    let statements = levels.removeLast()
    closeLoops(to: level - 1)
    return statements
  }

  /// The multiply-adds over the window, row by row.
  private mutating func taps(
    _ kernel: ConvolutionKernel, _ indices: [Affine], _ base: CExpression, _ count: Int, isInside: Bool, lanes: Int,
  ) -> [CStatement] {
    let (window, last) = (kernel.op.window, kernel.lastAxis)
    let padded = DepthwisePacking.padded(kernel.op.groups)
    let (size, dilation, stride) = (window.size[last], window.dilations[last], window.strides[last])
    let step = c(kernel.x.strides[last + 2])
    var body: [CStatement] = [.declare(type: "const f32 *", name: "row", base + ("at" + rowOffset(kernel)))]
    func weight(_ k: Int) -> CExpression { .load("const f32x16", "w" + .integer(k * padded)) }
    func element(_ place: Int) -> CExpression {
      let pointer = "row" + .integer(place) * step
      return lanes == 16
        ? .load("const f32x16_unaligned", pointer) : .call("load_lanes", [pointer, .integer(lanes)])
    }
    if isInside {
      for k in 0..<size { body.append(.declare(type: "const f32x16", name: "w\(k)", weight(k))) }
      // Each element of the row is read once, for all windows that it is in.
      for place in 0...((count - 1) * stride + (size - 1) * dilation) {
        let uses = (0..<count).flatMap { p in
          (0..<size).filter { p * stride + $0 * dilation == place }.map { (p, $0) }
        }
        if uses.isEmpty { continue }
        body.append(.declare(type: "const f32x16", name: "x\(place)", element(place)))
        for (p, k) in uses {
          body.append(.assign(.name("c\(p)"), .call("m_fma", [.name("x\(place)"), .name("w\(k)"), .name("c\(p)")])))
        }
      }
    } else {
      for k in 0..<size {
        let position = c(indices[last + 2] * Dim(stride) + Affine(Dim(k * dilation - window.before[last])))
        body.append(
          .branch(
            contains(position, kernel.xShape[last + 2]),
            then: [.assign("c0", .call("m_fma", [element(k * dilation), weight(k), "c0"]))], else: []))
      }
    }
    body.append(.assign("w", "w" + .integer(size * padded)))
    for axis in (0..<last).reversed() {
      if !kernel.isInside(axis) {
        let position =
          c(indices[axis + 2] * Dim(window.strides[axis]) + Affine(Dim(-window.before[axis])))
          + .name("k\(axis)") * .integer(window.dilations[axis])
        // What is passed over has weights too.
        let passed = window.size[(axis + 1)...].reduce(1, *)
        body = [
          .branch(
            contains(position, kernel.xShape[axis + 2]), then: body,
            else: [.assign("w", "w" + .integer(passed * padded))])
        ]
      }
      body = [
        .loop(variable: "k\(axis)", from: 0, below: .integer(window.size[axis]), step: 1, body)
      ]
    }
    return body
  }

  private mutating func rowOffset(_ kernel: ConvolutionKernel) -> CExpression {
    var offset: CExpression = 0
    for axis in 0..<kernel.lastAxis {
      offset = offset + .name("k\(axis)") * c(Dim(kernel.op.window.dilations[axis]) * kernel.x.strides[axis + 2])
    }
    return offset
  }

  /// `0 <= position < extent` as one comparison.
  private mutating func contains(_ position: CExpression, _ extent: Dim) -> CExpression {
    .binary(.cast("u64", .unary("", position)), "<", .cast("u64", .unary("", c(extent))))
  }
}
