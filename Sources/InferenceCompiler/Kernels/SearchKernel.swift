import InferenceIR
import TensorTypes

/// The best columns of a constant matrix for every row of queries: exactly those of `topK` over the product, though
/// most products are computed with one byte an element.
///
/// A column c has codes b and a scale s with |c[i] - s b[i]| <= s / 2. A query q becomes integers a with a step t, |q[i]
/// - t a[i]| <= t / 2 and t = max|q| / limit. With A = sum a[i] b[i], which 32 bits hold exactly, and d elements,
///
///     q·c - t s A = sum (q[i] - t a[i]) s b[i] + sum q[i] (c[i] - s b[i]),
///     |q·c - t s A| <= s (63.5 t d + |q|₁ / 2),           for |b[i]| <= 127 (Hölder).
///
/// The exact score is a chain of d fused multiply-adds and is within d u |q|₁ 127.5 s of q·c (Higham, Accuracy and
/// Stability of Numerical Algorithms, 3.1, u = 2^-24); the bound itself is computed with few roundings of numbers below
/// 127.5 s (|q|₁ + t d). Together: every score lies within s · reach of t s A, where
///
///     reach = |q|₁ / 2 + 63.5 t d + 127.5 (|q|₁ + t d) (d + 16) u,   made a little larger for its own rounding.
///
/// The k-th largest lower bound so far is a score that k columns reach, so a column whose upper bound is below it is
/// strictly worse than k others and drops out, whatever ties there are. What is left is scored exactly, in the order of
/// columns. Where too much is left, or the query is beyond the sizes that the bound is proved for, all columns are.
///
/// The columns of few rows are passed in chunks, by whichever thread, and a second step joins what the chunks leave.
/// Chunks tell each other of lower bounds that k columns reach. Only how much is left depends on who passed what first:
/// the best are the best in any case.
struct SearchKernel {
  let search: FusionPlan.Search

  var codes: CompressedRows { search.codes }
  /// Columns that a row's first pass can leave.
  var capacity: Int { max(2048, 8 * search.k) }
  /// Rows that pass the columns together: two registers of sums each, and what is read is read once for all.
  static let rows = 4
  /// The largest integer that a query's elements become.
  var limit: Int { min(32767, Int(Int32.max) / (127 * codes.pairs * 2)) }

  /// Lower bounds that a row's first pass keeps at most.
  var mostLowers: Int { 2 * search.k + 16 }

  var stateBytes: Int {
    128 + (codes.pairs * 2 * 4 + 63) / 64 * 64 + (codes.pairs * 4 + 63) / 64 * 64 + (mostLowers * 4 + 63) / 64 * 64
      + capacity * 8
  }
  /// Of some rows that pass together.
  var groupBytes: Int { Self.rows * stateBytes }

  /// Chunks that few rows' columns are passed in: each is long enough that the columns that it admits before its bound
  /// is near the best are few.
  var chunks: Int { codes.count / 16384 }
  var isChunked: Bool { chunks > 1 }
  /// Before the chunks' states: the bounds that they share, one a row.
  static let sharedBytes = 64
}

/// What the functions of a search take, as C expressions.
private struct SearchOperands {
  let kernel: SearchKernel
  let rows: CExpression

  var bytes: CExpression { .integer(kernel.stateBytes) }
  var k: CExpression { .integer(kernel.search.k) }
  var depth: CExpression { .integer(kernel.codes.depth) }
  var count: CExpression { .integer(kernel.codes.count) }
  var capacity: CExpression { .integer(kernel.capacity) }
}

extension Emitter {
  /// The pass over all columns, and the best of what it leaves; of few rows the pass alone where `states` is a buffer.
  mutating func search(_ search: FusionPlan.Search, states: Int?) throws(EmitFailure) {
    let kernel = SearchKernel(search: search)
    let operands = SearchOperands(kernel: kernel, rows: c(schedule.shape(of: search.queries)[0]))
    let grouped = try allRows(operands)
    guard let states else {
      levels[0].append(grouped)
      return
    }
    let chunks = pointer(.buffer(states, offset: 0), type: "u8", written: true)
    levels[0].append(.branch(isFew(operands), then: try chunkedPass(operands, chunks), else: [grouped]))
  }

  /// Bounds that nothing is below, for the chunks of few rows.
  mutating func searchStart(states: Int) {
    let shared = pointer(.buffer(states, offset: 0), type: "f32", written: true)
    for row in 0..<SearchKernel.rows {
      levels[0].append(.assign(shared[.integer(row)], .float(-.infinity)))
    }
  }

  /// The best of what the chunks of few rows leave.
  mutating func searchJoin(_ search: FusionPlan.Search, states: Int) throws(EmitFailure) {
    let kernel = SearchKernel(search: search)
    let operands = SearchOperands(kernel: kernel, rows: c(schedule.shape(of: search.queries)[0]))
    let chunks = pointer(.buffer(states, offset: 0), type: "u8", written: true)
    let first = chunks + .integer(SearchKernel.sharedBytes)
    let finish = try finishedRow(operands, first + "m" * operands.bytes, chunks: kernel.chunks)
    let each: CStatement = .loop(variable: "m", from: 0, below: operands.rows, step: 1, kind: .independent, finish)
    levels[0].append(.branch(isFew(operands), then: [each], else: []))
  }

  private func isFew(_ operands: SearchOperands) -> CExpression { operands.rows <= .integer(SearchKernel.rows) }

