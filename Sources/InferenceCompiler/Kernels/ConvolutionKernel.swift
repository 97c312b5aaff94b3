import InferenceIR
import TensorTypes

/// A convolution of f32 with constant weights as a matrix product without an image of columns: rows are windows, and
/// the tile's row pointers move from one element of the window to the next (indirect GEMM: Dukhan, arXiv 1907.02129).
///
/// Weights stand in panels of 16 maps, `[group][panel][k][16]`, where k runs over the window's elements and within over
/// channels; a last panel of at most 8 maps is `[k][8]`. Every result element is one chain of fused multiply-adds over
/// k that starts with the bias; elements of the padding are passed over or add products with zero, as the window's place
/// has it (`WindowRegion`). Its bits do not depend on the tile, hence not on the batch.
struct ConvolutionKernel {
  let group: FusionPlan.ConvolutionGroup
  let op: Convolution
  let x: View
  let result: View
  let xShape: Shape
  let shape: Shape
  let weights: ValueID
  let bias: ValueID?
  /// The value that the epilogue starts from.
  let sums: ValueID
  let loops: WindowLoops
  /// Channels and maps of one group.
  let width: Int
  let maps: Int
  /// Whether the windows of a call follow each other at one distance in memory, in everything that is written and
  /// read behind the sums, and in x as well.
  let isMerged: Bool
  let isProduct: Bool
  /// Axes of the window whose elements are visited one by one; those that are left stand side by side with their
  /// channels.
  let tapAxes: [Int]
  /// What windows visit, by where they stand; none where all are treated alike.
  let regions: [WindowRegion]

  init(_ group: FusionPlan.ConvolutionGroup, _ schedule: Schedule) throws(EmitFailure) {
    let node = schedule.graph.nodes[group.node]
    guard case .convolution(let op) = node.op, let x = schedule.views[node.inputs[0]],
      let result = schedule.views[group.result], let shape = schedule.graph[node.inputs[1]].constant?.shape
    else {
      throw .unsupported(CompileError(origin: node.origin, message: "is not a convolution in memory"))
    }
    self.group = group
    self.op = op
    self.x = x
    self.result = result
    xShape = schedule.shape(of: node.inputs[0])
    self.shape = schedule.shape(of: group.result)
    weights = node.inputs[1]
    bias = node.inputs.count > 2 ? node.inputs[2] : nil
    sums = node.outputs[0]
    width = shape[1]
    maps = shape[0] / op.groups
    loops = WindowLoops(op.window, over: xShape)

    func withoutChannels(_ view: View, _ own: Shape, _ target: Shape) -> [Dim] {
      var strides = view.alignedStrides(own, to: target)
      strides.remove(at: 1)
      return strides
    }
    var strides = [withoutChannels(result, self.shape, self.shape)]
    for at in group.chain {
      for id in schedule.graph.nodes[at].inputs {
        guard let view = schedule.views[id], schedule.graph[id].constant?.elementCount != 1 else { continue }
        strides.append(withoutChannels(view, schedule.shape(of: id), self.shape))
      }
    }
    var places = self.shape
    places.dims.remove(at: 1)
    isMerged = LoopPlan(places, strides: strides).loops.count <= 1
    let axes = op.window.size.indices
    let isTrivial = axes.allSatisfy {
      op.window.size[$0] == 1 && op.window.strides[$0] == 1 && op.window.before[$0] == 0 && op.window.after[$0] == 0
    }
    strides.append(withoutChannels(x, xShape, xShape))
    isProduct = isTrivial && LoopPlan(places, strides: strides).loops.count <= 1

    let last = axes.count - 1
    let isRun =
      op.groups == 1 && (x.strides[1] == 1 || width == 1) && x.strides[last + 2] == Dim(width)
      && op.window.dilations[last] == 1 && loops.isInside(last, count: self.shape[last + 2])
    tapAxes = Array(isRun ? axes.dropLast() : axes)
    let (counts, extents) = (self.shape.dims.dropFirst(2).compactMap(\.constant), loops.extents.compactMap(\.constant))
    let found =
      counts.count == axes.count && extents.count == axes.count
      ? WindowRegion.regions(of: loops, counts: counts, axes: tapAxes, fewest: Self.fewestWindows) : []
    regions = found.count > 1 ? found : []
  }

