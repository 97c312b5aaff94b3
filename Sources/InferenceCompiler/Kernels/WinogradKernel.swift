import InferenceIR
import TensorTypes

/// A convolution by 3 x 3 windows as minimal filtering, for `numerics = fast`: a fraction of the multiplications, and
/// roundings of the transforms on top.
///
/// Tiles of the images are taken in blocks: a block's tiles are transformed into scratch, multiplied point by point with
/// the transformed weights, and transformed back. What a tile gives depends on that tile alone, so bits depend neither
/// on the block nor on the batch.
struct WinogradKernel {
  let kernel: ConvolutionKernel
  let packing: WinogradPacking
  /// Extents of the result.
  let height: Int
  let width: Int
  /// Tiles of a block, at most.
  let blockTiles: Int
  /// Parts of the maps that are computed apart, each with the block transformed again: threads share a small image.
  let groups: Int

  /// Nil where the window has another form, or where the direct form is about as fast.
  init?(_ kernel: ConvolutionKernel) {
    let window = kernel.op.window
    guard kernel.op.groups == 1, window.size == [3, 3], window.strides == [1, 1], window.dilations == [1, 1],
      (window.before + window.after).allSatisfy({ $0 >= 0 }), kernel.x.strides[1] == 1,
      kernel.width % 16 == 0, kernel.maps % 16 == 0, kernel.maps % 32 == 0 || kernel.maps < 128,
      let height = kernel.shape[2].constant, let width = kernel.shape[3].constant, height > 0, width > 0,
      kernel.xShape[2].constant != nil, kernel.xShape[3].constant != nil
    else { return nil }
    (self.kernel, self.height, self.width) = (kernel, height, width)
    let transforms = [2, 4].map { WinogradTransform(results: $0) }
    func cost(_ transform: WinogradTransform) -> Double {
      Self.cost(products: transform.points * transform.points, rows: Self.tiles(transform, height, width))
    }
    guard let best = transforms.min(by: { cost($0) < cost($1) }),
      cost(best) < 0.8 * Self.cost(products: 9, rows: height * width)
    else { return nil }
    packing = WinogradPacking(transform: best, width: kernel.width, maps: kernel.maps)
    groups = kernel.maps < 128 ? 1 : 2
    // Of L2 and what is near of L3; weights are read once a block.
    let bytes = packing.points * (kernel.width + kernel.maps / groups) * 4
    blockTiles = min(max(16, (640 << 10) / bytes), 512)
  }

  /// Of one image, in multiply-adds of a channel and a map. Reading an element of the weights from the outer caches
  /// takes as long as about six of them.
  private static func cost(products: Int, rows: Int) -> Double { Double(products) * (Double(rows) + 6.5) }

  private static func tiles(_ transform: WinogradTransform, _ height: Int, _ width: Int) -> Int {
    let m = transform.results
    return ((height + m - 1) / m) * ((width + m - 1) / m)
  }

  var transform: WinogradTransform { packing.transform }
  var tilesAcross: Int { (width + transform.results - 1) / transform.results }
  var imageTiles: Int { Self.tiles(transform, height, width) }
  var groupMaps: Int { kernel.maps / groups }
  /// Elements from one point's tiles to the next in scratch: a cache line more than they take, so that what is written
  /// for one tile does not fall into one set of the cache.
  var inputPlane: Int { blockTiles * kernel.width + 16 }
  var sumPlane: Int { blockTiles * groupMaps + 16 }
  var name: String { "winograd_\(transform.results)x\(transform.results)_\(kernel.width)x\(kernel.maps)" }
}

extension Emitter {
  mutating func winograd(_ winograd: WinogradKernel) throws(EmitFailure) {
    func scratch(_ index: Int, _ plane: Int) -> CExpression {
      pointer(
        .scratch(index: index, byteCount: Dim(winograd.packing.points * plane * 4)), type: "f32", written: true)
    }
    let (tiles, sums) = (scratch(0, winograd.inputPlane), scratch(1, winograd.sumPlane))
    let images = winograd.kernel.shape[0]
    var body: [CStatement] = [
      .declare(type: "const i64", name: "range", "block" / .integer(winograd.groups)),
      .declare(
        type: "const i64", name: "map", "block" % .integer(winograd.groups) * .integer(winograd.groupMaps)),
      .declare(type: "const i64", name: "first", "tiles" * "range" / "ranges"),
      .declare(type: "const i64", name: "count", "tiles" * ("range" + 1) / "ranges" - "first"),
    ]
    body.append(transformed(winograd, to: tiles))
    body.append(products(winograd, tiles, sums))
    body.append(try results(winograd, from: sums))
    levels[0] += [
      .declare(type: "const i64", name: "tiles", c(images * Dim(winograd.imageTiles))),
      .declare(
        type: "const i64", name: "ranges",
        ("tiles" + .integer(winograd.blockTiles - 1)) / .integer(winograd.blockTiles)),
      .loop(
        variable: "block", from: 0, below: "ranges" * .integer(winograd.groups), step: 1, kind: .independent, body),
    ]
  }

