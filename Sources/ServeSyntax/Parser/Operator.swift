/// The operators between two operands.
enum Operator {
  /// From loosest to tightest; operators of one level group from the left.
  enum Precedence: Int, CaseIterable, Comparable {
    case disjunction
    case conjunction
    case comparison
    case coalescing
    case range
    case sum
    case product
    case rate

    static func < (a: Precedence, b: Precedence) -> Bool {
      a.rawValue < b.rawValue
    }

    /// The level whose operators may stand beside this level's.
    var tighter: Precedence? {
      Precedence(rawValue: rawValue + 1)
    }
  }

  /// How tightly a token binds its neighbours, if it is an operator.
  static func precedence(of token: Token) -> Precedence? {
    token.keyword.flatMap { words[$0] } ?? signs[token.kind]
  }

  private static let words: [Keyword: Precedence] = [.or: .disjunction, .and: .conjunction, .per: .rate]

  private static let signs: [TokenKind: Precedence] = [
    .equalEqual: .comparison, .notEqual: .comparison, .near: .comparison,
    .less: .comparison, .lessOrEqual: .comparison, .greater: .comparison, .greaterOrEqual: .comparison,
    .coalesce: .coalescing,
    .closedRange: .range, .halfOpenRange: .range,
    .plus: .sum, .minus: .sum,
    .star: .product, .slash: .product,
  ]
}
