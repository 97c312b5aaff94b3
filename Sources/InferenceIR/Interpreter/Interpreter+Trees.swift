import Glibc
import TensorTypes

extension Interpreter {
  static func treeEnsemble(_ ensemble: TreeEnsemble, _ x: Constant, _ to: ResultType) throws(Failure) -> Constant {
    let features = x.values(as: Float.self)
    var results: [Float] = []
    results.reserveCapacity(to.count)
    for row in 0..<x.shape[0] {
      let start = row * ensemble.featureCount
      var scores = try score(ensemble, features[start..<start + ensemble.featureCount])
      transform(&scores, ensemble.postTransform)
      results += scores
    }
    return Constant(.f32, to.shape, results)
  }

  /// The aggregate over all trees, plus the base, of one row.
  private static func score(
    _ ensemble: TreeEnsemble, _ row: ArraySlice<Float>,
  ) throws(Failure) -> [Float] {
    var scores = [Float](repeating: 0, count: ensemble.targetCount)
    var found = [Bool](repeating: false, count: ensemble.targetCount)
    for root in ensemble.roots {
      let leaf = ensemble.nodes[try leaf(ensemble, root, row)]
      for entry in Int(leaf.left)..<Int(leaf.left) + Int(leaf.right) {
        let (target, weight) = (Int(ensemble.leafTargets[entry]), ensemble.leafWeights[entry])
        switch ensemble.aggregate {
        case .sum, .average: scores[target] += weight
        case .minimum: scores[target] = found[target] ? min(scores[target], weight) : weight
        case .maximum: scores[target] = found[target] ? max(scores[target], weight) : weight
        }
        found[target] = true
      }
    }
    if ensemble.aggregate == .average { for at in scores.indices { scores[at] /= Float(ensemble.roots.count) } }
    for (at, base) in ensemble.base.enumerated() { scores[at] += base }
    return scores
  }

  private static func leaf(
    _ ensemble: TreeEnsemble, _ root: Int32, _ row: ArraySlice<Float>,
  ) throws(Failure) -> Int {
    var at = Int(root)
    // A walk longer than the number of nodes has met a cycle.
    for _ in ensemble.nodes.indices {
      let node = ensemble.nodes[at]
      if node.feature < 0 { return at }
      let value = row[row.startIndex + Int(node.feature)]
      let goesLeft = value.isNaN ? node.missingGoesLeft : value <= node.threshold
      at = Int(goesLeft ? node.left : node.right)
    }
    throw Failure("the tree at node \(root) has a cycle")
  }

  private static func transform(_ scores: inout [Float], _ function: TreeEnsemble.PostTransform) {
    switch function {
    case .none: break
    case .logistic: scores = scores.map { Float(sigmoid(Double($0))) }
    case .softmax: softmax(&scores) { _ in true }
    case .softmaxZero: softmax(&scores) { abs($0) > 1e-7 }
    case .probit: scores = scores.map { Float(probit(Double($0))) }
    }
  }

  /// Softmax; what does not take part is scaled like the others but leaves the sum alone.
  private static func softmax(_ scores: inout [Float], _ takesPart: (Float) -> Bool) {
    let peak = Double(scores.max() ?? 0)
    let parts = scores.map { takesPart($0) ? exp(Double($0) - peak) : Double($0) * exp(-peak) }
    let total = zip(scores, parts).reduce(0) { takesPart($1.0) ? $0 + $1.1 : $0 }
    scores = parts.map { Float($0 / total) }
  }

  /// sqrt(2) * erfinv(2p - 1) by Winitzki's approximation, which is the one ONNX Runtime computes.
  private static func probit(_ probability: Double) -> Double {
    let x = 2 * probability - 1
    let logarithm = log((1 - x) * (1 + x))
    let v = 2 / (Double.pi * 0.147) + 0.5 * logarithm
    let magnitude = ((v * v - logarithm / 0.147).squareRoot() - v).squareRoot()
    return 2.0.squareRoot() * (x < 0 ? -magnitude : magnitude)
  }
}
