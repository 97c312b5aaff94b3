import InferenceIR
import TensorTypes

extension OperatorTable {
  static let linearAttention: [String: Conversion] = [
    "LinearAttention": { (importer, call) throws(ImportError) in
      try LinearAttentionImport(importer, &call).convert(&importer)
    }
  ]
}

/// ONNX's LinearAttention (opset 27): attention with a state of fixed size a head, `f32[B, H, K, V]`, in place of
/// keys and values; laid out token by token, with all of the state's arithmetic in f32 as in the operator's own body.
private struct LinearAttentionImport {
  /// What a token does to the state (the operator's `update_rule`).
  private enum Rule: String {
    case linear
    case gated
    case delta
    case gatedDelta = "gated_delta"

    /// Whether the state decays before it is written to.
    var decays: Bool { self == .gated || self == .gatedDelta }
    /// Whether only what the state does not yet hold of a value is written.
    var corrects: Bool { self == .delta || self == .gatedDelta }
  }

  private let call: Call
  private let rule: Rule
  private let (queryHeads, heads): (Int, Int)
  /// Nil for one over the square root of a key's width.
  private let scale: Double?

  init(_ importer: Importer, _ call: inout Call) throws(ImportError) {
    let name = try call.string("update_rule", "gated_delta")
    guard let rule = Rule(rawValue: name) else { throw call.fail(.invalid("update_rule is \(name)")) }
    self.rule = rule
    (queryHeads, heads) = (try call.int("q_num_heads", 0), try call.int("kv_num_heads", 0))
    guard queryHeads > 0, heads > 0, queryHeads % heads == 0 else {
      throw call.fail(.invalid("\(queryHeads) heads of queries and \(heads) of keys"))
    }
    let given = try call.float("scale", 0)
    scale = given == 0 ? nil : given
    _ = try call.int("chunk_size")  // A hint that changes no result.
    self.call = call
  }

  func convert(_ importer: inout Importer) throws(ImportError) -> [ValueID] {
    let query = try call.operand(0)
    let (shape, element) = (importer.shape(of: query), importer.element(of: query))
    guard shape.rank == 3, let tokens = shape[1].constant, (1...OperatorTable.maximumRounds).contains(tokens) else {
      throw call.fail(
        .unsupported("queries of shape \(shape), not [batch, tokens, width] with a fixed number of tokens"))
    }
    let q = try split(query, queryHeads, &importer)
    let (k, v) = (try split(try call.operand(1), heads, &importer), try split(try call.operand(2), heads, &importer))
    let decay = rule.decays ? try gate(try call.operand(4), &importer) : nil
    let beta = rule.corrects ? try gate(try call.operand(5), &importer) : nil
    let width = importer.shape(of: k)[3]
    guard let columns = width.constant, columns > 0, importer.shape(of: q)[3] == width else {
      throw call.fail(.shape("keys of \(width) elements a head and queries of \(importer.shape(of: q)[3])"))
    }
    let factor = importer.scalar(scale ?? 1 / Double(columns).squareRoot(), .f32, call)

    let past = call.optional(3)
    var state = try past.map { (id) throws(ImportError) in try importer.converted(id, to: .f32, call) }
    var outputs: [ValueID] = []
    for token in 0..<tokens {
      /// `[B, H, 1, D]` of this token.
      func row(_ x: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
        try importer.emit(
          .transpose([0, 2, 1, 3]),
          try importer.emit(.slice(axis: 1, start: Dim(token), length: 1, step: 1), x, for: call), for: call)
      }
      let key = try row(k, &importer)
      let column = try importer.emit(.transpose([0, 1, 3, 2]), key, for: call)
      var value = try row(v, &importer)
      if let decay, let before = state {
        let kept = try importer.unary(.exp, try row(decay, &importer), call)
        let rows = try importer.emit(.transpose([0, 1, 3, 2]), kept, for: call)
        state = try importer.binary(.multiply, before, rows, call)
      }
      if let beta {
        if let state {
          let held = try importer.emit(.matmul(transposeA: false, transposeB: false), key, state, for: call)
          value = try importer.binary(.subtract, value, held, call)
        }
        value = try importer.binary(.multiply, try row(beta, &importer), value, call)
      }
      let written = try importer.binary(.multiply, column, value, call)
      let now = try state.map { (id) throws(ImportError) in try importer.binary(.add, id, written, call) } ?? written
      state = now
      outputs.append(try read(try row(q, &importer), now, &importer))
    }
    let stacked = try importer.stacked(outputs, axis: 1, call)
    let result = try importer.binary(.multiply, stacked, factor, call)
    let final = try state.map { (id) throws(ImportError) in
      try importer.converted(id, to: past.map { importer.element(of: $0) } ?? element, call)
    }
    guard let final else { throw call.fail(.invalid("no tokens")) }
    return [try importer.converted(result, to: element, call), final]
  }

  /// What a token's queries `[B, Hq, 1, K]` read from the state, as `[B, Hq * V]`: neighbours share a head of keys.
  private func read(_ queries: ValueID, _ state: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
    let (shape, held) = (importer.shape(of: queries), importer.shape(of: state))
    let grouped = try importer.reshaped(queries, [shape[0], Dim(heads), Dim(queryHeads / heads), shape[3]], call)
    let answers = try importer.emit(.matmul(transposeA: false, transposeB: false), grouped, state, for: call)
    return try importer.reshaped(answers, [shape[0], Dim(queryHeads) * held[3]], call)
  }

  /// `[B, T, H*D]` as `f32[B, T, H, D]`.
  private func split(_ x: ValueID, _ count: Int, _ importer: inout Importer) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    guard shape.rank == 3, let size = shape[2].dividedExactly(by: Dim(count)) else {
      throw call.fail(.shape("\(shape) does not divide into \(count) heads"))
    }
    return try importer.converted(
      try importer.reshaped(x, [shape[0], shape[1], Dim(count), size], call), to: .f32, call)
  }

  /// A decay or an update rate: one a head and key element, one a head, or one for all heads.
  private func gate(_ x: ValueID, _ importer: inout Importer) throws(ImportError) -> ValueID {
    let shape = importer.shape(of: x)
    return try split(x, shape.rank == 3 && shape[2] == 1 ? 1 : heads, &importer)
  }
}
