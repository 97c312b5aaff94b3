import InferenceIR

/// A tree ensemble over ranks: every feature is replaced by its place among the thresholds it is compared with, and
/// every tree is a perfect binary tree whose node is two bytes.
///
/// `x > threshold[k]` holds exactly when more than `k` of the sorted thresholds are below `x`, so comparing ranks
/// decides as comparing features does. Histogram-trained ensembles have at most 255 bins a feature; a feature with more
/// thresholds, or one whose splits send missing values both ways, has several columns. A node at place `p` (the root
/// at 1) has its children at `2p` and `2p + 1`; below a leaf that stands higher, nodes repeat it.
///
/// The ideas are QuickScorer's rank quantisation and RapidScorer's blocks of rows (Ye et al., KDD 2018), over perfect
/// trees in place of bit vectors: one row costs a tree's depth, and 32 rows are decided by byte comparisons.
struct RankedTrees: Sendable {
  enum Part: Hashable, Sendable {
    case columns, thresholds, nodes, leaves
  }

  /// What one rank is of.
  struct Column: Hashable, Sendable {
    var feature: Int
    /// Ascending, without repetition.
    var thresholds: [Float]
    var missingGoesLeft: Bool
  }

  /// Deepest trees: a level more doubles the tables.
  static let maximumDepth = 8
  /// Ranks are bytes that stand for 0 … 255, less 128. 255 is a missing value that goes right; one that goes left is
  /// 0.
  static let maximumThresholds = 254
  /// Values of a column's line: 16 that end each block of 16 thresholds, then 256 thresholds, infinities where there
  /// are fewer.
  static let lineLength = 16 + 256

  let depth: Int
  private(set) var columns: [Column] = []
  /// By tree and place: a column and the biased rank that a row's must exceed to go right.
  private var nodes: [(column: Int, rank: Int8)] = []
  /// `1 << depth` values for each tree.
  private var leaves: [Float] = []

  /// Nil when the trees are too deep, or so unbalanced that perfect trees would take much more memory than they do.
  init?(_ ensemble: TreeEnsemble) {
    var depth = 0
    for root in ensemble.roots {
      guard let own = Self.depth(root, ensemble, atMost: Self.maximumDepth) else { return nil }
      depth = max(depth, own)
    }
    let perfect = ensemble.roots.count << depth * 6
    guard depth > 0, perfect <= max(64 << 10, ensemble.nodes.count * 16) else { return nil }
    self.depth = depth
    makeColumns(ensemble)
    guard columns.count <= 1 << 16 else { return nil }
    let starts = firstColumns()
    nodes = Array(repeating: (0, Int8.max), count: ensemble.roots.count << depth)
    leaves = Array(repeating: 0, count: ensemble.roots.count << depth)
    for (tree, root) in ensemble.roots.enumerated() { fill(root, tree, place: 1, level: 0, ensemble, starts) }
  }

  private static func depth(_ at: Int32, _ ensemble: TreeEnsemble, atMost limit: Int) -> Int? {
    let node = ensemble.nodes[Int(at)]
    if node.feature < 0 { return 0 }
    guard limit > 0, let left = depth(node.left, ensemble, atMost: limit - 1),
      let right = depth(node.right, ensemble, atMost: limit - 1)
    else { return nil }
    return max(left, right) + 1
  }

  // MARK: Columns

  private struct Source: Hashable {
    var feature: Int
    var missingGoesLeft: Bool

    init(_ node: TreeEnsemble.Node) {
      feature = Int(node.feature)
      missingGoesLeft = node.missingGoesLeft
    }
  }

  private mutating func makeColumns(_ ensemble: TreeEnsemble) {
    var found: [Source: Set<Float>] = [:]
    for node in ensemble.nodes where node.feature >= 0 { found[Source(node), default: []].insert(node.threshold) }
    let sources = found.keys.sorted {
      ($0.feature, $0.missingGoesLeft ? 1 : 0) < ($1.feature, $1.missingGoesLeft ? 1 : 0)
    }
    for source in sources {
      let all = found[source, default: []].sorted()
      for start in stride(from: 0, to: all.count, by: Self.maximumThresholds) {
        columns.append(
          Column(
            feature: source.feature, thresholds: Array(all[start..<min(start + Self.maximumThresholds, all.count)]),
            missingGoesLeft: source.missingGoesLeft))
      }
    }
  }

  private func firstColumns() -> [Source: Int] {
    var starts: [Source: Int] = [:]
    for (at, column) in columns.enumerated() {
      var source = Source(.init(feature: 0, threshold: 0, left: 0, right: 0, missingGoesLeft: column.missingGoesLeft))
      source.feature = column.feature
      starts[source] = min(starts[source] ?? at, at)
    }
    return starts
  }

  // MARK: Trees

  private mutating func fill(
    _ at: Int32, _ tree: Int, place: Int, level: Int, _ ensemble: TreeEnsemble, _ starts: [Source: Int],
  ) {
    let node = ensemble.nodes[Int(at)]
    if level == depth {
      leaves[tree << depth + place - 1 << depth] = ensemble.leafWeights[Int(node.left)]
    } else if node.feature < 0 {
      for child in [2 * place, 2 * place + 1] { fill(at, tree, place: child, level: level + 1, ensemble, starts) }
    } else {
      nodes[tree << depth + place] = split(node, starts)
      fill(node.left, tree, place: 2 * place, level: level + 1, ensemble, starts)
      fill(node.right, tree, place: 2 * place + 1, level: level + 1, ensemble, starts)
    }
  }

  private func split(_ node: TreeEnsemble.Node, _ starts: [Source: Int]) -> (column: Int, rank: Int8) {
    var column = starts[Source(node)] ?? 0
    while let last = columns[column].thresholds.last, last < node.threshold { column += 1 }
    let below = columns[column].thresholds.count { $0 < node.threshold }
    return (column, Int8(below - 128))
  }

  /// Whether a node's column takes one byte; else two, and the node four.
  var hasNarrowNodes: Bool { columns.count <= 256 }

  /// A table's little-endian bytes.
  func bytes(_ part: Part) -> [UInt8] {
    switch part {
    case .columns:
      Self.little(columns.flatMap { [UInt32($0.feature), UInt32(bitPattern: $0.missingGoesLeft ? -128 : 127)] })
    case .thresholds:
      Self.little(columns.flatMap { Self.line($0.thresholds).map(\.bitPattern) })
    case .nodes:
      hasNarrowNodes
        ? Self.little(nodes.map { UInt16($0.column) | UInt16(UInt8(bitPattern: $0.rank)) << 8 })
        : Self.little(nodes.map { UInt32($0.column) | UInt32(UInt8(bitPattern: $0.rank)) << 24 })
    case .leaves:
      Self.little(leaves.map(\.bitPattern))
    }
  }

  private static func line(_ thresholds: [Float]) -> [Float] {
    let all = thresholds + [Float](repeating: .infinity, count: 256 - thresholds.count)
    return stride(from: 15, to: 256, by: 16).map { all[$0] } + all
  }

  private static func little<T: FixedWidthInteger>(_ words: [T]) -> [UInt8] {
    words.flatMap { word in (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> T($0 * 8)) } }
  }
}
