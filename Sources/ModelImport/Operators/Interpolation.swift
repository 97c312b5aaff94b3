import InferenceIR
import TensorTypes

/// A linear map along one axis: every output element is a weighted sum of a few input elements.
struct Interpolation {
  struct Tap {
    var index: Int
    var weight: Double
  }

  /// By output coordinate; none for one that is a given number.
  private let taps: [[Tap]]
  private let inputCount: Int

  /// Wider sums are products with a matrix: there gathers would cost more than the zeros do.
  private static let maximumTaps = 4

  init(_ taps: [[Tap]], from inputCount: Int) {
    self.taps = taps
    self.inputCount = inputCount
  }

  /// - Parameter outside: what output coordinates without taps are.
  func convert(
    _ x: ValueID, _ axis: Int, _ outside: Double, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    // A single element of weight 1 is moved as it is, whatever its type.
    let used = taps.map { $0.filter { $0.weight != 0 } }
    let isMove = used.allSatisfy { $0.isEmpty || ($0.count == 1 && $0[0].weight == 1) }
    let width = isMove ? 1 : taps.map(\.count).max() ?? 1
    var result: ValueID
    if width <= Self.maximumTaps {
      result = try sum(isMove ? used : taps, width, isMove, x, axis, &importer, call)
    } else {
      result = try product(x, axis, &importer, call)
    }
    if used.contains(where: \.isEmpty) {
      let mask = Constant(.bool, [taps.count], taps.map { $0.isEmpty ? 1 as UInt8 : 0 })
      let isOutside = try along(axis, importer.constant(mask, call), result, &importer, call)
      let fill = importer.scalar(outside, importer.element(of: x), call)
      result = try importer.emit(.select, isOutside, fill, result, for: call)
    }
    return result
  }

  private func sum(
    _ taps: [[Tap]], _ width: Int, _ isMove: Bool, _ x: ValueID, _ axis: Int, _ importer: inout Importer,
    _ call: Call,
  ) throws(ImportError) -> ValueID {
    var total: ValueID?
    for tap in 0..<max(width, 1) {
      let indices = taps.map { $0.indices.contains(tap) ? Int64($0[tap].index) : 0 }
      let table = importer.constant(Constant(.i64, [indices.count], indices), call)
      var term = try importer.emit(.gather(axis: axis, negative: .fromEnd), x, table, for: call)
      if !isMove {
        let numbers = taps.map { $0.indices.contains(tap) ? $0[tap].weight : 0 }
        let weights = importer.constant(
          Constant(importer.element(of: x), [numbers.count], rounding: numbers), call)
        term = try importer.binary(.multiply, term, try along(axis, weights, term, &importer, call), call)
      }
      total = try total.map { (sum) throws(ImportError) in try importer.binary(.add, sum, term, call) } ?? term
    }
    return total ?? x
  }

  private func product(
    _ x: ValueID, _ axis: Int, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let (rows, columns) = (taps.count, inputCount)
    guard rows * columns <= 1 << 24 else { throw call.fail(.limit("a matrix of \(rows) x \(columns) weights")) }
    var matrix = [Double](repeating: 0, count: rows * columns)
    for (row, taps) in taps.enumerated() {
      for tap in taps { matrix[row * columns + tap.index] += tap.weight }
    }
    let weights = importer.constant(Constant(importer.element(of: x), [rows, columns], rounding: matrix), call)
    let dims = importer.shape(of: x).dims
    let (outer, inner) = (dims[..<axis].reduce(Dim(1), *), dims[(axis + 1)...].reduce(Dim(1), *))
    let flat = try importer.reshaped(x, [outer, Dim(columns), inner], call)
    let sums = try importer.emit(.matmul(transposeA: false, transposeB: false), weights, flat, for: call)
    return try importer.reshaped(sums, Shape(dims[..<axis] + [Dim(rows)] + dims[(axis + 1)...]), call)
  }

  /// A vector as a tensor that runs along `axis` of `like`.
  private func along(
    _ axis: Int, _ vector: ValueID, _ like: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    let trailing = importer.shape(of: like).rank - 1 - axis
    return try importer.reshaped(
      vector, Shape([Dim(taps.count)] + [Dim](repeating: 1, count: trailing)), call)
  }
}
