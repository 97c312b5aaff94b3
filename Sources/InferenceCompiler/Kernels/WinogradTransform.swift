/// The transforms of minimal filtering F(m x m, 3 x 3) with the points 0, 1, -1 (and 2, -2) and infinity (Lavin and Gray,
/// arXiv 1509.09308): m x m results of a 3 x 3 window from (m + 2) x (m + 2) products a channel instead of 9 m x m.
struct WinogradTransform: Hashable, Sendable {
  /// Results along an axis: 2 or 4.
  let results: Int
  /// Elements of x along an axis that they depend on.
  var points: Int { results + 2 }

  /// Bᵀ: a tile d of x becomes Bᵀ d B.
  var input: [[Double]] { results == 2 ? Self.input2 : Self.input4 }
  /// G: the weights g of a window become G g Gᵀ.
  var weights: [[Double]] { results == 2 ? Self.weights2 : Self.weights4 }
  /// Aᵀ: sums of products s become Aᵀ s A.
  var output: [[Double]] { results == 2 ? Self.output2 : Self.output4 }

  private static let input2: [[Double]] = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]
  private static let weights2: [[Double]] = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
  private static let output2: [[Double]] = [[1, 1, 1, 0], [0, 1, -1, -1]]

  private static let input4: [[Double]] = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ]
  private static let weights4: [[Double]] = {
    let (sixth, twelfth, least): (Double, Double, Double) = (1 / 6, 1 / 12, 1 / 24)
    let outer: [[Double]] = [[0.25, 0, 0], [-sixth, -sixth, -sixth], [-sixth, sixth, -sixth]]
    let inner: [[Double]] = [[least, twelfth, sixth], [least, -twelfth, sixth], [0, 0, 1]]
    return outer + inner
  }()
  private static let output4: [[Double]] = [
    [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
  ]

  /// One row of a transform applied to vectors of a C type, in the order of the row.
  static func combination(_ row: [Double], of terms: [CExpression], type: String) -> CExpression {
    var sum: CExpression?
    for (factor, term) in zip(row, terms) where factor != 0 {
      sum = added(term, factor, to: sum, type)
    }
    return sum ?? .cast(type, .float(0))
  }

  private static func added(_ term: CExpression, _ factor: Double, to sum: CExpression?, _ type: String) -> CExpression
  {
    let constant: CExpression = .cast(type, .float(Float(factor)))
    guard let sum else {
      if factor == 1 { return term }
      return factor == -1 ? .unary("-", term) : .binary(constant, "*", term)
    }
    if factor == 1 { return .binary(sum, "+", term) }
    return factor == -1 ? .binary(sum, "-", term) : .call("m_fma", [constant, term, sum])
  }
}
