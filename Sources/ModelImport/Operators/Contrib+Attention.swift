import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Contributed forms of attention.
  static let contribAttention: [String: Conversion] = [
    "Attention": packedAttention,
    "GroupQueryAttention": groupQueryAttention,
    "MultiHeadAttention": multiHeadAttention,
    "RotaryEmbedding": { (importer, call) throws(ImportError) in
      let heads = try call.int("num_heads", 0)
      let width = try call.int("rotary_embedding_dim", 0)
      let interleaved = try call.bool("interleaved", false)
      call.ignore("is_packed_batching")
      guard try call.float("scale", 1) == 1 else { throw call.fail(.unsupportedAttribute("scale")) }
      let x = try call.operand(0)
      let positions = try positions(try call.operand(1), importer.shape(of: x), &importer, call)
      let cosines = try call.operand(2)
      guard width > 0 || heads > 0 || importer.shape(of: x).rank == 4 else {
        // Whole heads are rotated: a table's row has half a head.
        guard let half = importer.shape(of: cosines)[1].constant, half > 0,
          let count = importer.shape(of: x).dims.last?.dividedExactly(by: Dim(2 * half))?.constant
        else { throw call.fail(.shape("num_heads is missing")) }
        return [
          try rotated(
            x, cosines: cosines, sines: try call.operand(3), positions: positions, heads: count,
            interleaved: interleaved, width: 0, &importer, call)
        ]
      }
      return [
        try rotated(
          x, cosines: cosines, sines: try call.operand(3), positions: positions, heads: heads,
          interleaved: interleaved, width: width, &importer, call)
      ]
    },
  ]

  /// Positions `[B, S]`, also from a first position `[1]` for all.
  private static func positions(
    _ id: ValueID, _ x: Shape, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let given = importer.shape(of: id)
    if given.rank == 2 { return id }
    let length = x.rank == 4 ? x[2] : x[1]
    let steps = try importer.reshaped(
      try importer.emit(.iota(count: length, start: 0, step: 1), for: call), [1, length], call)
    let first = try importer.reshaped(try importer.converted(id, to: .i64, call), [1, 1], call)
    return try importer.expanded(try importer.binary(.add, first, steps, call), [x[0], length], call)
  }

  /// `[B, S, H*D]` as `[B, H, S, D]`.
  private static func heads(
    _ x: ValueID, _ count: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    guard shape.rank == 3, count > 0, let size = shape[2].dividedExactly(by: Dim(count)) else {
      throw call.fail(.shape("\(shape) does not divide into \(count) heads"))
    }
    let split = try importer.reshaped(x, [shape[0], shape[1], Dim(count), size], call)
    return try importer.emit(.transpose([0, 2, 1, 3]), split, for: call)
  }

  /// `[B, H, S, D]` as `[B, S, H*D]`.
  private static func rows(_ x: ValueID, _ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    let turned = try importer.emit(.transpose([0, 2, 1, 3]), x, for: call)
    return try importer.reshaped(turned, [shape[0], shape[2], shape[1] * shape[3]], call)
  }

  /// The scale of scores: as given, else one over the root of a head's size.
  private static func scale(
    _ given: Double, _ q: ValueID, _ importer: Importer, _ call: Call,
  ) throws(ImportError) -> Double {
    if given != 0 { return given }
    guard let size = importer.shape(of: q)[3].constant, size > 0 else { throw call.fail(.shape("heads have no size")) }
    return 1 / Double(size).squareRoot()
  }

  /// A mask of ones and zeros, `[B]` (valid keys), `[B, T]` or `[B, S, T]`, as what is added to scores.
  private static func padding(
    _ mask: ValueID, keys: Dim, filler: Double, _ element: ElementType, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: mask)
    var admits: ValueID
    switch shape.rank {
    case 1:
      let column = try importer.emit(.iota(count: keys, start: 0, step: 1), for: call)
      let lengths = try importer.reshaped(try importer.converted(mask, to: .i64, call), [shape[0], 1, 1, 1], call)
      admits = try importer.emit(.compare(.less), column, lengths, for: call)
    case 2:
      admits = try importer.reshaped(
        try importer.converted(mask, to: .bool, call), [shape[0], 1, 1, shape[1]], call)
    case 3:
      admits = try importer.reshaped(
        try importer.converted(mask, to: .bool, call), [shape[0], 1, shape[1], shape[2]], call)
    default: throw call.fail(.shape("a mask of shape \(shape)"))
    }
    return try importer.emit(
      .select, admits, importer.scalar(0, element, call), importer.scalar(filler, element, call), for: call)
  }

  /// Admits keys up to the query's own position, `past` behind the block's first.
  private static func causal(
    _ queries: Dim, _ keys: Dim, past: Dim, filler: Double, _ element: ElementType, _ importer: inout Importer,
    _ call: Call,
  ) throws(ImportError) -> ValueID {
    let column = try importer.emit(.iota(count: keys, start: 0, step: 1), for: call)
    let row = try importer.reshaped(
      try importer.emit(.iota(count: queries, start: 0, step: 1), for: call), [queries, 1], call)
    let offset = try importer.emit(.dimensions([past]), for: call)
    let position = try importer.binary(.add, row, offset, call)
    let admits = try importer.emit(.compare(.lessOrEqual), column, position, for: call)
    return try importer.emit(
      .select, admits, importer.scalar(0, element, call), importer.scalar(filler, element, call), for: call)
  }

  private static func sum(
    _ terms: [ValueID], _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID? {
    var total: ValueID?
    for term in terms {
      total = try total.map { before throws(ImportError) in try importer.binary(.add, before, term, call) } ?? term
    }
    return total
  }

  /// Projects the input to queries, keys and values first.
  private static let packedAttention: Conversion = { (importer, call) throws(ImportError) in
    guard let count = try call.int("num_heads") else { throw call.fail(.invalid("num_heads is missing")) }
    let isCausal = try call.bool("unidirectional", false)
    let filler = try call.float("mask_filter_value", -10000)
    let given = try call.float("scale", 0)
    guard try call.ints("qkv_hidden_sizes") == nil, !(try call.bool("do_rotary", false)) else {
      throw call.fail(.unsupportedAttribute("qkv_hidden_sizes or do_rotary"))
    }
    call.ignore("past_present_share_buffer", "rotary_embedding_dim")
    guard call.optional(4) == nil, call.optional(6) == nil else { throw call.fail(.unsupported("a past")) }
    try call.requireUnused(output: 1)
    let (x, weights) = (try call.operand(0), try call.operand(1))
    var all = try importer.emit(.matmul(transposeA: false, transposeB: false), x, weights, for: call)
    if let bias = call.optional(2) { all = try importer.binary(.add, all, bias, call) }
    let (shape, element) = (importer.shape(of: all), importer.element(of: all))
    guard shape.rank == 3, let width = shape[2].dividedExactly(by: 3) else {
      throw call.fail(.shape("projections have shape \(shape)"))
    }
    var parts: [ValueID] = []
    for index in 0..<3 {
      let part = try importer.emit(
        .slice(axis: 2, start: width * Dim(index), length: width, step: 1), all, for: call)
      parts.append(try heads(part, count, &importer, call))
    }
    var masks: [ValueID] = []
    if let mask = call.optional(3) {
      guard importer.shape(of: mask).rank > 1 || importer.shape(of: mask)[0] == shape[0] else {
        throw call.fail(.unsupported("a mask with the starts of sequences"))
      }
      masks.append(try padding(mask, keys: shape[1], filler: filler, element, &importer, call))
    }
    if isCausal {
      masks.append(try causal(shape[1], shape[1], past: 0, filler: filler, element, &importer, call))
    }
    if let bias = call.optional(5) { masks.append(bias) }
    let factor = try scale(given, parts[0], importer, call)
    let y = try AttentionParts(q: parts[0], k: parts[1], v: parts[2], mask: try sum(masks, &importer, call))
      .emit(factor, unattended: .nan, &importer, call)
    return [try rows(y, &importer, call)]
  }

  private static let multiHeadAttention: Conversion = { (importer, call) throws(ImportError) in
    guard let count = try call.int("num_heads") else { throw call.fail(.invalid("num_heads is missing")) }
    let isCausal = try call.bool("unidirectional", false)
    let filler = try call.float("mask_filter_value", -10000)
    let given = try call.float("scale", 0)
    for index in 8..<12 where call.optional(index) != nil { throw call.fail(.unsupported("operand \(index)")) }
    try call.requireUnused(output: 3)
    guard call.optional(1) != nil, call.optional(2) != nil else {
      throw call.fail(.unsupported("packed queries, keys and values"))
    }
    var flat = [try call.operand(0), try call.operand(1), try call.operand(2)]
    if let bias = call.optional(3) {
      var start: Dim = 0
      for index in 0..<3 {
        guard let width = importer.shape(of: flat[index]).dims.last, importer.shape(of: flat[index]).rank == 3 else {
          throw call.fail(.shape("a bias needs rows"))
        }
        let part = try importer.emit(.slice(axis: 0, start: start, length: width, step: 1), bias, for: call)
        flat[index] = try importer.binary(.add, flat[index], part, call)
        start = start + width
      }
    }
    var parts: [ValueID] = []
    for id in flat {
      parts.append(importer.shape(of: id).rank == 4 ? id : try heads(id, count, &importer, call))
    }
    let past = call.optional(6).map { importer.shape(of: $0)[2] } ?? 0
    for (at, operand) in [(1, 6), (2, 7)] {
      guard let before = call.optional(operand) else { continue }
      parts[at] = try importer.emit(.concat(axis: 2), before, parts[at], for: call)
    }
    let (queries, keys) = (importer.shape(of: parts[0])[2], importer.shape(of: parts[1])[2])
    let element = importer.element(of: parts[0])
    var masks: [ValueID] = []
    if let mask = call.optional(4) {
      let batch = importer.shape(of: parts[0])[0]
      guard importer.shape(of: mask).rank > 1 || importer.shape(of: mask)[0] == batch else {
        throw call.fail(.unsupported("a mask with the starts of sequences"))
      }
      masks.append(try padding(mask, keys: keys, filler: filler, element, &importer, call))
    }
    if isCausal { masks.append(try causal(queries, keys, past: past, filler: filler, element, &importer, call)) }
    if let bias = call.optional(5) { masks.append(bias) }
    let factor = try scale(given, parts[0], importer, call)
    let y = try AttentionParts(q: parts[0], k: parts[1], v: parts[2], mask: try sum(masks, &importer, call))
      .emit(factor, unattended: .nan, &importer, call)
    return [try rows(y, &importer, call), parts[1], parts[2]]
  }

  /// Causal attention of a decoder. `seqlens_k` holds the number of valid keys less one; past keys beyond those are
  /// passed over, so that sequences of a batch may have pasts of different lengths.
  private static let groupQueryAttention: Conversion = { (importer, call) throws(ImportError) in
    guard let count = try call.int("num_heads"), let keyCount = try call.int("kv_num_heads"), keyCount > 0 else {
      throw call.fail(.invalid("num_heads or kv_num_heads is missing"))
    }
    let rotates = try call.bool("do_rotary", false)
    let interleaved = try call.bool("rotary_interleaved", false)
    let given = try call.float("scale", 0)
    let window = try call.int("local_window_size", -1)
    guard try call.float("softcap", 0) == 0, !(try call.bool("smooth_softmax", false)),
      try call.int("qk_output", 0) == 0
    else { throw call.fail(.unsupportedAttribute("softcap, smooth_softmax or qk_output")) }
    let quantised = [try call.string("k_quant_type", "NONE"), try call.string("v_quant_type", "NONE")]
    guard quantised == ["NONE", "NONE"] else { throw call.fail(.unsupportedAttribute("a quantised cache")) }
    call.ignore("kv_cache_bit_width")
    for index in 11..<14 where call.optional(index) != nil { throw call.fail(.unsupported("operand \(index)")) }
    guard call.optional(1) != nil, call.optional(2) != nil else {
      throw call.fail(.unsupported("packed queries, keys and values"))
    }
    var (q, k) = (try call.operand(0), try call.operand(1))
    let batch = importer.shape(of: q)[0]
    let queries = importer.shape(of: q)[1]
    // The first new key of every sequence: its valid keys, the new ones taken off.
    let valid = try importer.reshaped(try importer.converted(try call.operand(5), to: .i64, call), [batch, 1], call)
    let block = try importer.emit(.dimensions([queries - 1]), for: call)
    let first = try importer.binary(.subtract, valid, block, call)
    let steps = try importer.reshaped(
      try importer.emit(.iota(count: queries, start: 0, step: 1), for: call), [1, queries], call)
    let zero = importer.scalar(0, .i64, call)
    let positions = try importer.binary(
      .maximum, try importer.binary(.add, first, steps, call), zero, call)
    if rotates {
      let tables = (try call.operand(7), try call.operand(8))
      let at = call.optional(9) ?? positions
      q = try rotated(
        q, cosines: tables.0, sines: tables.1, positions: at, heads: count, interleaved: interleaved, width: 0,
        &importer, call)
      k = try rotated(
        k, cosines: tables.0, sines: tables.1, positions: at, heads: keyCount, interleaved: interleaved, width: 0,
        &importer, call)
    }
    var parts = [
      try heads(q, count, &importer, call), try heads(k, keyCount, &importer, call),
      try heads(try call.operand(2), keyCount, &importer, call),
    ]
    let element = importer.element(of: q)
    if let before = call.optional(3), let values = call.optional(4) {
      for (at, old) in [(1, before), (2, values)] {
        parts[at] = try appended(parts[at], to: old, at: first, &importer, call)
      }
    }
    let column = try importer.emit(
      .iota(count: importer.shape(of: parts[1])[2], start: 0, step: 1), for: call)
    let newest = try importer.reshaped(
      try importer.binary(.add, first, steps, call), [batch, 1, queries, 1], call)
    var admits = try importer.emit(.compare(.lessOrEqual), column, newest, for: call)
    if window > 0 {
      let oldest = try importer.binary(.subtract, newest, importer.scalar(Double(window), .i64, call), call)
      admits = try importer.binary(
        .and, admits, try importer.emit(.compare(.greater), column, oldest, for: call), call)
    }
    var mask = try importer.emit(
      .select, admits, importer.scalar(0, element, call), importer.scalar(-.infinity, element, call), for: call)
    if let bias = call.optional(10) { mask = try importer.binary(.add, mask, bias, call) }
    let factor = try scale(given, parts[0], importer, call)
    let y = try AttentionParts(q: parts[0], k: parts[1], v: parts[2], mask: mask)
      .emit(factor, unattended: .zeroWhereMasked, &importer, call)
    return [try rows(y, &importer, call), parts[1], parts[2]]
  }

  /// New keys or values `[B, K, S, D]` behind the first `start[b]` of old ones `[B, K, P, D]`. Nothing follows the new
  /// ones but what no query sees.
  private static func appended(
    _ new: ValueID, to old: ValueID, at start: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let all = try importer.emit(.concat(axis: 2), old, new, for: call)
    let (shape, past, count) = (importer.shape(of: all), importer.shape(of: old)[2], importer.shape(of: new)[2])
    // One sequence's past has no room to spare.
    if shape[0] == 1 { return all }
    let places = try importer.reshaped(
      try importer.emit(.iota(count: shape[2], start: 0, step: 1), for: call), [1, shape[2]], call)
    let skipped = try importer.binary(
      .subtract, try importer.emit(.dimensions([past]), for: call), start, call)
    let isOld = try importer.emit(.compare(.less), places, start, for: call)
    let last = try importer.emit(.dimensions([past + count - 1]), for: call)
    let moved = try importer.binary(.minimum, try importer.binary(.add, places, skipped, call), last, call)
    let rows = try importer.emit(.select, isOld, places, moved, for: call)
    let index = try importer.expanded(
      try importer.reshaped(rows, [shape[0], 1, shape[2], 1], call), shape, call)
    return try importer.emit(.gatherElements(axis: 2), all, index, for: call)
  }
}