  /// Where tile `first + t` stands: its image, and the first row and column of its results.
  private func place(_ winograd: WinogradKernel) -> [CStatement] {
    let (across, all) = (winograd.tilesAcross, winograd.imageTiles)
    let results = CExpression.integer(winograd.transform.results)
    return [
      .declare(type: "const i64", name: "number", "first" + "t"),
      .declare(type: "const i64", name: "image", "number" / .integer(all)),
      .declare(type: "const i64", name: "row", "number" % .integer(all) / .integer(across) * results),
      .declare(type: "const i64", name: "column", "number" % .integer(all) % .integer(across) * results),
    ]
  }

  /// Bᵀ d B of all tiles of the block, 8 channels at a time: each point's tiles one after the other.
  private mutating func transformed(_ winograd: WinogradKernel, to target: CExpression) -> CStatement {
    let (kernel, transform) = (winograd.kernel, winograd.transform)
    let (size, strides, type) = (transform.points, kernel.x.strides, "f32x8")
    let (base, rest) = self.base(of: kernel.x, element: .f32)
    let before = kernel.op.window.before
    func d(_ row: Int, _ column: Int) -> CExpression { CExpression.name("d")[.integer(row * size + column)] }
    func element(_ row: CExpression, _ column: CExpression) -> CExpression {
      .load("const f32x8_unaligned", "from" + (row * c(strides[2]) + column * c(strides[3])))
    }
    var inside: [CStatement] = []
    for row in 0..<size {
      for column in 0..<size { inside.append(.assign(d(row, column), element(.integer(row), .integer(column)))) }
    }
    let holds: CExpression = .binary(
      .binary(.cast("u64", .unary("", "y" + "i")), "<", .cast("u64", .unary("", c(kernel.xShape[2])))), "&",
      .binary(.cast("u64", .unary("", "x" + "j")), "<", .cast("u64", .unary("", c(kernel.xShape[3])))))
    let border: CStatement = .loop(
      variable: "i", from: 0, below: .integer(size), step: 1,
      [
        .loop(
          variable: "j", from: 0, below: .integer(size), step: 1,
          [
            .assign(
              CExpression.name("d")["i" * .integer(size) + "j"],
              .conditional(holds, element("i", "j"), .cast(type, .float(0))))
          ])
      ])
    var channels: [CStatement] = [
      .declare(
        type: "const f32 *", name: "from",
        base + (c(rest) + "image" * c(strides[0]) + "y" * c(strides[2]) + "x" * c(strides[3]) + "k")),
      .declare(type: type, name: "d[\(size * size)]", nil),
      .branch("whole", then: inside, else: [border]),
    ]
    for column in 0..<size {
      for row in 0..<size {
        let sum = WinogradTransform.combination(transform.input[row], of: (0..<size).map { d($0, column) }, type: type)
        channels.append(.declare(type: "const \(type)", name: "e\(row)_\(column)", sum))
      }
    }
    for row in 0..<size {
      for column in 0..<size {
        let terms = (0..<size).map { CExpression.name("e\(row)_\($0)") }
        let place = .integer((row * size + column) * winograd.inputPlane) + "t" * .integer(kernel.width) + "k"
        channels.append(
          .assign(
            .load("f32x8_unaligned", target + place),
            WinogradTransform.combination(transform.input[column], of: terms, type: type)))
      }
    }
    let last = CExpression.integer(size)
    let whole: CExpression = .binary(
      .binary(.binary("y" >= 0, "&", "x" >= 0), "&", "y" + last <= c(kernel.xShape[2])), "&",
      "x" + last <= c(kernel.xShape[3]))
    return .loop(
      variable: "t", from: 0, below: "count", step: 1,
      place(winograd) + [
        .declare(type: "const i64", name: "y", "row" - .integer(before[0])),
        .declare(type: "const i64", name: "x", "column" - .integer(before[1])),
        .declare(type: "const i64", name: "whole", whole),
        .loop(variable: "k", from: 0, below: .integer(kernel.width), step: 8, channels),
      ])
  }