  /// Rows of a tile that hide the latency of a multiply-add: 8 independent sums of 8 lanes.
  static let fewestWindows = 4
  /// Bytes of x that all panels of weights pass: half of the L2 cache beside weights that stay there too; more where
  /// every pass reads the weights from the outer caches.
  var blockBytes: Int { hasFewWeights ? 256 << 10 : 512 << 10 }
  /// The first so many tiles of a panel ask for the next one, a cache line every so many steps of theirs: its way from
  /// memory then takes as long as several tiles, where a hardware prefetcher sees it only at its start.
  static let stepsAhead = 8
  /// Weights that stay in the L2 cache beside the windows of a block.
  static let fewWeightBytes = 256 << 10

  var taps: Int { op.window.elementCount }
  var depth: Int { taps * width }
  /// Steps of k between two moves of the row pointers.
  var segment: Int { depth / tapAxes.reduce(1) { $0 * op.window.size[$1] } }
  var packing: ConvolutionPacking { ConvolutionPacking(groups: op.groups, maps: maps, width: width, taps: taps) }
  /// Distance of neighbouring channels of x.
  var step: Dim { width == 1 ? 1 : x.strides[1] }
  /// Windows of all images.
  var rows: Dim { shape.dims.enumerated().reduce(Dim(1)) { $1.offset == 1 ? $0 : $0 * $1.element } }
  var name: String { "conv_\(op.window.size.map(String.init).joined(separator: "x"))_\(width)x\(maps)" }
  func isInside(_ axis: Int) -> Bool { loops.isInside(axis, count: shape[axis + 2]) }
  /// Whether windows visit elements outside x along an axis, which are read as zeros.
  func readsZeros(_ axis: Int) -> Bool {
    regions.isEmpty ? !isInside(axis) : !regions.allSatisfy { $0.isInside(axis, loops) }
  }
  /// Whether all weights stay in the L2 cache.
  var hasFewWeights: Bool { depth * maps * 4 <= Self.fewWeightBytes }
  /// Whether tiles of full panels ask for the panel that follows.
  var asksAhead: Bool { !hasFewWeights && segment % Self.stepsAhead == 0 }
}

extension Emitter {
  /// Blocks of windows whose part of x stays in the L2 cache while all panels of weights pass.
  mutating func convolution(_ kernel: ConvolutionKernel) throws(EmitFailure) {
    if kernel.op.groups == 1 {
      levels[0] += try blocks(kernel)
    } else {
      declare(variable: "g", level: 1)
      levels.append([])
      let body = try blocks(kernel)
      levels.removeLast()
      levels[0].append(
        .loop(variable: "g", from: 0, below: .integer(kernel.op.groups), step: 1, kind: .independent, body))
    }
  }

