import InferenceIR

/// A forest as a file describes it, before it is normalised.
struct TreeSource {
  enum Mode {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
    /// Equality with one of a list.
    case member([Double])
  }

  struct Split {
    var feature: Int
    var mode: Mode
    var threshold: Double
    /// Indices into `nodes`.
    var whenTrue: Int
    var whenFalse: Int
    /// Whether a missing value (NaN) counts as true.
    var missingIsTrue: Bool
  }

  enum Node {
    case split(Split)
    /// What the leaf adds, per target.
    case leaf([(target: Int, weight: Float)])
  }

  var nodes: [Node]
  var roots: [Int]
  var targetCount: Int
  var base: [Float]
  var aggregate: TreeEnsemble.Aggregate

  /// A rule of trees that the source breaks.
  struct Defect: Error { let text: String }

  /// The trees in normal form for features of f32: every split `x[feature] <= threshold`, parents before children.
  func normalized(featureCount: Int) throws(Defect) -> TreeEnsemble {
    var (ensemble, thresholds) = try built(featureCount: featureCount)
    for (at, threshold) in thresholds.enumerated() {
      guard let threshold else { continue }
      // No f32 lies between a threshold and the next f32 down.
      let nearest = Float(threshold)
      ensemble.nodes[at].threshold = Double(nearest) > threshold ? nearest.nextDown : nearest
    }
    return ensemble
  }

  /// The trees in normal form, and the exact threshold of every node; nil where the node has its own.
  func built(featureCount: Int) throws(Defect) -> (ensemble: TreeEnsemble, thresholds: [Double?]) {
    try checkStructure()
    var builder = TreeBuilder(source: self, featureCount: featureCount)
    return (try builder.build(), builder.thresholds)
  }

  /// Every child exists and every node is reached at most once, which also rules out cycles.
  private func checkStructure() throws(Defect) {
    var reached = [Bool](repeating: false, count: nodes.count)
    var pending = roots
    while let index = pending.popLast() {
      guard nodes.indices.contains(index) else { throw Defect(text: "node \(index) does not exist") }
      guard !reached[index] else { throw Defect(text: "node \(index) is reached twice") }
      reached[index] = true
      switch nodes[index] {
      case .split(let split): pending += [split.whenTrue, split.whenFalse]
      case .leaf: break
      }
    }
  }
}

/// Lays the trees of a source out in normal form, each in depth-first order.
private struct TreeBuilder {
  let source: TreeSource
  private let featureCount: Int
  private var nodes: [TreeEnsemble.Node] = []
  /// One per node; nil for leaves, and where the node's own threshold holds.
  private(set) var thresholds: [Double?] = []
  private var leafTargets: [Int32] = []
  private var leafWeights: [Float] = []

  /// Most nodes of a forest, shared children counted for every parent.
  private static let maximumNodes = 1 << 24

  /// Splits that wait for the index of a child.
  private struct Reference {
    let node: Int
    let isLeft: Bool
  }

  init(source: TreeSource, featureCount: Int) {
    self.source = source
    self.featureCount = featureCount
  }

  mutating func build() throws(TreeSource.Defect) -> TreeEnsemble {
    var roots: [Int32] = []
    for root in source.roots {
      roots.append(Int32(nodes.count))
      var pending: [(index: Int, references: [Reference])] = [(root, [])]
      while let (index, references) = pending.popLast() {
        for reference in references { point(reference, at: nodes.count) }
        switch source.nodes[index] {
        case .leaf(let entries): try addLeaf(entries)
        case .split(let split):
          let (whenTrue, whenFalse) = try add(split)
          pending.append((split.whenFalse, whenFalse))
          pending.append((split.whenTrue, whenTrue))
        }
        guard nodes.count < Self.maximumNodes, leafWeights.count < Self.maximumNodes else {
          throw TreeSource.Defect(text: "more than \(Self.maximumNodes) nodes")
        }
      }
    }
    try checkExpandedSize(roots)
    return TreeEnsemble(
      nodes: nodes, roots: roots, leafTargets: leafTargets, leafWeights: leafWeights,
      targetCount: source.targetCount, featureCount: featureCount, base: source.base, aggregate: source.aggregate,
      postTransform: .none)
  }

  private mutating func point(_ reference: Reference, at index: Int) {
    if reference.isLeft {
      nodes[reference.node].left = Int32(index)
    } else {
      nodes[reference.node].right = Int32(index)
    }
  }

  private mutating func addLeaf(_ entries: [(target: Int, weight: Float)]) throws(TreeSource.Defect) {
    let first = leafTargets.count
    for (target, weight) in entries {
      guard (0..<source.targetCount).contains(target) else {
        throw TreeSource.Defect(text: "a leaf has target \(target) of \(source.targetCount)")
      }
      leafTargets.append(Int32(target))
      leafWeights.append(weight)
    }
    nodes.append(
      TreeEnsemble.Node(
        feature: -1, threshold: 0, left: Int32(first), right: Int32(entries.count), missingGoesLeft: false))
    thresholds.append(nil)
  }

