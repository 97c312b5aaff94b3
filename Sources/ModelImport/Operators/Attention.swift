import InferenceIR
import TensorTypes

extension OperatorTable {
  static let attention: [String: Conversion] = [
    "Attention": { (importer, call) throws(ImportError) in try AttentionImport(importer, &call).convert(&importer) },
    "RotaryEmbedding": rotaryEmbedding,
  ]

  /// Rotates pairs of elements of every head by angles of their position (Su et al., arXiv 2104.09864).
  private static let rotaryEmbedding: Conversion = { (importer, call) throws(ImportError) in
    let heads = try call.int("num_heads", 0)
    let interleaved = try call.bool("interleaved", false)
    let width = try call.int("rotary_embedding_dim", 0)
    return [
      try rotated(
        try call.operand(0), cosines: try call.operand(1), sines: try call.operand(2), positions: call.optional(3),
        heads: heads, interleaved: interleaved, width: width, &importer, call)
    ]
  }

  /// - Parameters:
  ///   - x: `[B, H, S, D]` or `[B, S, H*D]`.
  ///   - cosines: `[positions, width/2]`, or `[B, S, width/2]` where positions are left out.
  ///   - heads: needed for an x of rank 3.
  ///   - width: the elements of a head that are rotated; 0 stands for all.
  static func rotated(
    _ x: ValueID, cosines: ValueID, sines: ValueID, positions: ValueID?, heads: Int, interleaved: Bool, width: Int,
    _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    // To [B, S, H, D].
    var value = x
    if shape.rank == 4 {
      value = try importer.emit(.transpose([0, 2, 1, 3]), x, for: call)
    } else {
      guard shape.rank == 3, heads > 0, let size = shape[2].dividedExactly(by: Dim(heads)) else {
        throw call.fail(.shape("x has shape \(shape), which does not divide into \(heads) heads"))
      }
      value = try importer.reshaped(x, [shape[0], shape[1], Dim(heads), size], call)
    }
    let split = importer.shape(of: value)
    guard let size = split[3].constant else { throw call.fail(.shape("heads of \(split[3]) elements")) }
    let turned = width == 0 ? size : width
    guard turned > 0, turned <= size, turned % 2 == 0 else {
      throw call.fail(.invalid("\(turned) of \(size) elements cannot be rotated"))
    }
    let half = turned / 2
    func angles(_ table: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
      let rows =
        try positions.map { at throws(ImportError) in
          try importer.emit(.gather(axis: 0, negative: .fromEnd), table, at, for: call)
        } ?? table
      let shape = importer.shape(of: rows)
      guard shape.rank == 3, shape[2] == Dim(half) else {
        throw call.fail(.shape("angles have shape \(shape), and \(half) pairs are rotated"))
      }
      return try importer.reshaped(rows, [shape[0], shape[1], 1, shape[2]], call)
    }
    let (cosine, sine) = (try angles(cosines, &importer), try angles(sines, &importer))
    func part(_ start: Int, _ length: Int, step: Int = 1, _ importer: inout Importer) throws(ImportError) -> ValueID {
      try importer.emit(
        .slice(axis: 3, start: Dim(start), length: Dim(length), step: step), value, for: call)
    }
    let first = interleaved ? try part(0, half, step: 2, &importer) : try part(0, half, &importer)
    let second = interleaved ? try part(1, half, step: 2, &importer) : try part(half, half, &importer)
    let real = try importer.binary(
      .subtract, try importer.binary(.multiply, cosine, first, call),
      try importer.binary(.multiply, sine, second, call), call)
    let imaginary = try importer.binary(
      .add, try importer.binary(.multiply, sine, first, call), try importer.binary(.multiply, cosine, second, call),
      call)
    var parts = [real, imaginary]
    if interleaved {
      let column = Shape([split[0], split[1], split[2], Dim(half), 1])
      let pairs = try importer.emit(
        .concat(axis: 4), try importer.reshaped(real, column, call), try importer.reshaped(imaginary, column, call),
        for: call)
      parts = [try importer.reshaped(pairs, [split[0], split[1], split[2], Dim(turned)], call)]
    }
    if turned < size { parts.append(try part(turned, size - turned, &importer)) }
    let whole = try importer.emitAll(.concat(axis: 3), parts, for: call)[0]
    return shape.rank == 4
      ? try importer.emit(.transpose([0, 2, 1, 3]), whole, for: call) : try importer.reshaped(whole, shape, call)
  }
}

