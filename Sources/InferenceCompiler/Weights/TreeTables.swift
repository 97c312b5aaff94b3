import InferenceIR

/// A tree ensemble as data for one walking loop.
///
/// A node is 8 bytes: a threshold and a link, `column << deltaBits | delta`. The children of a node stand side by side
/// `delta` nodes ahead, so a step is `node += delta + (x[column] > threshold)`, without a branch. A leaf has delta 0
/// and reads a column that is always -infinity: walking on stays there, and every tree can be walked to a fixed
/// depth. Its threshold is its value.
///
/// Missing values need no flag: rows are copied with NaN as +infinity, and a second time with NaN as -infinity for the
/// nodes where missing goes left; a node's column says which copy it reads.
struct TreeTables {
  enum Part: Hashable, Sendable {
    case nodes, roots, depths, groupDepths, targets, leaves, entries
  }

  /// What a leaf's value is.
  enum LeafForm: Hashable {
    /// The weight of the only target.
    case weight
    /// A weight; the target is the tree's.
    case weightOfTreeTarget
    /// The index of a pair (first entry, count), as bits.
    case entries
  }

  let ensemble: TreeEnsemble
  /// Columns of a copied row: features once or twice, and -infinity.
  let columns: Int
  /// Where the copy with NaN as +infinity and the one with -infinity begin; nil where no node reads it.
  let missingRight: Int?
  let missingLeft: Int?
  let deltaBits: Int
  let leafForm: LeafForm
  private var nodes: [(threshold: UInt32, link: UInt32)] = []
  private var roots: [UInt32] = []
  private var depths: [UInt32] = []
  /// The target of each tree, where that is what leaves have.
  private(set) var targets: [UInt32] = []
  private var leaves: [UInt32] = []
  /// The same trees over ranks, which is faster for any number of rows; nil where trees are too deep for it.
  private(set) var ranked: RankedTrees?
  /// The same trees in the form that scores many rows; nil where trees are too large for it, or `ranked` is there.
  private(set) var scorer: QuickScorerTables?

  /// Trees that one row walks together.
  static let group = 8

  init(_ ensemble: TreeEnsemble, origin: String) throws(CompileError) {
    self.ensemble = ensemble
    let splits = ensemble.nodes.filter { $0.feature >= 0 }
    let goesLeft = splits.contains(where: \.missingGoesLeft)
    let goesRight = splits.contains { !$0.missingGoesLeft } || !goesLeft
    let features = ensemble.featureCount
    missingRight = goesRight ? 0 : nil
    missingLeft = goesLeft ? (goesRight ? features : 0) : nil
    columns = features * ((goesLeft ? 1 : 0) + (goesRight ? 1 : 0)) + 1
    deltaBits = 32 - (Int.bitWidth - columns.leadingZeroBitCount)
    leafForm = Self.leafForm(ensemble)
    for root in ensemble.roots { try append(root, origin) }
    if leafForm == .entries { return }
    ranked = RankedTrees(ensemble)
    if ranked == nil { scorer = QuickScorerTables(ensemble, column: column) }
  }

  /// The column that a split reads.
  private func column(_ node: TreeEnsemble.Node) -> Int {
    ((node.missingGoesLeft ? missingLeft : missingRight) ?? 0) + Int(node.feature)
  }

  private static func leafForm(_ ensemble: TreeEnsemble) -> LeafForm {
    let ends = ensemble.nodes.filter { $0.feature < 0 }
    guard ends.allSatisfy({ $0.right == 1 }) else { return .entries }
    if ensemble.targetCount == 1 { return .weight }
    for root in ensemble.roots {
      var stack = [root]
      var found: Set<Int32> = []
      while let at = stack.popLast() {
        let node = ensemble.nodes[Int(at)]
        if node.feature < 0 {
          found.insert(ensemble.leafTargets[Int(node.left)])
        } else {
          stack += [node.left, node.right]
        }
      }
      if found.count > 1 { return .entries }
    }
    return .weightOfTreeTarget
  }

  /// Lays one tree out breadth first, so that the first levels share cache lines.
  private mutating func append(_ root: Int32, _ origin: String) throws(CompileError) {
    let start = nodes.count
    var order = [root]
    var depth = [0]
    var at = 0
    var target: UInt32 = 0
    while at < order.count {
      let node = ensemble.nodes[Int(order[at])]
      if node.feature < 0 {
        let (value, owner) = leaf(node)
        target = owner
        nodes.append((value, UInt32(columns - 1) << UInt32(deltaBits)))
      } else {
        let delta = order.count - at
        guard delta < 1 << deltaBits else {
          throw CompileError(
            origin: origin, message: "a tree has \(delta) nodes on a level; fewer than \(1 << deltaBits) are supported")
        }
        nodes.append((node.threshold.bitPattern, UInt32(column(node)) << UInt32(deltaBits) | UInt32(delta)))
        order += [node.left, node.right]
        depth += [depth[at] + 1, depth[at] + 1]
      }
      at += 1
    }
    roots.append(UInt32(start))
    depths.append(UInt32(depth.max() ?? 0))
    targets.append(target)
  }

  private mutating func leaf(_ node: TreeEnsemble.Node) -> (value: UInt32, target: UInt32) {
    switch leafForm {
    case .weight, .weightOfTreeTarget:
      return (ensemble.leafWeights[Int(node.left)].bitPattern, UInt32(ensemble.leafTargets[Int(node.left)]))
    case .entries:
      leaves += [UInt32(node.left), UInt32(node.right)]
      return (UInt32(leaves.count / 2 - 1), 0)
    }
  }

  var treeCount: Int { roots.count }

  /// A table's little-endian bytes.
  func bytes(_ part: Part) -> [UInt8] {
    let words: [UInt32] =
      switch part {
      case .nodes: nodes.flatMap { [$0.threshold, $0.link] }
      case .roots: roots
      case .depths: depths
      case .groupDepths:
        stride(from: 0, to: treeCount / Self.group * Self.group, by: Self.group).map { start in
          depths[start..<start + Self.group].max() ?? 0
        }
      case .targets: targets
      case .leaves: leaves
      case .entries: zip(ensemble.leafTargets, ensemble.leafWeights).flatMap { [UInt32($0), $1.bitPattern] }
      }
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }
}
