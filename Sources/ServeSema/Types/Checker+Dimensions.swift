import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Dimensions as they are written: numbers, dims, sums and products of them.
extension Checker {
  /// The dimensions that a type writes in its brackets; none is a scalar.
  mutating func shape(_ type: AST.TypeExpr, _ symbols: Symbols) -> Shape? {
    var dims: [Dim] = []
    for written in type.dims ?? [] {
      switch written {
      case .atMost(_, let range):
        diagnostics.add(.notSupported("a ragged dimension", at: range))
      case .exact(let expr):
        if let dim = dimension(expr, symbols) { dims.append(dim) }
      }
    }
    guard dims.count == type.dims?.count ?? 0 else { return nil }
    if dims.count > 8 {
      diagnostics.add(
        Diagnostic(.outOfRange, "a tensor has at most 8 dimensions", at: Label(type.range, "\(dims.count) dimensions")))
      return nil
    }
    return Shape(dims)
  }

  /// A dimension: a number, a dim, sums and products of them.
  mutating func dimension(_ expr: AST.Expr, _ symbols: Symbols) -> Dim? {
    switch expr.kind {
    case .error: return nil
    case .integer(let value):
      if value <= UInt64(Int32.max), value > 0 { return Dim(Int(value)) }
      diagnostics.add(Diagnostic(.outOfRange, "a dimension is 1 or more", at: Label(expr.range, "not a size")))
      return nil
    case .binary(let left, let sign, let right, _) where [.add, .subtract, .multiply].contains(sign):
      let a = dimension(left, symbols)
      let b = dimension(right, symbols)
      guard let a, let b else { return nil }
      let result = sign == .add ? a + b : sign == .subtract ? a - b : a * b
      return accept(result, at: expr.range) ? result : nil
    case .path(let path) where path.single != nil: return dimension(path.first, symbols)
    case .float, .quantity, .percent, .bool, .string, .date, .grid, .pattern, .unset, .path, .implicitMember, .call,
      .index, .member, .unary, .binary, .range, .list, .record, .phrase:
      diagnostics.add(typeMismatch("a dimension is a number or a dim", "not a dimension", expr.range))
      return nil
    }
  }

  /// SV0304 for a computed dimension that nobody can read, or that may be no size.
  private mutating func accept(_ dim: Dim, at range: SourceRange) -> Bool {
    let problem: String? =
      if !dim.isSimple { "too large, or too many terms" } else if let least = bounds(dim)?.lowerBound, least < 1 {
        "may be \(least)"
      } else { nil }
    guard let problem else { return true }
    diagnostics.add(Diagnostic(.outOfRange, "a dimension is 1 or more, and readable", at: Label(range, problem)))
    return false
  }

  private mutating func dimension(_ name: AST.Name, _ symbols: Symbols) -> Dim? {
    if name.text == "_" {
      diagnostics.add(.notSupported("`_` as a dimension", at: name.range))
      return nil
    }
    let found = program.lookup(name)
    switch symbols {
    case .local where found?.kind != .dim: return Dim(symbol: name.text)
    case .local, .declared, .none:
      guard let declaration = resolve(name, [.dim]), let dim = dims[declaration.name.text] else { return nil }
      if dim.minimum == dim.maximum { return Dim(dim.minimum) }
      if case .none = symbols {
        diagnostics.add(
          typeMismatch("every dimension is a number here", "`\(name)` varies from request to request", name.range))
        return nil
      }
      return Dim(symbol: name.text)
    }
  }

  /// Between which values a dimension lies whose symbols are all declared; nil where one is not.
  func bounds(_ dim: Dim) -> ClosedRange<Int>? {
    var (least, most) = (0, 0)
    for term in dim.terms {
      let declared = term.monomial.compactMap { dims[$0] }
      guard declared.count == term.monomial.count else { return nil }
      let low = declared.reduce(1) { $0.multipliedClamped(by: $1.minimum) }
      let high = declared.reduce(1) { $0.multipliedClamped(by: $1.maximum) }
      let ends = [low.multipliedClamped(by: term.coefficient), high.multipliedClamped(by: term.coefficient)].sorted()
      least = least.addedClamped(to: ends[0])
      most = most.addedClamped(to: ends[1])
    }
    return least...max(least, most)
  }
}

extension Dim {
  /// What one reads at a glance, and what arithmetic on cannot overflow.
  fileprivate var isSimple: Bool {
    terms.count <= 8 && terms.allSatisfy { $0.monomial.count <= 4 && abs($0.coefficient) <= Int(Int32.max) }
  }
}

extension Int {
  fileprivate func multipliedClamped(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }

  fileprivate func addedClamped(to other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (self > 0 ? .max : .min) : sum
  }
}
