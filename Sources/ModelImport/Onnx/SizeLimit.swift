import TensorTypes

/// Keeps shapes within what arithmetic on dimensions handles exactly and quickly.
enum SizeLimit {
  /// Most terms of the number of elements as a polynomial.
  private static let maximumTerms = 64
  /// Largest sum of coefficients of that polynomial: the number of elements with every symbol 1.
  private static let maximumElements = Double(1 << 46)

  /// What is wrong with a type, if anything.
  static func problem(_ type: TensorType) -> ImportError.Kind? {
    guard type.shape.rank <= TensorLoader.maximumRank else {
      return .limit("\(type.shape.rank) dimensions, at most \(TensorLoader.maximumRank)")
    }
    var magnitude = 1.0
    var count = Dim(1)
    for dim in type.shape.dims {
      magnitude *= max(dim.terms.reduce(0) { $0 + Double($1.coefficient.magnitude) }, 1)
      guard magnitude <= maximumElements, dim.terms.count <= maximumTerms else {
        return .limit("a tensor of shape \(type.shape) is too large")
      }
      count = count * dim
      guard count.terms.count <= maximumTerms else { return .limit("shape \(type.shape) is too complex") }
    }
    return nil
  }

  /// Whether a dimension is simple enough to compute with.
  static func admits(_ dim: Dim) -> Bool {
    dim.terms.count <= maximumTerms
      && dim.terms.allSatisfy { $0.coefficient.magnitude < 1 << 62 && $0.monomial.count <= TensorLoader.maximumRank }
  }
}
