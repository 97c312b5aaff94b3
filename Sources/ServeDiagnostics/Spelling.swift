/// "Did you mean": the names nearest to one that was not found.
package enum Spelling {
  /// The candidates within reach of a misspelt name, nearest first, each once; ties keep their order.
  ///
  /// The distance is the restricted Damerau-Levenshtein one (a transposition counts 1) without regard to case; the
  /// reach is a third of the name's length, and at least 1.
  package static func suggestions(for name: String, among candidates: some Sequence<String>) -> [String] {
    let wanted = Array(name.lowercased().unicodeScalars)
    let reach = max(1, wanted.count / 3)
    var seen: Set<String> = [name]
    var near: [(distance: Int, order: Int, candidate: String)] = []
    for candidate in candidates where seen.insert(candidate).inserted {
      let other = Array(candidate.lowercased().unicodeScalars)
      guard abs(other.count - wanted.count) <= reach else { continue }
      let distance = distance(wanted, other)
      if distance <= reach { near.append((distance, near.count, candidate)) }
    }
    return near.sorted { ($0.distance, $0.order) < ($1.distance, $1.order) }.map(\.candidate)
  }

  /// The nearest candidate within reach.
  package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    suggestions(for: name, among: candidates).first
  }

  /// Optimal string alignment over three rows of the usual table.
  private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in b.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
