import TensorTypes

/// The largest values that dimensions can take, by interval arithmetic over the plan's symbols.
struct SymbolRanges {
  private let ranges: [String: ClosedRange<Int>]

  /// `symbols` have passed `PlanCheck`: distinct names, 0 <= minimum <= maximum.
  init(_ symbols: [Symbol]) {
    ranges = Dictionary(
      symbols.map { ($0.name, $0.minimum...max($0.minimum, $0.maximum)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Never less than what any assignment gives; nil when it overflows or names no symbol of the plan.
  func maximum(of dim: Dim) -> Int? {
    var total = 0
    for term in dim.terms {
      // Symbols are not negative, so a monomial grows with each of them.
      var bound = term.coefficient
      for symbol in term.monomial {
        guard let range = ranges[symbol] else { return nil }
        let factor = term.coefficient > 0 ? range.upperBound : range.lowerBound
        let (product, overflow) = bound.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        bound = product
      }
      let (sum, overflow) = total.addingReportingOverflow(bound)
      if overflow { return nil }
      total = sum
    }
    return total
  }

  /// Bytes of a dense tensor at its largest; nil when they overflow or a dimension is never positive.
  func maximumBytes(_ element: ElementType, _ shape: Shape) -> Int? {
    var bytes = element.byteCount
    for dim in shape.dims {
      guard let extent = maximum(of: dim), extent >= 0 else { return nil }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      bytes = product
    }
    return bytes
  }
}