  /// Adds the splits of a node.
  /// - Returns: the places that refer to its two children.
  private mutating func add(_ split: TreeSource.Split) throws(TreeSource.Defect) -> ([Reference], [Reference]) {
    guard (0..<featureCount).contains(split.feature) else {
      throw TreeSource.Defect(text: "a node tests feature \(split.feature) of \(featureCount)")
    }
    let missing = split.missingIsTrue
    switch split.mode {
    case .lessOrEqual: return try addSplit(split.feature, atMost: split.threshold, missingGoesLeft: missing)
    case .less: return try addSplit(split.feature, atMost: try below(split.threshold), missingGoesLeft: missing)
    case .greater:
      let (low, high) = try addSplit(split.feature, atMost: split.threshold, missingGoesLeft: !missing)
      return (high, low)
    case .greaterOrEqual:
      let (low, high) = try addSplit(split.feature, atMost: try below(split.threshold), missingGoesLeft: !missing)
      return (high, low)
    case .equal: return try addMembership(split.feature, [split.threshold], missingIsMember: missing)
    case .notEqual:
      // NaN differs from everything, so that it is true whether missing values are tracked or not.
      let (whenEqual, whenDifferent) = try addMembership(split.feature, [split.threshold], missingIsMember: false)
      return (whenDifferent, whenEqual)
    case .member(let values): return try addMembership(split.feature, values, missingIsMember: missing)
    }
  }

  /// The next number down, so that `x < threshold` is `x <=` it.
  private func below(_ threshold: Double) throws(TreeSource.Defect) -> Double {
    guard threshold != -.infinity else { throw TreeSource.Defect(text: "a node compares with less than -infinity") }
    return threshold.nextDown
  }

  private mutating func addSplit(
    _ feature: Int, atMost threshold: Double, missingGoesLeft: Bool,
  ) throws(TreeSource.Defect) -> (left: [Reference], right: [Reference]) {
    // Not where the threshold is read: nodes that test membership have none, and some files write NaN there.
    guard !threshold.isNaN else { throw TreeSource.Defect(text: "a node compares with NaN") }
    if threshold == .infinity && !missingGoesLeft { return addMissingTest(feature) }
    let node = addNode(feature, atMost: threshold, missingGoesLeft: missingGoesLeft)
    return ([Reference(node: node, isLeft: true)], [Reference(node: node, isLeft: false)])
  }

  /// Every number left, only missing values right. Kernels put infinities in the place of NaN, which a comparison with
  /// infinity could not tell from numbers: first what is NaN or -infinity is singled out, then NaN.
  private mutating func addMissingTest(_ feature: Int) -> (left: [Reference], right: [Reference]) {
    let outer = addNode(feature, atMost: nil, missingGoesLeft: true)
    let inner = addNode(feature, atMost: nil, missingGoesLeft: false)
    nodes[outer].threshold = -.infinity
    nodes[outer].left = Int32(inner)
    return (
      [Reference(node: outer, isLeft: false), Reference(node: inner, isLeft: true)],
      [Reference(node: inner, isLeft: false)]
    )
  }

  /// For each value in ascending order `x <= v`, and below it `x < v`: between them lies v itself.
  private mutating func addMembership(
    _ feature: Int, _ values: [Double], missingIsMember: Bool,
  ) throws(TreeSource.Defect) -> (member: [Reference], other: [Reference]) {
    let sorted = Set(values).sorted()
    guard !sorted.isEmpty, sorted.allSatisfy(\.isFinite) else {
      throw TreeSource.Defect(text: "a node tests equality with nothing, or with what is not finite")
    }
    var (member, other): ([Reference], [Reference]) = ([], [])
    for (at, value) in sorted.enumerated() {
      let outer = addNode(feature, atMost: value, missingGoesLeft: missingIsMember && at == 0)
      if at > 0 { nodes[outer - 2].right = Int32(outer) }
      let inner = addNode(feature, atMost: value.nextDown, missingGoesLeft: false)
      nodes[outer].left = Int32(inner)
      other.append(Reference(node: inner, isLeft: true))
      member.append(Reference(node: inner, isLeft: false))
      if at == sorted.count - 1 { other.append(Reference(node: outer, isLeft: false)) }
    }
    return (member, other)
  }

  private mutating func addNode(_ feature: Int, atMost threshold: Double?, missingGoesLeft: Bool) -> Int {
    nodes.append(
      TreeEnsemble.Node(
        feature: Int32(feature), threshold: 0, left: 0, right: 0, missingGoesLeft: missingGoesLeft))
    thresholds.append(threshold)
    return nodes.count - 1
  }

  /// Kernels that need trees without shared children copy them, so that the copies must stay within bounds.
  private func checkExpandedSize(_ roots: [Int32]) throws(TreeSource.Defect) {
    var sizes = [Int](repeating: 1, count: nodes.count)
    // Children stand after their parents.
    for (index, node) in nodes.enumerated().reversed() where node.feature >= 0 {
      sizes[index] = min(1 + sizes[Int(node.left)] + sizes[Int(node.right)], Self.maximumNodes)
    }
    let total = roots.reduce(0) { min($0 + sizes[Int($1)], Self.maximumNodes) }
    guard total < Self.maximumNodes else {
      throw TreeSource.Defect(text: "its equality tests expand to \(Self.maximumNodes) nodes or more")
    }
  }
}