  /// Some rows at a time through all columns.
  private mutating func allRows(_ operands: SearchOperands) throws(EmitFailure) -> CStatement {
    let states = pointer(
      .scratch(index: 0, byteCount: Dim(operands.kernel.groupBytes)), type: "u8", written: true)
    let together = CExpression.integer(SearchKernel.rows)
    let end: CExpression = .conditional("group" + together < operands.rows, "group" + together, operands.rows)
    let state = states + ("m" - "group") * operands.bytes
    let body: [CStatement] = [
      .declare(type: "const i64", name: "end", end),
      .loop(variable: "m", from: "group", below: "end", step: 1, [try begun(operands, state, shared: 0)]),
      passed(operands, states, rows: "end" - "group", first: 0, last: .integer(operands.kernel.codes.panels)),
      .loop(variable: "m", from: "group", below: "end", step: 1, try finishedRow(operands, state, chunks: 1)),
    ]
    return .loop(variable: "group", from: 0, below: operands.rows, step: together, kind: .independent, body)
  }

  /// Few rows through chunks of the columns, which tell each other of their bounds.
  private mutating func chunkedPass(
    _ operands: SearchOperands, _ shared: CExpression,
  ) throws(EmitFailure) -> [CStatement] {
    let chunks = shared + .integer(SearchKernel.sharedBytes)
    let (panels, count) = (
      CExpression.integer(operands.kernel.codes.panels), CExpression.integer(operands.kernel.chunks)
    )
    func bound(_ chunk: CExpression) -> CExpression { .call("search_chunk", [panels, chunk, count]) }
    let states = chunks + "chunk" * .integer(operands.kernel.groupBytes)
    let body: [CStatement] = [
      .loop(
        variable: "m", from: 0, below: operands.rows, step: 1,
        [try begun(operands, states + "m" * operands.bytes, shared: .cast("f32 *", shared) + "m")]),
      passed(operands, states, rows: operands.rows, first: bound("chunk"), last: bound("chunk" + 1)),
      .loop(
        variable: "m", from: 0, below: operands.rows, step: 1,
        [.expression(.call("search_tighten", [.call("search_state", [states + "m" * operands.bytes]), operands.k]))]),
    ]
    return [.loop(variable: "chunk", from: 0, below: count, step: 1, kind: .independent, body)]
  }

  /// Makes row `m`'s query ready.
  private mutating func begun(
    _ operands: SearchOperands, _ state: CExpression, shared: CExpression,
  ) throws(EmitFailure) -> CStatement {
    guard let x = schedule.views[operands.kernel.search.queries] else { throw notInMemory(operands) }
    let (queries, start) = base(of: x, element: .f32)
    return .expression(
      .call(
        "search_begin",
        [
          .call("search_state", [state]), shared, queries + (c(start) + "m" * c(x.strides[0])), c(x.strides[1]),
          operands.depth,
          .integer(operands.kernel.limit), operands.k, operands.capacity,
        ]))
  }

  private mutating func passed(
    _ operands: SearchOperands, _ states: CExpression, rows: CExpression, first: CExpression, last: CExpression,
  ) -> CStatement {
    let search = operands.kernel.search
    let codes = pointer(.weights(.codes(search.matrix, isTransposed: search.isTransposed)), type: "i8", written: false)
    let scales = pointer(
      .weights(.scales(search.matrix, isTransposed: search.isTransposed)), type: "f32", written: false)
    return .expression(
      .call(
        "search_panels",
        [
          states, operands.bytes, rows, codes, scales, .integer(operands.kernel.codes.pairs), first, last,
          operands.count, operands.k, operands.capacity,
        ]))
  }

  /// Scores what is left of row `m` and stores the best.
  private mutating func finishedRow(
    _ operands: SearchOperands, _ states: CExpression, chunks: Int,
  ) throws(EmitFailure) -> [CStatement] {
    let (kernel, search) = (operands.kernel, operands.kernel.search)
    let outputs = schedule.graph.nodes[search.topK].outputs
    guard let values = schedule.views[outputs[0]], let places = schedule.views[outputs[1]] else {
      throw notInMemory(operands)
    }
    let best = pointer(.scratch(index: 1, byteCount: Dim(search.k * 4)), type: "f32", written: true)
    let place = pointer(.scratch(index: 2, byteCount: Dim(search.k * 8)), type: "i64", written: true)
    let lowers = pointer(
      .scratch(index: 3, byteCount: Dim(chunks * kernel.mostLowers * 4)), type: "u32", written: true)
    let matrix = pointer(.weights(.rows(search.matrix, isTransposed: search.isTransposed)), type: "f32", written: false)
    let (scores, scoreStart) = base(of: values, element: .f32, written: true)
    let (found, foundStart) = base(of: places, element: .i64, written: true)
    func slot(_ base: CExpression, _ start: Dim, _ view: View) -> CExpression {
      base[c(start) + "m" * c(view.strides[0]) + "j" * c(view.strides[1])]
    }
    let finish: CExpression = .call(
      "search_finish",
      [
        states, .integer(chunks), operands.bytes, matrix, operands.depth, .integer((kernel.codes.depth + 15) / 16 * 16),
        operands.count, operands.k, operands.capacity, lowers, best, place,
      ])
    return [
      .expression(finish),
      .loop(
        variable: "j", from: 0, below: operands.k, step: 1,
        [
          .assign(slot(scores, scoreStart, values), best["j"]),
          .assign(slot(found, foundStart, places), place["j"]),
        ]),
    ]
  }

  private func notInMemory(_ operands: SearchOperands) -> EmitFailure {
    unsupported(schedule.graph.nodes[operands.kernel.search.topK], "needs its operand and results in memory")
  }
}
