/// The functions that pipelines call.
enum PipelineFunction: String, CaseIterable {
  case abs, bucketize, cast, clip, concat, exp, expand, gather, log, log1p, max, mean, min, normalize, relu, reshape
  case sigmoid, softmax, sqrt, sum, tanh
  case hashBucket = "hash_bucket"
  case topK = "top_k"
  case select = "where"

  /// Part of the language, not supported yet.
  static let planned = ["lookup", "pad", "one_hot", "slice", "cumsum", "sort", "unique"]

  /// How it is called, for messages.
  var usage: String {
    switch self {
    case .abs, .exp, .log, .log1p, .relu, .sigmoid, .sqrt, .tanh: "\(rawValue)(x)"
    case .bucketize: "bucketize(x, [0.0, 1.0])"
    case .cast: "cast(x, f32)"
    case .clip: "clip(x, 0.0...1.0)"
    case .concat: "concat(a, b, axis: -1)"
    case .expand: "expand(x, dim)"
    case .gather: "gather(x, index)"
    case .hashBucket: "hash_bucket(x, 1000)"
    case .max, .min: "\(rawValue)(a, b) or \(rawValue)(x, axis: 0)"
    case .mean, .sum: "\(rawValue)(x, axis: 0)"
    case .normalize: "normalize(x, Stats)"
    case .reshape: "reshape(x, [2, 3])"
    case .select: "where(condition, a, b)"
    case .softmax: "softmax(x, axis: -1)"
    case .topK: "top_k(x, k: 10, pad: 0)"
    }
  }

  /// How many arguments without a label it takes.
  var positional: ClosedRange<Int> {
    switch self {
    case .abs, .exp, .log, .log1p, .relu, .sigmoid, .sqrt, .tanh, .softmax, .sum, .mean, .topK: 1...1
    case .bucketize, .cast, .clip, .expand, .gather, .hashBucket, .normalize, .reshape: 2...2
    case .max, .min: 1...2
    case .select: 3...3
    case .concat: 1...256
    }
  }

  /// The labels that it knows; `true` for those that must be there.
  var labels: [(name: String, isRequired: Bool)] {
    switch self {
    case .abs, .exp, .log, .log1p, .relu, .sigmoid, .sqrt, .tanh, .bucketize, .cast, .clip, .expand, .gather,
      .hashBucket, .normalize, .reshape, .select:
      []
    case .concat, .softmax, .max, .min: [("axis", false)]
    case .sum, .mean: [("axis", true)]
    case .topK: [("k", true), ("pad", false)]
    }
  }
}
