import InferenceIR
import TensorTypes

/// Trees over features of f64, by rank: with thresholds t0 < t1 < … of a feature, `x <= tk` holds exactly when at most k
/// of them lie below x. That number is a small integer, which f32 holds, so that the trees stay trees of f32.
struct TreeRanks {
  private(set) var ensemble: TreeEnsemble
  /// The thresholds of each feature, ascending; infinity is left out, because nothing lies above it.
  private let thresholds: [[Double]]

  init(_ source: TreeSource, featureCount: Int) throws(TreeSource.Defect) {
    let exact: [Double?]
    (ensemble, exact) = try source.built(featureCount: featureCount)
    var found = [Set<Double>](repeating: [], count: featureCount)
    for (node, threshold) in zip(ensemble.nodes, exact) {
      if let threshold, threshold < .infinity { found[Int(node.feature)].insert(threshold) }
    }
    thresholds = found.map { $0.sorted() }
    let ranks = thresholds.map { Dictionary(uniqueKeysWithValues: zip($0, 0...)) }
    for (at, threshold) in exact.enumerated() {
      guard let threshold else { continue }
      let feature = Int(ensemble.nodes[at].feature)
      ensemble.nodes[at].threshold = Float(ranks[feature][threshold] ?? thresholds[feature].count)
    }
  }

  /// Most columns, each of which is ranked by itself.
  private static let maximumColumns = 1024

  /// The rank of every feature among its thresholds; NaN stays NaN.
  func features(_ x: ValueID, _ importer: inout Importer, _ call: Call) throws(ImportError) -> ValueID {
    guard thresholds.count <= Self.maximumColumns else {
      throw call.fail(.limit("more than \(Self.maximumColumns) features of f64"))
    }
    var columns: [ValueID] = []
    for (at, thresholds) in thresholds.enumerated() {
      let column = try importer.emit(.slice(axis: 1, start: Dim(at), length: 1, step: 1), x, for: call)
      // What lies below x are the thresholds whose next number up is at most x.
      let rank = try importer.emit(.bucketize(thresholds.map(\.nextUp)), column, for: call)
      let number = try importer.converted(rank, to: .f32, call)
      let isMissing = try importer.unary(.isNaN, column, call)
      columns.append(try importer.emit(.select, isMissing, importer.scalar(.nan, .f32, call), number, for: call))
    }
    return try importer.emitAll(.concat(axis: 1), columns, for: call)[0]
  }
}
