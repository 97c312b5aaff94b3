import TensorTypes

extension ShapeRules {
  static func treeEnsemble(_ ensemble: TreeEnsemble, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element == .f32, "features are \(x.element), not f32")
    try require(
      x.shape.rank == 2 && x.shape[1] == Dim(ensemble.featureCount),
      "features have shape \(x.shape), not [rows, \(ensemble.featureCount)]",
    )
    return TensorType(.f32, [x.shape[0], Dim(ensemble.targetCount)])
  }

  static func bucketize(_ boundaries: [Double], _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    try require(zip(boundaries, boundaries.dropFirst()).allSatisfy { $0 < $1 }, "boundaries do not ascend")
    return TensorType(.i64, x.shape)
  }

  static func hashBucket(_ buckets: Int, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element.isInteger || x.element == .string, "needs integers or strings, found \(x.element)")
    try require(buckets > 0, "the number of buckets is \(buckets)")
    return TensorType(.i64, x.shape)
  }
}