/// ONNX's Attention (opset 23 to 25), in parts that the compiler makes one kernel of where they allow it.
private struct AttentionImport {
  private let call: Call
  private let scale: Double?
  private let isCausal: Bool
  private let queryHeads: Int?
  private let keyHeads: Int?
  private let softcap: Double
  private let mode: Int
  private let precision: ElementType?
  private let window: (left: Int, right: Int)

  init(_ importer: Importer, _ call: inout Call) throws(ImportError) {
    scale = try call.float("scale").map { Double($0) }
    isCausal = try call.bool("is_causal", false)
    queryHeads = try call.int("q_num_heads")
    keyHeads = try call.int("kv_num_heads")
    softcap = try call.float("softcap", 0)
    mode = try call.int("qk_matmul_output_mode", 0)
    window = (try call.int("left_window_size", -1), try call.int("right_window_size", -1))
    guard window.left >= -1, window.right >= -1 else { throw call.fail(.invalid("a window is below -1")) }
    guard (0...3).contains(mode) else { throw call.fail(.invalid("qk_matmul_output_mode is \(mode)")) }
    precision = try call.softmaxPrecision()
    self.call = call
  }

  func convert(_ importer: inout Importer) throws(ImportError) -> [ValueID] {
    let isFlat = importer.shape(of: try call.operand(0)).rank == 3
    let q = try heads(try call.operand(0), queryHeads, &importer)
    var k = try heads(try call.operand(1), keyHeads, &importer)
    var v = try heads(try call.operand(2), keyHeads, &importer)
    let past = call.optional(4).map { importer.shape(of: $0) }
    if let before = call.optional(4) { k = try importer.emit(.concat(axis: 2), before, k, for: call) }
    if let before = call.optional(5) { v = try importer.emit(.concat(axis: 2), before, v, for: call) }
    guard (call.optional(4) == nil) == (call.optional(5) == nil) else {
      throw call.fail(.invalid("past_key and past_value come together"))
    }
    let (qShape, kShape) = (importer.shape(of: q), importer.shape(of: k))
    let offset: Dim? = past.map { $0[2] }
    let bias = try bias(q: qShape, k: kShape, offset, importer.element(of: q), &importer)
    let (result, scores) = try attended(q, k, v, bias, &importer)
    var y = result
    if isFlat {
      let shape = importer.shape(of: y)
      y = try importer.reshaped(
        try importer.emit(.transpose([0, 2, 1, 3]), y, for: call), [shape[0], shape[2], shape[1] * shape[3]], call)
    }
    return [y, k, v, scores]
  }

