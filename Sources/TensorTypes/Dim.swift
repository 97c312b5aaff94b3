/// One dimension of a tensor: a polynomial with integer coefficients over named symbols.
///
/// The normal form (monomials sorted, no zero coefficients) makes equality of dimensions decidable by
/// comparing values: `batch * cand + 3` is equal to `3 + cand * batch`.
package struct Dim: Hashable, Sendable {
  /// A product of symbols, sorted, with repetition for powers; empty for the constant term.
  package typealias Monomial = [String]

  /// One `coefficient * monomial`.
  package struct Term: Hashable, Sendable {
    package let monomial: Monomial
    package let coefficient: Int
  }

  /// Non-zero terms, sorted by monomial.
  package let terms: [Term]

  package init(_ value: Int) {
    terms = value == 0 ? [] : [Term(monomial: [], coefficient: value)]
  }

  /// The dimension that a declared or imported symbol stands for.
  package init(symbol: String) {
    terms = [Term(monomial: [symbol], coefficient: 1)]
  }

  /// The sum of terms with distinct monomials, in any order; nil where two are alike or a coefficient is zero. It costs
  /// no more than the terms: reading a plan makes a dimension a step.
  package init?(distinct terms: [(coefficient: Int, symbols: Monomial)]) {
    var sorted = terms.map {
      Term(monomial: $0.symbols.count < 2 ? $0.symbols : $0.symbols.sorted(), coefficient: $0.coefficient)
    }
    if sorted.count > 1 { sorted.sort { $0.monomial.lexicographicallyPrecedes($1.monomial) } }
    for (at, term) in sorted.enumerated() {
      if term.coefficient == 0 || (at > 0 && sorted[at - 1].monomial == term.monomial) { return nil }
    }
    self.terms = sorted
  }

  private init(_ sums: [Monomial: Int]) {
    terms =
      sums.filter { $0.value != 0 }
      .map { Term(monomial: $0.key, coefficient: $0.value) }
      .sorted { $0.monomial.lexicographicallyPrecedes($1.monomial) }
  }

  /// The value when no symbol takes part, else nil.
  package var constant: Int? {
    if terms.isEmpty { return 0 }
    guard terms.count == 1, terms[0].monomial.isEmpty else { return nil }
    return terms[0].coefficient
  }

  /// The name when this is exactly one symbol, else nil.
  package var symbol: String? {
    guard terms.count == 1, terms[0].coefficient == 1, terms[0].monomial.count == 1 else { return nil }
    return terms[0].monomial[0]
  }

  /// Every symbol that takes part.
  package var symbols: Set<String> { Set(terms.flatMap(\.monomial)) }

  package static func + (a: Dim, b: Dim) -> Dim {
    var sums: [Monomial: Int] = [:]
    for term in a.terms + b.terms { sums[term.monomial, default: 0] &+= term.coefficient }
    return Dim(sums)
  }

  package static prefix func - (a: Dim) -> Dim { a * Dim(-1) }

  package static func - (a: Dim, b: Dim) -> Dim { a + (-b) }

  package static func * (a: Dim, b: Dim) -> Dim {
    var sums: [Monomial: Int] = [:]
    for x in a.terms {
      for y in b.terms {
        sums[(x.monomial + y.monomial).sorted(), default: 0] &+= x.coefficient &* y.coefficient
      }
    }
    return Dim(sums)
  }

  /// The exact quotient by a single non-zero term (`12*batch / 4 = 3*batch`), else nil.
  package func dividedExactly(by divisor: Dim) -> Dim? {
    if self == divisor, !terms.isEmpty { return Dim(1) }
    guard divisor.terms.count == 1 else { return nil }
    let by = divisor.terms[0]
    var sums: [Monomial: Int] = [:]
    for term in terms {
      guard term.coefficient % by.coefficient == 0 else { return nil }
      var rest = term.monomial
      for symbol in by.monomial {
        guard let at = rest.firstIndex(of: symbol) else { return nil }
        rest.remove(at: at)
      }
      sums[rest, default: 0] += term.coefficient / by.coefficient
    }
    return Dim(sums)
  }

  /// The part without symbols.
  package var constantTerm: Int { terms.first { $0.monomial.isEmpty }?.coefficient ?? 0 }

  /// The value under an assignment of every symbol; nil when a symbol is missing or the value overflows.
  package func evaluate(_ values: [String: Int]) -> Int? {
    var total = 0
    for term in terms {
      var product = term.coefficient
      for symbol in term.monomial {
        guard let value = values[symbol] else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: value)
        if overflow { return nil }
        product = next
      }
      let (next, overflow) = total.addingReportingOverflow(product)
      if overflow { return nil }
      total = next
    }
    return total
  }

  /// The dimension with each listed symbol replaced.
  package func substituting(_ replacements: [String: Dim]) -> Dim {
    var sum = Dim(0)
    for term in terms {
      var product = Dim(term.coefficient)
      for symbol in term.monomial { product = product * (replacements[symbol] ?? Dim(symbol: symbol)) }
      sum = sum + product
    }
    return sum
  }
}

extension Dim: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self.init(value) }
}

extension Dim: CustomStringConvertible {
  package var description: String {
    if terms.isEmpty { return "0" }
    var text = ""
    // Symbols first, then the constant: people write `cand + 1`.
    for term in terms.filter({ !$0.monomial.isEmpty }) + terms.filter(\.monomial.isEmpty) {
      let negative = term.coefficient < 0
      if text.isEmpty { text += negative ? "-" : "" } else { text += negative ? " - " : " + " }
      let magnitude = term.coefficient.magnitude
      let factors = (magnitude == 1 && !term.monomial.isEmpty ? [] : [String(magnitude)]) + term.monomial
      text += factors.joined(separator: "*")
    }
    return text
  }
}
