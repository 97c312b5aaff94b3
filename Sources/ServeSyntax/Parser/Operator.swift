/// An operator between two operands, by its token and how tightly it binds.
struct Operator {
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

  /// The operator that a token is, if it is one.
  static func precedence(of token: Token) -> Precedence? {
    switch token.keyword {
    case .or: return .disjunction
    case .and: return .conjunction
    case .per: return .rate
    default: break
    }
    switch token.kind {
    case .equalEqual, .notEqual, .near, .less, .lessOrEqual, .greater, .greaterOrEqual: return .comparison
    case .coalesce: return .coalescing
    case .closedRange, .halfOpenRange: return .range
    case .plus, .minus: return .sum
    case .star, .slash: return .product
    default: return nil
    }
  }
}
