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
struct SearchKernel {
  let search: FusionPlan.Search
  let codes: CompressedRows
  /// Columns that a row's first pass can leave.
  var capacity: Int { max(2048, 8 * search.k) }
  /// Rows that pass the columns together: two registers of sums each, and what is read is read once for all.
  static let rows = 4
  /// The largest integer that a query's elements become.
  var limit: Int { min(32767, Int(Int32.max) / (127 * codes.pairs * 2)) }

  var stateBytes: Int {
    128 + (codes.pairs * 2 * 4 + 63) / 64 * 64 + (codes.pairs * 4 + 63) / 64 * 64 + (search.k * 8 + 127) / 64 * 64
      + capacity * 8
  }
}

extension Emitter {
  mutating func search(_ search: FusionPlan.Search) throws(EmitFailure) {
    let node = schedule.graph.nodes[search.topK]
    guard let x = schedule.views[search.queries], let values = schedule.views[node.outputs[0]],
      let places = schedule.views[node.outputs[1]], let constant = schedule.graph[search.matrix].constant
    else { throw unsupported(node, "needs its operand and results in memory") }
    let kernel = SearchKernel(search: search, codes: CompressedRows(constant, isTransposed: search.isTransposed))
    let codes = kernel.codes
    let rows = schedule.shape(of: search.queries)[0]
    let states = pointer(
      .scratch(index: 0, byteCount: Dim(SearchKernel.rows * kernel.stateBytes)), type: "u8", written: true)
    let best = pointer(.scratch(index: 1, byteCount: Dim(search.k * 4)), type: "f32", written: true)
    let place = pointer(.scratch(index: 2, byteCount: Dim(search.k * 8)), type: "i64", written: true)
    let matrix = pointer(.weights(.rows(search.matrix, isTransposed: search.isTransposed)), type: "f32", written: false)
    let packed = pointer(.weights(.codes(search.matrix, isTransposed: search.isTransposed)), type: "i8", written: false)
    let scales = pointer(
      .weights(.scales(search.matrix, isTransposed: search.isTransposed)), type: "f32", written: false)
    let (queries, start) = base(of: x, element: .f32)
    let (scores, scoreStart) = base(of: values, element: .f32, written: true)
    let (found, foundStart) = base(of: places, element: .i64, written: true)
    let (rowCount, from) = (c(rows), c(start))
    let (rowStride, step) = (c(x.strides[0]), c(x.strides[1]))
    let state: CExpression = .call("search_state", [states + ("m" - "group") * .integer(kernel.stateBytes)])
    let (depth, k, capacity) = (
      CExpression.integer(codes.depth), CExpression.integer(search.k), CExpression.integer(kernel.capacity)
    )
    func perRow(_ body: [CStatement]) -> CStatement {
      .loop(variable: "m", from: "group", below: "end", step: 1, [.declare(type: "search *", name: "s", state)] + body)
    }
    let begin: CExpression = .call(
      "search_begin", ["s", queries + (from + "m" * rowStride), step, depth, .integer(kernel.limit), k, capacity])
    let pass: CExpression = .call(
      "search_panels",
      [
        states, .integer(kernel.stateBytes), "end" - "group", packed, scales, .integer(codes.pairs),
        .integer(codes.count), k, capacity,
      ])
    let finish: CExpression = .call(
      "search_finish",
      ["s", matrix, depth, .integer((codes.depth + 15) / 16 * 16), .integer(codes.count), k, capacity, best, place])
    let (scoreRow, scoreStep) = (c(values.strides[0]), c(values.strides[1]))
    let (foundRow, foundStep) = (c(places.strides[0]), c(places.strides[1]))
    let (toScore, toFound) = (c(scoreStart), c(foundStart))
    let together = CExpression.integer(SearchKernel.rows)
    let body: [CStatement] = [
      .declare(
        type: "const i64", name: "end", .conditional("group" + together < rowCount, "group" + together, rowCount)),
      perRow([.expression(begin)]),
      .expression(pass),
      perRow([
        .expression(finish),
        .loop(
          variable: "j", from: 0, below: k, step: 1,
          [
            .assign(scores[toScore + "m" * scoreRow + "j" * scoreStep], best["j"]),
            .assign(found[toFound + "m" * foundRow + "j" * foundStep], place["j"]),
          ]),
      ]),
    ]
    levels[0].append(
      .loop(variable: "group", from: 0, below: rowCount, step: together, kind: .independent, body))
  }
}
