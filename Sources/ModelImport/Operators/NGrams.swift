import InferenceIR
import TensorTypes

extension OperatorTable {
  static let nGrams: [String: Conversion] = [
    "TfIdfVectorizer": { (importer, call) throws(ImportError) in
      [try NGramCounts(&call).convert(&importer, call)]
    }
  ]
}

/// TfIdfVectorizer (ai.onnx 9): how often each n-gram of a pool occurs in a row, words up to `max_skip_count` apart.
private struct NGramCounts {
  /// Of one length: its n-grams, and the column of each.
  private struct Group {
    var length: Int
    /// By place in the n-gram, one entry for each n-gram.
    var places: [Constant]
    var columns: [Int]
  }

  private let groups: [Group]
  private let skips: Int
  private let mode: String
  private let weights: [Double]?
  private let width: Int

  init(_ call: inout Call) throws(ImportError) {
    guard let minimum = try call.int("min_gram_length"), let maximum = try call.int("max_gram_length"),
      let skips = try call.int("max_skip_count"), let mode = try call.string("mode"),
      let counts = try call.ints("ngram_counts"), let columns = try call.ints("ngram_indexes")
    else { throw call.fail(.invalid("an attribute that is required is missing")) }
    let numbers = try call.ints("pool_int64s") ?? []
    let words = try call.strings("pool_strings") ?? []
    weights = try call.floats("weights").map { $0.map { Double($0) } }
    width = min(columns.max() ?? -1, 1 << 24) + 1
    let total = max(numbers.count, words.count)
    guard ["TF", "IDF", "TFIDF"].contains(mode), numbers.isEmpty || words.isEmpty, (0...1 << 10).contains(skips),
      counts.first == 0, zip(counts, counts.dropFirst() + [total]).allSatisfy({ $0 <= $1 }),
      columns.allSatisfy({ $0 >= 0 && $0 < 1 << 24 }), (weights?.count ?? width) == width
    else { throw call.fail(.invalid("its pool, columns, weights or mode \"\(mode)\"")) }
    (self.skips, self.mode) = (skips, mode)

    func constant(_ places: [Int]) -> Constant {
      words.isEmpty
        ? Constant(.i64, [places.count], places.map { Int64(numbers[$0]) })
        : Constant(strings: places.map { words[$0] }, shape: [places.count])
    }
    var groups: [Group] = []
    var number = 0
    var taken: Set<Int> = []
    for (at, start) in counts.enumerated() {
      let length = at + 1
      let end = at + 1 < counts.count ? counts[at + 1] : total
      guard (end - start).isMultiple(of: length) else { throw call.fail(.invalid("part of an n-gram in the pool")) }
      let grams = (end - start) / length
      guard number + grams <= columns.count else { throw call.fail(.invalid("\(columns.count) ngram_indexes")) }
      let mine = Array(columns[number..<number + grams])
      number += grams
      guard grams == 0 || length <= 64 else { throw call.fail(.limit("n-grams of \(length)")) }
      if grams == 0 || length < minimum || length > maximum { continue }
      guard mine.allSatisfy({ taken.insert($0).inserted }) else {
        throw call.fail(.unsupported("two n-grams that count in one column"))
      }
      let places = (0..<length).map { place in constant((0..<grams).map { start + $0 * length + place }) }
      let texts = (0..<grams).map { gram in (0..<length).map { place in Self.key(places[place], gram) } }
      guard Set(texts).count == grams else { throw call.fail(.unsupported("an n-gram that stands twice in the pool")) }
      groups.append(Group(length: length, places: places, columns: mine))
    }
    self.groups = groups
  }

  private static func key(_ constant: Constant, _ at: Int) -> [UInt8] {
    constant.element == .string
      ? constant.strings[at] : withUnsafeBytes(of: constant.integers[at].littleEndian) { Array($0) }
  }

  func convert(_ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    guard shape.rank <= 2, let size = shape.dims.last?.constant ?? (shape.rank == 0 ? 1 : nil) else {
      throw call.fail(.unsupported("x of shape \(shape): rows must have a fixed length"))
    }
    let batch = shape.rank == 2 ? shape[0] : 1
    let isText = importer.element(of: x) == .string
    let items = try importer.reshaped(
      isText ? x : try importer.converted(x, to: .i64, call), [batch, Dim(size), 1], call)
    // A column of zeros for what nothing counts in.
    var parts = [try importer.expanded(importer.scalar(0, .f32, call), [batch, 1], call)]
    var sources = [Int64](repeating: 0, count: width)
    var next: Int64 = 1
    for group in groups {
      parts.append(try counts(group, items, size, batch, &importer, call))
      for column in group.columns {
        sources[column] = next
        next += 1
      }
    }
    let all = parts.count == 1 ? parts[0] : try importer.emitAll(.concat(axis: 1), parts, for: call)[0]
    let table = importer.constant(Constant(.i64, [width], sources), call)
    let frequency = try importer.emit(.gather(axis: 1, negative: .fromEnd), all, table, for: call)
    let scale = weights.map { Formula.value(importer.constant(Constant(.f32, [width], rounding: $0), call)) }
    var result: Formula = .value(frequency)
    if mode == "IDF" { result = .choice(result > 0, scale ?? 1, 0) }
    if mode == "TFIDF", let scale { result = result * scale }
    let rows = try importer.emit(result, .f32, call)
    return try importer.reshaped(rows, shape.rank == 2 ? [batch, Dim(width)] : [Dim(width)], call)
  }

  /// `[batch, n-grams]`: matches over all starts and distances. A single word has no distances.
  private func counts(
    _ group: Group, _ items: ValueID, _ size: Int, _ batch: Dim, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    var total: ValueID?
    for distance in 1...(group.length == 1 ? 1 : skips + 1) {
      let starts = size - distance * (group.length - 1)
      if starts <= 0 { break }
      var matches: ValueID?
      for (place, words) in group.places.enumerated() {
        let part = try importer.emit(
          .slice(axis: 1, start: Dim(distance * place), length: Dim(starts), step: 1), items, for: call)
        let equal = try importer.emit(
          .compare(.equal), part, importer.constant(words, call), for: call)
        matches = try matches.map { (id) throws(ImportError) in try importer.binary(.and, id, equal, call) } ?? equal
      }
      guard let matches else { break }
      let found = try importer.emit(
        .reduce(.sum, axes: [1], keepDims: false), try importer.converted(matches, to: .f32, call), for: call)
      total = try total.map { (id) throws(ImportError) in try importer.binary(.add, id, found, call) } ?? found
    }
    if let total { return total }
    return try importer.expanded(importer.scalar(0, .f32, call), [batch, Dim(group.columns.count)], call)
  }
}
