/// A forest of binary decision trees, normalised at import so that one kernel serves every exporter.
///
/// Every split is `x[feature] <= threshold` -> left, else right: importers turn `<` into `<=` of the next float down,
/// `>` and `>=` swap the children, and tests for equality or membership become two splits a value whose children
/// are *shared*. Nodes of all trees stand in one array, parents before children; a tree is entered at `roots[i]`, and
/// a node may have several parents in its tree, but never a cycle. Sums are made in f32 in tree order and `base` is
/// added last, as ONNX Runtime does. The ONNX importer writes post-transforms as operations of their own and leaves
/// `postTransform` at `none`.
package struct TreeEnsemble: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    /// Feature column, or -1 for a leaf.
    package var feature: Int32
    package var threshold: Float
    /// Children as node indices; for a leaf `left` is the first of its entries in `leafTargets`/`leafWeights`
    /// and `right` the number of entries.
    package var left: Int32
    package var right: Int32
    /// Whether a missing value (NaN) goes left.
    package var missingGoesLeft: Bool

    package init(feature: Int32, threshold: Float, left: Int32, right: Int32, missingGoesLeft: Bool) {
      self.feature = feature
      self.threshold = threshold
      self.left = left
      self.right = right
      self.missingGoesLeft = missingGoesLeft
    }
  }

  package enum Aggregate: String, Hashable, Sendable { case sum, average, minimum, maximum }
  package enum PostTransform: String, Hashable, Sendable { case none, logistic, softmax, softmaxZero, probit }

  package var nodes: [Node]
  package var roots: [Int32]
  package var leafTargets: [Int32]
  package var leafWeights: [Float]
  package var targetCount: Int
  package var featureCount: Int
  package var base: [Float]
  package var aggregate: Aggregate
  package var postTransform: PostTransform

  package init(
    nodes: [Node], roots: [Int32], leafTargets: [Int32], leafWeights: [Float], targetCount: Int, featureCount: Int,
    base: [Float], aggregate: Aggregate, postTransform: PostTransform,
  ) {
    self.nodes = nodes
    self.roots = roots
    self.leafTargets = leafTargets
    self.leafWeights = leafWeights
    self.targetCount = targetCount
    self.featureCount = featureCount
    self.base = base
    self.aggregate = aggregate
    self.postTransform = postTransform
  }
}