  /// At each point the tiles' channels times the weights, in register tiles: one chain of multiply-adds over channels.
  private mutating func products(
    _ winograd: WinogradKernel, _ tiles: CExpression, _ sums: CExpression,
  ) -> CStatement {
    let (width, maps) = (winograd.kernel.width, winograd.kernel.maps)
    let weights = pointer(.weights(.winograd(winograd.kernel.weights, winograd.packing)), type: "f32", written: false)
    let tallest = target.rows
    var cases: [(Int, [CStatement])] = []
    for rows in 1...tallest {
      var body: [CStatement] = [
        .declare(type: "const f32 *", name: "a", tiles + ("p" * .integer(winograd.inputPlane) + "t" * .integer(width)))
      ]
      for r in 0..<rows { body.append(.declare(type: "f32x16", name: "c\(r)", .cast("f32x16", .float(0)))) }
      var step: [CStatement] = [
        .declare(type: "const f32x16", name: "w0", .load("const f32x16", "w" + "k" * 16))
      ]
      for r in 0..<rows {
        let element = CExpression.name("a")[.integer(r * width) + "k"]
        step.append(.assign(.name("c\(r)"), .call("m_fma", [.cast("f32x16", element), "w0", .name("c\(r)")])))
      }
      body.append(.loop(variable: "k", from: 0, below: .integer(width), step: 1, step))
      for r in 0..<rows {
        let place = "p" * .integer(winograd.sumPlane) + ("t" + .integer(r)) * .integer(winograd.groupMaps) + "n"
        body.append(.assign(.load("f32x16_unaligned", sums + place), .name("c\(r)")))
      }
      cases.append((rows, body))
    }
    let tile: [CStatement] = [
      .declare(
        type: "const i64", name: "t", "tile" * "height" + .conditional("tile" < "taller", "tile", "taller")),
      .select("height" + .binary("tile", "<", "taller"), cases: cases),
    ]
    return .block([
      .declare(type: "const i64", name: "heights", ("count" + .integer(tallest - 1)) / .integer(tallest)),
      .declare(type: "const i64", name: "height", "count" / "heights"),
      .declare(type: "const i64", name: "taller", "count" % "heights"),
      .loop(
        variable: "p", from: 0, below: .integer(winograd.packing.points), step: 1,
        [
          .loop(
            variable: "n", from: 0, below: .integer(winograd.groupMaps), step: 16,
            [
              .declare(
                type: "const f32 *", name: "w",
                weights + ("p" * .integer(maps * width) + ("map" + "n") * .integer(width))),
              .loop(variable: "tile", from: 0, below: "heights", step: 1, tile),
            ])
        ]),
    ])
  }

  /// Aᵀ s A of all tiles, with the bias and what is fused behind it; results outside of the image are left out.
  private mutating func results(
    _ winograd: WinogradKernel, from sums: CExpression,
  ) throws(EmitFailure) -> CStatement {
    let (kernel, transform) = (winograd.kernel, winograd.transform)
    let (size, count, type) = (transform.points, transform.results, "f32x16")
    levels.append([])
    let level = levels.count - 1
    for variable in ["image", "row", "column", "n", "map", "lane"] { declare(variable: variable, level: level) }
    for column in 0..<size {
      for row in 0..<size {
        let place = CExpression.integer((row * size + column) * winograd.sumPlane) + "t" * .integer(winograd.groupMaps)
        levels[level].append(
          .declare(
            type: "const \(type)", name: "s\(row)_\(column)",
            .load("const f32x16_unaligned", sums + (place + "n"))))
      }
      for row in 0..<count {
        let terms = (0..<size).map { CExpression.name("s\($0)_\(column)") }
        levels[level].append(
          .declare(
            type: "const \(type)", name: "e\(row)_\(column)",
            WinogradTransform.combination(transform.output[row], of: terms, type: type)))
      }
    }
    let channel = Affine(variable: "map") + Affine(variable: "n")
    var start: CExpression?
    if let bias = kernel.bias {
      let from = pointer(.weights(.raw(bias)), type: "f32", written: false)
      levels[level].append(
        .declare(type: "const \(type)", name: "bias", .load("const f32x16_unaligned", from + c(channel))))
      start = "bias"
    }
    for row in 0..<count {
      for column in 0..<count {
        levels.append([])
        let terms = (0..<size).map { CExpression.name("e\(row)_\($0)") }
        let sum = WinogradTransform.combination(transform.output[column], of: terms, type: type)
        let (name, line) = ("c\(row)_\(column)", "line\(row)_\(column)")
        // A variable of its own keeps what is read for this result inside of its branch.
        declare(variable: line, level: level + 1)
        levels[level + 1] += [
          .declare(type: "const i64", name: line, "row" + .integer(row)),
          .declare(type: "const \(type)", name: name, start.map { .binary($0, "+", sum) } ?? sum),
        ]
        let indices = [
          Affine(variable: "image"), channel + Affine(variable: "lane"), Affine(variable: line),
          Affine(variable: "column") + Affine(Dim(column)),
        ]
        try finish(kernel.group.result, from: kernel.sums, .name(name), at: indices, to: kernel.result, lanes: 16)
        let body = levels.removeLast()
        closeLoops(to: level)
        let holds: CExpression = .binary(
          "row" + .integer(row) < .integer(winograd.height), "&", "column" + .integer(column) < .integer(winograd.width)
        )
        let isWhole = winograd.height % count == 0 && winograd.width % count == 0
        levels[level].append(isWhole ? .block(body) : .branch(holds, then: body, else: []))
      }
    }
    let body = levels.removeLast()
    closeLoops(to: level - 1)
    return .loop(
      variable: "t", from: 0, below: "count", step: 1,
      place(winograd) + [
        .loop(variable: "n", from: 0, below: .integer(winograd.groupMaps), step: 16, body)
      ])
  }
}
