import InferenceIR

/// A tree ensemble by feature: QuickScorer (Lucchese et al., SIGIR 2015), vectorised over rows.
///
/// Every tree has a word with a bit for each leaf, left to right. A split whose test fails (`x > threshold`) clears
/// the leaves of its left subtree; when all splits have been seen, the lowest bit that is left is the leaf. Splits of
/// one column are sorted by threshold, so the first one that holds for all rows ends the column. Unlike a walk this
/// costs nothing for deep, unbalanced trees.
struct QuickScorerTables: Sendable {
  enum Part: Hashable, Sendable {
    case splits, columnStarts, leaves
  }

  /// Leaves that a word can name.
  static let maximumLeaves = 32

  private struct Split {
    var column: Int
    var threshold: Float
    var tree: Int
    /// Zeros for the leaves that a failed test rules out.
    var mask: UInt32
  }

  private var splits: [Split] = []
  private var columnStarts: [UInt32] = []
  /// `maximumLeaves` values for each tree.
  private var leaves: [Float] = []

  /// Nil when a tree has more leaves than a word has bits.
  init?(_ ensemble: TreeEnsemble, column: (TreeEnsemble.Node) -> Int) {
    for (tree, root) in ensemble.roots.enumerated() {
      var values: [Float] = []
      guard add(root, tree, ensemble, column, &values) != nil else { return nil }
      leaves += values + [Float](repeating: 0, count: Self.maximumLeaves - values.count)
    }
    splits.sort { ($0.column, $0.threshold, $0.tree, $0.mask) < ($1.column, $1.threshold, $1.tree, $1.mask) }
    let columns = (splits.last?.column ?? -1) + 1
    columnStarts = [0]
    for column in 0..<columns {
      let count = splits.count { $0.column == column }
      columnStarts.append(columnStarts[column] + UInt32(count))
    }
  }

  /// Adds a subtree's leaves to `values` and returns their range; nil when they do not fit.
  private mutating func add(
    _ at: Int32, _ tree: Int, _ ensemble: TreeEnsemble, _ column: (TreeEnsemble.Node) -> Int, _ values: inout [Float],
  ) -> Range<Int>? {
    let node = ensemble.nodes[Int(at)]
    if node.feature < 0 {
      guard values.count < Self.maximumLeaves else { return nil }
      values.append(ensemble.leafWeights[Int(node.left)])
      return values.count - 1..<values.count
    }
    guard let left = add(node.left, tree, ensemble, column, &values),
      let right = add(node.right, tree, ensemble, column, &values)
    else { return nil }
    let ruledOut = left.reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
    splits.append(Split(column: column(node), threshold: node.threshold, tree: tree, mask: ~ruledOut))
    return left.lowerBound..<right.upperBound
  }

  /// Columns that some split reads.
  var columns: Int { columnStarts.count - 1 }

  /// A table's little-endian bytes.
  func bytes(_ part: Part) -> [UInt8] {
    let words: [UInt32] =
      switch part {
      case .splits: splits.flatMap { [$0.threshold.bitPattern, UInt32($0.tree), $0.mask] }
      case .columnStarts: columnStarts
      case .leaves: leaves.map(\.bitPattern)
      }
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
}
