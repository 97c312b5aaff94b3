import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Operators of pipelines: arithmetic, comparison, logic, `??`. Operands broadcast as in numpy.
extension Checker {
  mutating func unary(_ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType?) -> TypedExpression? {
    guard case .unary(let sign, let operand) = expr.kind, let (value, type) = tensor(operand, scope, hint: hint)
    else { return nil }
    switch sign {
    case .negate:
      guard accepts(type, "-", at: operand.range, "signed numbers", { $0.isFloat || $0.isSigned }) else { return nil }
      return apply(.unary(.negate), [value], type, expr)
    case .not:
      guard accepts(type, "not", at: operand.range, "bool", { $0 == .bool }) else { return nil }
      return apply(.unary(.not), [value], type, expr)
    }
  }

  mutating func binary(
    _ left: AST.Expr, _ sign: AST.BinaryOperator, _ right: AST.Expr, _ expr: AST.Expr, at signRange: SourceRange,
    _ scope: PipelineScope, hint: ElementType?,
  ) -> TypedExpression? {
    if let comparison = sign.comparison, let result = enumComparison(left, comparison, right, expr, scope) {
      return result.value
    }
    let hint = sign.comparison == nil ? hint : nil
    guard let (a, b, element, shape) = operands(left, right, sign.rawValue, at: signRange, scope, hint: hint)
    else { return nil }
    if let comparison = sign.comparison {
      let isOrdered = comparison != .equal && comparison != .notEqual
      let type = TensorType(element)
      if isOrdered, !accepts(type, sign.rawValue, at: signRange, "numbers", { $0.isFloat || $0.isInteger }) {
        return nil
      }
      return apply(.compare(comparison), [a, b], TensorType(.bool, shape), expr)
    }
    guard let function = sign.function else {
      diagnostics.add(.notSupported("`\(sign.rawValue)` in a pipeline", at: signRange))
      return nil
    }
    let isLogic = function == .and || function == .or
    guard
      accepts(
        TensorType(element), sign.rawValue, at: signRange, isLogic ? "bool" : "numbers",
        { isLogic ? $0 == .bool : $0.isFloat || $0.isInteger })
    else { return nil }
    return apply(.binary(function), [a, b], TensorType(element, shape), expr)
  }

  /// Two operands of one element type, and the shape that they broadcast to.
  mutating func operands(
    _ left: AST.Expr, _ right: AST.Expr, _ name: String, at range: SourceRange, _ scope: PipelineScope,
    hint: ElementType?,
  ) -> (TypedExpression, TypedExpression, ElementType, Shape)? {
    let first: (TypedExpression, TypedExpression, TensorType, TensorType)?
    // A literal takes the type of the operand beside it.
    if literal(left) != nil, literal(right) == nil {
      guard let (b, bType) = tensor(right, scope, hint: hint) else { return nil }
      guard let (a, aType) = tensor(left, scope, hint: bType.element) else { return nil }
      first = (a, b, aType, bType)
    } else {
      let one = tensor(left, scope, hint: hint)
      let other = literal(right) != nil && one == nil ? nil : tensor(right, scope, hint: one?.1.element ?? hint)
      guard let (a, aType) = one, let (b, bType) = other else { return nil }
      first = (a, b, aType, bType)
    }
    guard let (a, b, aType, bType) = first else { return nil }
    guard sameElement([(left, aType), (right, bType)], name) else { return nil }
    guard let shape = broadcast([(left, aType), (right, bType)], name, at: range) else { return nil }
    return (a, b, aType.element, shape)
  }

  /// SV0402 where element types differ: nothing is converted unasked.
  mutating func sameElement(_ operands: [(expr: AST.Expr, type: TensorType)], _ name: String) -> Bool {
    guard let first = operands.first, let other = operands.first(where: { $0.type.element != first.type.element })
    else { return true }
    // Offer to convert towards the float, else towards the first.
    let (from, to) = other.type.element.isFloat && !first.type.element.isFloat ? (first, other) : (other, first)
    let canCast = from.type.element != .string && to.type.element != .string
    diagnostics.add(
      Diagnostic(
        .elementMismatch,
        "`\(name)` takes operands of one type, these are \(first.type.element) and \(other.type.element)",
        at: Label(other.expr.range, other.type.description),
        secondary: [Label(first.expr.range, first.type.description)],
        help: canCast ? [.wrap(from.expr.range, "cast(", ", \(to.type.element))", "convert one of them")] : []))
    return false
  }

  /// numpy's rule: from the right, sizes are equal or one of them is 1.
  mutating func broadcast(
    _ operands: [(expr: AST.Expr, type: TensorType)], _ name: String, at range: SourceRange,
  ) -> Shape? {
    var result: [Dim] = []
    for (_, type) in operands {
      let dims = type.shape.dims
      let rank = max(result.count, dims.count)
      let a = Array(repeating: Dim(1), count: rank - result.count) + result
      let b = Array(repeating: Dim(1), count: rank - dims.count) + dims
      guard zip(a, b).allSatisfy({ $0 == $1 || $0 == Dim(1) || $1 == Dim(1) }) else {
        diagnostics.add(
          Diagnostic(
            .shapeRule, "`\(name)` cannot take \(operands.map(\.type.description).joined(separator: " and "))",
            at: Label(range), secondary: operands.map { Label($0.expr.range, $0.type.description) },
            notes: ["sizes go together from the right: equal, or one of them 1"]))
        return nil
      }
      result = zip(a, b).map { $0 == Dim(1) ? $1 : $0 }
    }
    return Shape(result)
  }

