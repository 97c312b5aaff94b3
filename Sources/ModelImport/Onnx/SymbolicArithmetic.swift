import InferenceIR
import TensorTypes

extension Importer {
  /// Lowers the largest value of a symbol so that `dim` is at most the fixed `size`: how a model says that it holds
  /// positions for sequences up to some length. Whoever gives the symbol its range is held to it.
  /// - Returns: whether it is so now; false when that is not a matter of one symbol.
  mutating func assume(_ dim: Dim, isAtMost size: Dim) -> Bool {
    let rest = dim - Dim(dim.constantTerm)
    guard let size = size.constant, let name = rest.symbol,
      let at = graph.symbols.firstIndex(where: { $0.name == name }),
      case let most = size - dim.constantTerm, most >= graph.symbols[at].minimum
    else { return false }
    graph.symbols[at].maximum = min(graph.symbols[at].maximum, most)
    return true
  }
}

/// Arithmetic and comparison of dimensions, as far as they can be decided for every value of the symbols.
enum SymbolicArithmetic {
  /// The least value of a polynomial without negative coefficients on symbols; nil when it is not known.
  static func minimum(_ dim: Dim, _ minima: [String: Int]) -> Int? {
    guard dim.terms.allSatisfy({ $0.monomial.isEmpty || $0.coefficient > 0 }) else { return nil }
    return dim.evaluate(minima)
  }

  /// Whether `a <= b` always holds.
  static func isNeverAbove(_ a: Dim, _ b: Dim, _ minima: [String: Int]) -> Bool {
    (minimum(b - a, minima) ?? -1) >= 0
  }

  /// The product; nil when it gets too complex on the way.
  static func product(_ dims: [Dim]) -> Dim? {
    var product = Dim(1)
    for dim in dims {
      product = product * dim
      guard SizeLimit.admits(dim), SizeLimit.admits(product) else { return nil }
    }
    return product
  }

  static func binary(_ function: BinaryOp, _ a: Dim, _ b: Dim, minima: [String: Int]) -> Dim? {
    guard SizeLimit.admits(a), SizeLimit.admits(b) else { return nil }
    switch function {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide:
      if let x = a.constant, let y = b.constant { return y == 0 ? nil : Dim(x.dividedReportingOverflow(by: y).0) }
      return b == 0 ? nil : a.dividedExactly(by: b)
    case .minimum:
      if isNeverAbove(a, b, minima) { return a }
      return isNeverAbove(b, a, minima) ? b : nil
    case .maximum:
      if isNeverAbove(a, b, minima) { return b }
      return isNeverAbove(b, a, minima) ? a : nil
    case .and, .or, .xor:
      guard let x = a.constant, let y = b.constant else { return nil }
      return Dim(function == .and ? x & y : function == .or ? x | y : x ^ y)
    case .modulo:
      return a.dividedExactly(by: b) != nil ? Dim(0) : nil
    case .power, .prelu, .shiftLeft, .shiftRight: return nil
    }
  }

  static func compare(_ function: CompareOp, _ a: Dim, _ b: Dim, minima: [String: Int]) -> Bool? {
    guard SizeLimit.admits(a), SizeLimit.admits(b) else { return nil }
    let below = isNeverAbove(a + 1, b, minima)
    let above = isNeverAbove(b + 1, a, minima)
    switch function {
    case .equal: return a == b ? true : below || above ? false : nil
    case .notEqual: return a == b ? false : below || above ? true : nil
    case .less: return below ? true : isNeverAbove(b, a, minima) ? false : nil
    case .lessOrEqual: return isNeverAbove(a, b, minima) ? true : above ? false : nil
    case .greater: return above ? true : isNeverAbove(a, b, minima) ? false : nil
    case .greaterOrEqual: return isNeverAbove(b, a, minima) ? true : below ? false : nil
    }
  }
}