  private mutating func blocks(_ kernel: ConvolutionKernel) throws(EmitFailure) -> [CStatement] {
    let tallest = target.rows
    let bytes = zip(kernel.op.window.strides, kernel.op.window.size).reduce(kernel.width * 4) { $0 * min($1.0, $1.1) }
    let perBlock = max(4 * tallest, kernel.blockBytes / bytes)
    var body: [CStatement] = [
      .declare(type: "const i64", name: "first", "windows" * "block" / "count"),
      .declare(type: "const i64", name: "last", "windows" * ("block" + 1) / "count"),
    ]
    let (panels, rest) = (kernel.packing.fullPanels, kernel.packing.rest)
    let fewest = fewestRows(kernel, perBlock)
    let full = panels > 0 ? try column(kernel, column: nil, lanes: 16, fewest: fewest) : []
    let tail =
      rest == 0
      ? []
      : rest > 8
        ? try column(kernel, column: panels * 16, lanes: rest, fewest: fewest)
        : try narrowColumn(kernel, column: panels * 16, lanes: rest)
    // One loop over all panels, the last of which may be narrower: blocks and panels make one range to split.
    let both: [CStatement] = [.branch("n" < .integer(panels * 16), then: full, else: tail)]
    body.append(
      .loop(
        variable: "n", from: 0, below: .integer(kernel.maps), step: 16, kind: .independent,
        eachRegion(kernel, full.isEmpty ? tail : tail.isEmpty ? full : both)))
    let rows = c(kernel.rows)
    var statements: [CStatement] = [
      .declare(type: "const i64", name: "windows", rows),
      .declare(type: "const i64", name: "blocks", ("windows" + .integer(perBlock - 1)) / .integer(perBlock)),
    ]
    var count = CExpression.name("blocks")
    if kernel.hasFewWeights {
      // Threads take windows rather than maps: the next step reads most of what its own thread wrote.
      let most = CExpression.name("windows") / .integer(4 * tallest)
      statements.append(.declare(type: "const i64", name: "shares", .conditional("parts" < most, "parts", most)))
      count = .conditional("blocks" < "shares", "shares", "blocks")
    }
    return statements + [
      .declare(type: "const i64", name: "count", count),
      .loop(variable: "block", from: 0, below: "count", step: 1, kind: .independent, body),
    ]
  }

  /// The fewest windows that a block may have: those of one image, of a thread's share, or half a block; pieces of regions
  /// have any number.
  private func fewestRows(_ kernel: ConvolutionKernel, _ perBlock: Int) -> Int {
    if !kernel.regions.isEmpty { return 1 }
    let image = kernel.shape.dims.dropFirst(2).reduce(Dim(1), *).constant ?? 1
    return max(min(image, perBlock / 2, kernel.hasFewWeights ? 4 * target.rows : image), 1)
  }

  /// One panel of 16 maps for the windows `from ..< to`, in tiles of nearly equal height.
  private mutating func column(
    _ kernel: ConvolutionKernel, column: Int?, lanes: Int, fewest: Int,
  ) throws(EmitFailure) -> [CStatement] {
    let tallest = target.rows
    let lowest = (fewest..<fewest + tallest * tallest).map { $0 / (($0 + tallest - 1) / tallest) }.min() ?? 1
    var cases: [(Int, [CStatement])] = []
    for height in max(lowest, 1)...tallest {
      cases.append((height, try tile(kernel, rows: height, panel: 16, column: column, lanes: lanes)))
    }
    var body: [CStatement] = [
      .declare(
        type: "const i64", name: "m",
        "from" + "tile" * "height" + .conditional("tile" < "taller", "tile", "taller")),
      .select("height" + .binary("tile", "<", "taller"), cases: cases),
    ]
    if kernel.asksAhead { body.append(.assign("turn", "turn" + 1)) }
    return [
      .declare(type: "const i64", name: "tiles", (("to" - "from") + .integer(tallest - 1)) / .integer(tallest)),
      .declare(type: "const i64", name: "height", ("to" - "from") / "tiles"),
      .declare(type: "const i64", name: "taller", ("to" - "from") % "tiles"),
      .loop(variable: "tile", from: 0, below: "tiles", step: 1, body),
    ]
  }

  /// The last panel, of 8 maps: twice as many rows have as many sums.
  private mutating func narrowColumn(
    _ kernel: ConvolutionKernel, column: Int, lanes: Int,
  ) throws(EmitFailure) -> [CStatement] {
    var statements: [CStatement] = [.declare(type: "i64", name: "m", "from")]
    for rows in [2 * target.rows, 4, 1] {
      let body = try tile(kernel, rows: rows, panel: 8, column: column, lanes: lanes)
      statements.append(.whileLoop("m" + .integer(rows) <= "to", [.block(body), .assign("m", "m" + .integer(rows))]))
    }
    return statements
  }
}