  /// `a ?? b`: b where the request leaves a out.
  mutating func coalesce(
    _ left: AST.Expr, _ right: AST.Expr, _ expr: AST.Expr, _ scope: PipelineScope,
  ) -> TypedExpression? {
    guard let value = infer(left, scope) else { return nil }
    guard case .optional(let inner) = value.type else {
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "`??` follows a value that may be absent",
          at: Label(left.range, "\(value.type.description) is always there"),
          help: [Help("drop the default", replacing: left.range.atEnd.union(right.range), with: "")]))
      return nil
    }
    let other: TypedExpression?
    switch inner {
    case .tensor(let type): other = infer(right, scope, hint: type.element)
    case .enumeration(let name, _): other = enumCase(right, of: name, scope)
    case .optional, .row, .outputs: other = nil
    }
    guard let other else { return nil }
    guard other.type == inner else {
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "the default is \(other.type.description), the value \(inner.description)",
          at: Label(right.range, "expected \(inner.description)"),
          secondary: [Label(left.range, value.type.description)]))
      return nil
    }
    return TypedExpression(.coalesce(value, other), type: inner, range: expr.range)
  }

  // MARK: - Enums

  /// `req.device == .ios`; none where neither side is of an enum.
  private mutating func enumComparison(
    _ left: AST.Expr, _ comparison: Builtin.Comparison, _ right: AST.Expr, _ expr: AST.Expr, _ scope: PipelineScope,
  ) -> (value: TypedExpression?, Void)? {
    let (valueExpr, caseExpr) = left.isImplicitMember ? (right, left) : (left, right)
    guard caseExpr.isImplicitMember || isEnum(valueExpr, scope) else { return nil }
    guard let value = infer(valueExpr, scope) else { return (nil, ()) }
    guard case .enumeration(let name, let shape) = value.type else {
      if case .optional = value.type {
        diagnostics.add(optionalUsed(value))
      } else {
        diagnostics.add(
          typeMismatch("`.` names a case of an enum", "\(value.type.description) on the other side", caseExpr.range))
      }
      return (nil, ())
    }
    guard comparison == .equal || comparison == .notEqual else {
      diagnostics.add(typeMismatch("the cases of an enum have no order", "compare with `==` or `!=`", expr.range))
      return (nil, ())
    }
    guard let other = enumCase(caseExpr, of: name, scope) else { return (nil, ()) }
    guard case .enumeration(_, let otherShape) = other.type else { return (nil, ()) }
    let wide = shape.rank >= otherShape.rank ? shape : otherShape
    return (apply(.compare(comparison), [value, other], TensorType(.bool, wide), expr), ())
  }

  private func isEnum(_ expr: AST.Expr, _ scope: PipelineScope) -> Bool {
    guard let path = expr.path, path.first.text == scope.requestName.text, path.rest.count == 1,
      let field = scope.request.fields.first(where: { $0.name == path.last.text })
    else {
      guard let name = expr.name, case .enumeration? = scope.local(name.text)?.value?.type else { return false }
      return true
    }
    if case .enumeration = field.type.scalar { return true }
    return false
  }

  /// A case of an enum, or another value of it.
  private mutating func enumCase(_ expr: AST.Expr, of name: String, _ scope: PipelineScope) -> TypedExpression? {
    guard case .implicitMember(let member) = expr.kind else {
      guard let value = infer(expr, scope) else { return nil }
      if case .enumeration(name, _) = value.type { return value }
      diagnostics.add(typeMismatch("expected a case of `\(name)`", value.type.description, expr.range))
      return nil
    }
    let cases = enums[name]?.cases ?? []
    if let index = cases.firstIndex(of: member.text) {
      return TypedExpression(.enumCase(index), type: .enumeration(name, .scalar), range: expr.range)
    }
    let near = Suggestion(for: member, among: cases)
    diagnostics.add(
      Diagnostic(
        .unknownName, "`\(name)` has no case `\(member)`",
        at: near.label("not a case of it"),
        values: ["cases of `\(name)`: \(cases.joined(separator: ", "))"],
        help: near.help))
    return nil
  }

  // MARK: - Building

  func apply(
    _ function: Builtin, _ operands: [TypedExpression], _ type: TensorType, _ expr: AST.Expr
  ) -> TypedExpression {
    TypedExpression(.call(function, operands), type: .tensor(type), range: expr.range)
  }

  /// SV0402 where an operation does not take an element type.
  mutating func accepts(
    _ type: TensorType, _ name: String, at range: SourceRange, _ wanted: String, _ test: (ElementType) -> Bool,
  ) -> Bool {
    if test(type.element) { return true }
    let help: [Help] =
      wanted == "floats" && type.element.isInteger ? [.wrap(range, "cast(", ", f32)", "convert it")] : []
    diagnostics.add(
      Diagnostic(
        .elementMismatch, "`\(name)` takes \(wanted), this is \(type.element)", at: Label(range, type.description),
        help: help))
    return false
  }
}

extension AST.Expr {
  fileprivate var isImplicitMember: Bool {
    if case .implicitMember = kind { true } else { false }
  }
}

extension ElementType {
  var isSigned: Bool {
    isInteger && integerLimits.lowerBound < 0
  }
}

extension AST.BinaryOperator {
  fileprivate var comparison: Builtin.Comparison? {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    case .or, .and, .near, .coalesce, .add, .subtract, .multiply, .divide, .per: nil
    }
  }

  fileprivate var function: Builtin.BinaryFunction? {
    switch self {
    case .or: .or
    case .and: .and
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .near, .coalesce, .per: nil
    }
  }
}