  /// `[B, S, H*D]` as `[B, H, S, D]`.
  private func heads(_ x: ValueID, _ count: Int?, _ importer: inout Importer) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    if shape.rank == 4 { return x }
    guard shape.rank == 3, let count, count > 0, let size = shape[2].dividedExactly(by: Dim(count)) else {
      throw call.fail(.shape("\(shape) does not divide into heads"))
    }
    let split = try importer.reshaped(x, [shape[0], shape[1], Dim(count), size], call)
    return try importer.emit(.transpose([0, 2, 1, 3]), split, for: call)
  }

  /// What is added to scores, broadcasting to `[B, H, S, T]`; nil for nothing.
  private func bias(
    q: Shape, k: Shape, _ past: Dim?, _ element: ElementType, _ importer: inout Importer,
  ) throws(ImportError) -> ValueID? {
    let zero = importer.scalar(0, element, call)
    let never = importer.scalar(-.infinity, element, call)
    var sum: ValueID?
    func add(_ next: ValueID, _ importer: inout Importer) throws(ImportError) {
      sum = try sum.map { before throws(ImportError) in try importer.binary(.add, before, next, call) } ?? next
    }
    func admit(_ allowed: ValueID, _ importer: inout Importer) throws(ImportError) {
      try add(try importer.emit(.select, allowed, zero, never, for: call), &importer)
    }
    if var mask = call.optional(3) {
      let isTruth = importer.element(of: mask) == .bool
      let shape = importer.shape(of: mask)
      if shape.rank > 0, let given = shape[shape.rank - 1].constant, let keys = k[2].constant, given < keys, given != 1
      {
        var after = [Int](repeating: 0, count: shape.rank)
        after[shape.rank - 1] = keys - given
        let fill = isTruth ? importer.constant(Constant(.bool, [], [0 as UInt8]), call) : never
        mask = try importer.emit(
          .pad(before: [Int](repeating: 0, count: shape.rank), after: after), mask, fill, for: call)
      }
      if isTruth {
        try admit(mask, &importer)
      } else {
        try add(try importer.converted(mask, to: element, call), &importer)
      }
    }
    let lengths = try call.optional(6).map { id throws(ImportError) in
      try importer.reshaped(
        try importer.converted(id, to: .i64, call), [importer.shape(of: id).elementCount, 1, 1, 1], call)
    }
    let isWindowed = window.left >= 0 || window.right >= 0
    guard isCausal || isWindowed || lengths != nil else { return sum }
    let column = try importer.emit(.iota(count: k[2], start: 0, step: 1), for: call)
    if isCausal || isWindowed {
      // The position of a query among the keys: those of the past, or the last valid ones, come before.
      var row = try importer.emit(.iota(count: q[2], start: 0, step: 1), for: call)
      row = try importer.reshaped(row, [q[2], 1], call)
      let sizes = try importer.emit(.dimensions([past ?? 0, q[2]]), for: call)
      func size(_ at: Int, _ importer: inout Importer) throws(ImportError) -> ValueID {
        try importer.emit(.slice(axis: 0, start: Dim(at), length: 1, step: 1), sizes, for: call)
      }
      if let lengths, past == nil {
        let first = try importer.binary(.subtract, lengths, try size(1, &importer), call)
        row = try importer.binary(.add, row, first, call)
      } else if past != nil {
        row = try importer.binary(.add, row, try size(0, &importer), call)
      }
      let distance = try importer.binary(.subtract, row, column, call)
      func limit(_ value: Int, _ importer: inout Importer) -> ValueID { importer.scalar(Double(value), .i64, call) }
      let bounds: [(CompareOp, Int)] =
        (isCausal ? [(.greaterOrEqual, 0)] : []) + (window.left >= 0 ? [(.lessOrEqual, window.left)] : [])
        + (window.right >= 0 ? [(.greaterOrEqual, -window.right)] : [])
      for (compare, bound) in bounds {
        try admit(
          try importer.emit(.compare(compare), distance, limit(bound, &importer), for: call), &importer)
      }
    }
    if let lengths { try admit(try importer.emit(.compare(.less), column, lengths, for: call), &importer) }
    return sum
  }

  /// The results, and what `qk_matmul_output_mode` asks for.
  private func attended(
    _ q: ValueID, _ k: ValueID, _ v: ValueID, _ bias: ValueID?, _ importer: inout Importer,
  ) throws(ImportError) -> (ValueID, ValueID) {
    let element = importer.element(of: q)
    guard let size = importer.shape(of: q)[3].constant, size > 0 else { throw call.fail(.shape("heads have no size")) }
    let factor = scale ?? 1 / Double(size).squareRoot()
    let wantsScores = call.outputs.indices.contains(3) && !call.outputs[3].isEmpty
    if !wantsScores, softcap == 0, element == .f32, precision == nil || precision == .f32 {
      let y = try AttentionParts(q: q, k: k, v: v, mask: bias).emit(
        factor, unattended: .zeroWhereMasked, &importer, call)
      return (y, y)
    }
    let heads = importer.shape(of: q)[1]
    let (k, v) = (try importer.repeatedHeads(k, heads, call), try importer.repeatedHeads(v, heads, call))
    let root = importer.scalar(factor.squareRoot(), element, call)
    var scores = try importer.emit(
      .matmul(transposeA: false, transposeB: true), try importer.binary(.multiply, q, root, call),
      try importer.binary(.multiply, k, root, call), for: call)
    let plain = scores
    if softcap > 0 {
      let cap = importer.scalar(softcap, element, call)
      let squeezed = try importer.unary(.tanh, try importer.binary(.divide, scores, cap, call), call)
      scores = try importer.binary(.multiply, squeezed, cap, call)
    }
    let capped = scores
    if let bias { scores = try importer.binary(.add, scores, bias, call) }
    let biased = scores
    var weights = try importer.converted(scores, to: precision ?? element, call)
    weights = try importer.emit(.softmax(axis: 3), weights, for: call)
    weights = try importer.converted(weights, to: element, call)
    if let bias {
      // A query that sees no key has no weights.
      let most = try importer.emit(
        .reduce(.maximum, axes: [importer.shape(of: bias).rank - 1], keepDims: true), bias, for: call)
      let isBlind = try importer.emit(.compare(.equal), most, importer.scalar(-.infinity, element, call), for: call)
      weights = try importer.emit(.select, isBlind, importer.scalar(0, element, call), weights, for: call)
    }
    let y = try importer.emit(.matmul(transposeA: false, transposeB: false), weights, v, for: call)
    return (y, [plain, capped, biased, weights][mode])
  }
}

