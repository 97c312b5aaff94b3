import ServeDiagnostics
import ServeSyntax

/// Evaluating the expressions of settings, units checked.
extension Checker {
  /// The value of an expression; nil where it has none, which is reported by then.
  mutating func evaluate(_ expr: AST.Expr) -> Constant? {
    switch expr.kind {
    case .error: return nil
    case .integer(let value): return number(Decimal(significand: value), expr)
    case .float(let value): return number(value, expr)
    case .percent(let value): return rational(value, expr).map(Constant.percent)
    case .quantity(let quantity):
      return rational(quantity.number, expr)
        .flatMap { $0.multiplied(by: Rational(Int(quantity.unit.factor))) }
        .map { .quantity($0, quantity.unit.dimension) }
    case .bool(let value): return .bool(value)
    case .string(let value):
      refuseLiteralSecret(value, at: expr.range)
      return .string(value)
    case .date(let date): return .date(date)
    case .grid(let sides): return .grid(sides)
    case .path(let path): return .path(path)
    case .unset: return .unset
    case .range(let lower, let upper, let isClosed): return range(lower, upper, isClosed: isClosed)
    case .list(let elements): return list(elements)
    case .unary(.negate, let operand): return evaluate(operand).flatMap { negated($0, expr) }
    case .binary(let left, let sign, let right, let signRange):
      return binary(left, sign, right, at: signRange, of: expr)
    case .pattern, .implicitMember, .call, .index, .member, .unary, .record, .phrase: return .other(expr)
    }
  }

  private mutating func number(_ value: Decimal, _ expr: AST.Expr) -> Constant? {
    rational(value, expr).map(Constant.number)
  }

  private mutating func rational(_ value: Decimal, _ expr: AST.Expr) -> Rational? {
    if let exact = Rational(value) { return exact }
    diagnostics.add(outOfRange(expr.range))
    return nil
  }

  private mutating func range(_ lower: AST.Expr, _ upper: AST.Expr, isClosed: Bool) -> Constant? {
    let low = evaluate(lower)
    let high = evaluate(upper)
    guard let low, var high else { return nil }
    if !isClosed, case .number(let value) = high, let last = value.adding(Rational(-1)) { high = .number(last) }
    return .range(lower: low, upper: high)
  }

  private mutating func list(_ elements: [AST.Expr]) -> Constant? {
    var values: [Constant.Element] = []
    for element in elements {
      if let value = evaluate(element) { values.append(Constant.Element(value: value, range: element.range)) }
    }
    return values.count == elements.count ? .list(values) : nil
  }

  private mutating func negated(_ value: Constant, _ expr: AST.Expr) -> Constant? {
    switch value {
    case .number(let number): return .number(number.negated)
    case .quantity(let amount, let dimension): return .quantity(amount.negated, dimension)
    case .percent(let amount): return .percent(amount.negated)
    case .bool, .string, .date, .grid, .path, .range, .list, .unset, .other: return .other(expr)
    }
  }

  private mutating func binary(
    _ left: AST.Expr, _ sign: AST.BinaryOperator, _ right: AST.Expr, at signRange: SourceRange, of expr: AST.Expr,
  ) -> Constant? {
    let a = evaluate(left)
    let b = evaluate(right)
    guard let a, let b else { return nil }
    let result: Arithmetic?
    switch sign {
    case .add: result = Arithmetic.sum(a, b)
    case .subtract: result = negated(b, right).flatMap { Arithmetic.sum(a, $0) }
    case .multiply: result = Arithmetic.product(a, b)
    case .divide: result = Arithmetic.quotient(a, b)
    case .per: result = Arithmetic.rate(a, b)
    case .or, .and, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .near, .coalesce:
      return .other(expr)
    }
    switch result {
    case .value(let value): return value
    case .overflow:
      diagnostics.add(outOfRange(expr.range))
      return nil
    case nil:
      diagnostics.add(
        Diagnostic(
          .unitMismatch, "`\(sign.rawValue)` cannot take \(a.kind) and \(b.kind)", at: Label(signRange, ""),
          secondary: [Label(left.range, a.kind), Label(right.range, b.kind)],
          notes: ["amounts add within one unit family; times and bytes scale by pure numbers"],
        ))
      return nil
    }
  }

  private func outOfRange(_ range: SourceRange) -> Diagnostic {
    Diagnostic(
      .outOfRange, "this number is out of range", at: Label(range, "more digits than amounts are counted in"))
  }
}

/// The arithmetic of constants: a result, or none where the units do not go together.
private enum Arithmetic {
  case value(Constant)
  case overflow

  private init(_ value: Rational?, _ wrap: (Rational) -> Constant) {
    self = value.map { .value(wrap($0)) } ?? .overflow
  }

  static func sum(_ a: Constant, _ b: Constant) -> Arithmetic? {
    switch (a, b) {
    case (.number(let x), .number(let y)): Arithmetic(x.adding(y), Constant.number)
    case (.percent(let x), .percent(let y)): Arithmetic(x.adding(y), Constant.percent)
    case (.quantity(let x, let one), .quantity(let y, let other)) where one == other:
      Arithmetic(x.adding(y)) { .quantity($0, one) }
    default: nil
    }
  }

  static func product(_ a: Constant, _ b: Constant) -> Arithmetic? {
    switch (a, b) {
    case (.number(let x), .number(let y)): Arithmetic(x.multiplied(by: y), Constant.number)
    case (.quantity(let x, let dimension), .number(let y)), (.number(let y), .quantity(let x, let dimension)):
      Arithmetic(x.multiplied(by: y)) { .quantity($0, dimension) }
    default: nil
    }
  }

  static func quotient(_ a: Constant, _ b: Constant) -> Arithmetic? {
    switch (a, b) {
    case (.number(let x), .number(let y)): Arithmetic(x.divided(by: y), Constant.number)
    case (.quantity(let x, let one), .quantity(let y, let other)) where one == other:
      Arithmetic(x.divided(by: y), Constant.number)
    case (.quantity(let x, let dimension), .number(let y)):
      Arithmetic(x.divided(by: y)) { .quantity($0, dimension) }
    default: nil
    }
  }

  /// `350 per 1min`, in requests per minute.
  static func rate(_ a: Constant, _ b: Constant) -> Arithmetic? {
    guard case .number(let count) = a, case .quantity(let time, .duration) = b else { return nil }
    let minute = Rational(Int(Unit.minutes.factor))
    return Arithmetic(count.multiplied(by: minute).flatMap { $0.divided(by: time) }) { .quantity($0, .rate) }
  }
}
