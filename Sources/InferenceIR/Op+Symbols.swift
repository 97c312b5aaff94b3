package import TensorTypes

extension Op {
  /// The symbol that has its value only once the operation has run.
  package var definedSymbol: String? {
    if case .positions(let count) = self { count.symbol } else { nil }
  }

  /// The operation with symbols replaced in every dimension that it holds.
  package func substituting(_ replacements: [String: Dim]) -> Op {
    switch self {
    case .reshape(let shape): .reshape(shape.substituting(replacements))
    case .expand(let shape): .expand(shape.substituting(replacements))
    case .slice(let axis, let start, let length, let step):
      .slice(
        axis: axis, start: start.substituting(replacements), length: length.substituting(replacements), step: step)
    case .dimensions(let dims): .dimensions(dims.map { $0.substituting(replacements) })
    case .iota(let count, let start, let step):
      .iota(count: count.substituting(replacements), start: start, step: step)
    case .positions(let count): .positions(count: count.substituting(replacements))
    case .unary, .binary, .compare, .select, .cast, .bitcast, .matmul, .convolution, .pool, .reduce, .argReduce,
      .softmax, .logSoftmax,
      .layerNorm, .rmsNorm, .attention, .recurrent, .cumulativeSum, .cumulativeProduct, .scatterElements, .scatterND,
      .transpose, .concat, .gather, .gatherElements, .gatherND, .pad, .nonMaxSuppression, .topK, .oneHot, .treeEnsemble,
      .bucketize, .hashBucket:
      self
    }
  }
}
