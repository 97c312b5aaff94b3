package import TensorTypes

/// A dimension ready to be computed from the symbols' values, without allocation.
package struct CompiledDim: Sendable {
  private struct Term: Sendable {
    let coefficient: Int
    let symbols: [Int]
  }

  private let base: Int
  private let terms: [Term]

  /// `dim` names only symbols of `symbols`, as `PlanFile` made sure.
  package init(_ dim: Dim, symbols: [Symbol]) {
    base = dim.terms.first { $0.monomial.isEmpty }?.coefficient ?? 0
    terms = dim.terms.filter { !$0.monomial.isEmpty }.map { term in
      Term(
        coefficient: term.coefficient,
        symbols: term.monomial.compactMap { name in symbols.firstIndex { $0.name == name } })
    }
  }

  /// The value where no symbol takes part.
  package var constant: Int? { terms.isEmpty ? base : nil }

  /// The value where symbol `s` is `dims[s]`. Overflow is impossible for symbols in range: the plan was checked at
  /// its largest dimensions.
  package func value(_ dims: UnsafePointer<Int64>) -> Int {
    var sum = base
    for term in terms {
      var product = term.coefficient
      for symbol in term.symbols { product &*= Int(dims[symbol]) }
      sum &+= product
    }
    return sum
  }
}
