import InferenceIR

/// A forest as a file describes it, before it is normalised.
struct TreeSource {
  enum Mode {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
    /// Equality with one of a list.
    case member([Float])
  }

  struct Split {
    var feature: Int
    var mode: Mode
    var threshold: Float
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

  /// The trees in normal form: every split `x[feature] <= threshold`, parents before children.
  func normalized(featureCount: Int) throws(Defect) -> TreeEnsemble {
    try checkStructure()
    var builder = TreeBuilder(source: self, featureCount: featureCount)
    return try builder.build()
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
  private var leafTargets: [Int32] = []
  private var leafWeights: [Float] = []

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
        guard nodes.count < Int(Int32.max), leafWeights.count < Int(Int32.max) else {
          throw TreeSource.Defect(text: "more than 2^31 nodes")
        }
      }
    }
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
  }

  /// Adds the splits of a node.
  /// - Returns: the places that refer to its two children.
  private mutating func add(_ split: TreeSource.Split) throws(TreeSource.Defect) -> ([Reference], [Reference]) {
    guard (0..<featureCount).contains(split.feature) else {
      throw TreeSource.Defect(text: "a node tests feature \(split.feature) of \(featureCount)")
    }
    let missing = split.missingIsTrue
    switch split.mode {
    case .lessOrEqual:
      let node = try add(split.feature, atMost: split.threshold, missingGoesLeft: missing)
      return ([Reference(node: node, isLeft: true)], [Reference(node: node, isLeft: false)])
    case .less:
      let node = try add(split.feature, below: split.threshold, missingGoesLeft: missing)
      return ([Reference(node: node, isLeft: true)], [Reference(node: node, isLeft: false)])
    case .greater:
      let node = try add(split.feature, atMost: split.threshold, missingGoesLeft: !missing)
      return ([Reference(node: node, isLeft: false)], [Reference(node: node, isLeft: true)])
    case .greaterOrEqual:
      let node = try add(split.feature, below: split.threshold, missingGoesLeft: !missing)
      return ([Reference(node: node, isLeft: false)], [Reference(node: node, isLeft: true)])
    case .equal: return try addMembership(split.feature, [split.threshold], missingIsMember: missing)
    case .notEqual:
      // NaN differs from everything, so that it is true whether missing values are tracked or not.
      let (whenEqual, whenDifferent) = try addMembership(split.feature, [split.threshold], missingIsMember: false)
      return (whenDifferent, whenEqual)
    case .member(let values): return try addMembership(split.feature, values, missingIsMember: missing)
    }
  }

  /// For each value in ascending order `x <= v`, and below it `x < v`: between them lies v itself.
  private mutating func addMembership(
    _ feature: Int, _ values: [Float], missingIsMember: Bool,
  ) throws(TreeSource.Defect) -> (member: [Reference], other: [Reference]) {
    let sorted = Set(values).sorted()
    guard !sorted.isEmpty else { throw TreeSource.Defect(text: "a node tests membership of nothing") }
    var (member, other): ([Reference], [Reference]) = ([], [])
    for (at, value) in sorted.enumerated() {
      let outer = try add(feature, atMost: value, missingGoesLeft: missingIsMember && at == 0)
      if at > 0 { nodes[outer - 2].right = Int32(outer) }
      let inner = try add(feature, below: value, missingGoesLeft: false)
      nodes[outer].left = Int32(inner)
      other.append(Reference(node: inner, isLeft: true))
      member.append(Reference(node: inner, isLeft: false))
      if at == sorted.count - 1 { other.append(Reference(node: outer, isLeft: false)) }
    }
    return (member, other)
  }

  private mutating func add(
    _ feature: Int, atMost threshold: Float, missingGoesLeft: Bool,
  ) throws(TreeSource.Defect) -> Int {
    guard !threshold.isNaN else { throw TreeSource.Defect(text: "a node compares with NaN") }
    nodes.append(
      TreeEnsemble.Node(
        feature: Int32(feature), threshold: threshold, left: 0, right: 0, missingGoesLeft: missingGoesLeft))
    return nodes.count - 1
  }

  private mutating func add(
    _ feature: Int, below threshold: Float, missingGoesLeft: Bool,
  ) throws(TreeSource.Defect) -> Int {
    let node = try add(feature, atMost: threshold.nextDown, missingGoesLeft: missingGoesLeft)
    // Nothing is below -infinity, and nothing is at most NaN.
    if threshold == -.infinity { nodes[node].threshold = .nan }
    return node
  }
}