/// Operands of attention by heads: q `[B, H, S, D]`, k `[B, K, T, D]` and v `[B, K, T, E]`, where H is K or a multiple
/// of it, and a mask that broadcasts to `[B, H, S, T]`.
struct AttentionParts {
  var q: ValueID
  var k: ValueID
  var v: ValueID
  var mask: ValueID?

  /// `[B, H, S, E]`. Heads that share keys and values stand along an axis of their own.
  func emit(
    _ scale: Double, unattended: Unattended, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let (queries, keys) = (importer.shape(of: q), importer.shape(of: k))
    let op = Op.attention(scale: scale, unattended: unattended)
    if queries[1] == keys[1] {
      return try importer.emitAll(op, [q, k, v] + (mask.map { [$0] } ?? []), for: call)[0]
    }
    guard let group = queries[1].dividedExactly(by: keys[1]) else {
      throw call.fail(.shape("\(queries[1]) heads of queries and \(keys[1]) of keys"))
    }
    func split(_ id: ValueID, _ heads: [Dim], _ importer: inout Importer) throws(ImportError) -> ValueID {
      let shape = importer.shape(of: id)
      return try importer.reshaped(id, Shape([shape[0]] + heads + [shape[2], shape[3]]), call)
    }
    var operands = [
      try split(q, [keys[1], group], &importer), try split(k, [keys[1], 1], &importer),
      try split(v, [keys[1], 1], &importer),
    ]
    if var mask {
      if importer.shape(of: mask).rank == 3 {
        mask = try importer.reshaped(mask, Shape([1] + importer.shape(of: mask).dims), call)
      }
      if importer.shape(of: mask).rank == 4 {
        mask = try split(mask, importer.shape(of: mask)[1] == 1 ? [1, 1] : [keys[1], group], &importer)
      }
      operands.append(mask)
    }
    let y = try importer.emitAll(op, operands, for: call)[0]
    let shape = importer.shape(of: y)
    return try importer.reshaped(y, [queries[0], queries[1], queries[2], shape[4]], call)
  }
}

extension Importer {
  /// Every head of keys or values `[B, K, T, D]` as often as queries of `heads` heads share it.
  mutating func repeatedHeads(_ x: ValueID, _ heads: Dim, _ call: Call) throws(ImportError) -> ValueID {
    let shape = shape(of: x)
    if shape[1] == heads { return x }
    guard let group = heads.dividedExactly(by: shape[1]) else {
      throw call.fail(.shape("\(heads) heads of queries and \(shape[1]) of keys"))
    }
    let column = try reshaped(x, [shape[0], shape[1], 1, shape[2], shape[3]], call)
    let wide = try emit(.expand([shape[0], shape[1], group, shape[2], shape[3]]), column, for: call)
    return try reshaped(wide, [shape[0], heads, shape[2], shape[3]], call)
  }
}

extension Call {
  /// The type that attention's softmax computes in, where the node says one (TensorProto.DataType).
  mutating func softmaxPrecision() throws(ImportError) -> ElementType? {
    switch try int("softmax_precision") {
    case nil: nil
    case 1: .f32
    case 10: .f16
    case 11: .f64
    case 16: .bf16
    case let code?: throw fail(.unsupportedAttribute("softmax_precision = \(code)"))
    }
  }
}
