import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// The types of a pipeline's expressions. Nil stands for an expression that was not understood and was reported: what
/// depends on it says nothing more.
extension Checker {
  /// `hint` is the element type that a literal takes where it has a choice.
  mutating func infer(_ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType? = nil) -> TypedExpression? {
    switch expr.kind {
    case .error: return nil
    case .integer, .float, .unary(.negate, _):
      if let literal = literal(expr) { return number(literal, expr, hint) }
      return unary(expr, scope, hint: hint)
    case .bool(let value): return TypedExpression(.boolean(value), type: .tensor(TensorType(.bool)), range: expr.range)
    case .string(let value):
      refuseLiteralSecret(value, at: expr.range)
      return TypedExpression(.string(value), type: .tensor(TensorType(.string)), range: expr.range)
    case .path(let path): return self.path(path, scope)
    case .member(let base, let name): return infer(base, scope).flatMap { member($0, name) }
    case .index(let base, let indices): return lookup(base, indices, expr, scope)
    case .call(let callee, let arguments): return call(callee, arguments, expr, scope, hint: hint)
    case .unary: return unary(expr, scope, hint: hint)
    case .binary(let left, .coalesce, let right, _): return coalesce(left, right, expr, scope)
    case .binary(let left, let sign, let right, let signRange):
      return binary(left, sign, right, expr, at: signRange, scope, hint: hint)
    case .quantity, .percent, .date, .grid, .pattern, .unset, .implicitMember, .range, .list, .record, .phrase:
      diagnostics.add(typeMismatch("this is no value of a pipeline", "expected a tensor", expr.range))
      return nil
    }
  }

  /// The tensor that an expression yields; an optional, a row or several outputs are none.
  mutating func tensor(
    _ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType? = nil
  ) -> (TypedExpression, TensorType)? {
    guard let value = infer(expr, scope, hint: hint) else { return nil }
    return tensor(value).map { (value, $0) }
  }

  mutating func tensor(_ value: TypedExpression) -> TensorType? {
    switch value.type {
    case .tensor(let type): return type
    case .optional: diagnostics.add(optionalUsed(value))
    case .enumeration(let name, _):
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "a value of `\(name)` is no number", at: Label(value.range, "compare it, or take its index"),
          help: [.wrap(value.range, "cast(", ", i64)", "take its index")]))
    case .row(let features, _):
      let names = self.features[features]?.fields.map(\.name) ?? []
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "this is \(value.type.description), not a tensor",
          at: Label(value.range, "name one of its fields"),
          values: names.isEmpty ? [] : ["fields of `\(features)`: \(names.joined(separator: ", "))"]))
    case .outputs(let ports):
      diagnostics.add(
        Diagnostic(
          .typeMismatch, "this is \(ports.count == 1 ? "an output with a name" : "several outputs"), not a tensor",
          at: Label(value.range, "name one of them"),
          values: ["parts: \(ports.map { "\($0.name): \($0.type)" }.joined(separator: ", "))"],
          help: ports.count == 1 ? [.wrap(value.range, "", ".\(ports[0].name)", "take its output")] : []))
    }
    return nil
  }

  func optionalUsed(_ value: TypedExpression) -> Diagnostic {
    Diagnostic(
      .optionalUsed, "this value may be absent",
      at: Label(value.range, "\(value.type.description) where a value is needed"),
      notes: ["a request may leave the field out, and then there is nothing to compute with"],
      help: [.wrap(value.range, "(", " ?? \(Self.neutral(value.type)))", "say what stands for an absent one")])
  }

  private static func neutral(_ type: PipelineType) -> String {
    guard case .optional(.tensor(let tensor)) = type else { return "…" }
    if tensor.element == .string { return "\"\"" }
    return tensor.element == .bool ? "false" : tensor.element.isFloat ? "0.0" : "0"
  }

  // MARK: - Literals

  /// A number as written, with its sign.
  struct Literal {
    var value: Rational
    var isFloat: Bool
    var double: Double
  }

  func literal(_ expr: AST.Expr) -> Literal? {
    switch expr.kind {
    case .integer(let value): Literal(value: Rational(value), isFloat: false, double: Double(value))
    case .float(let value): Literal(value: Rational(value) ?? Rational(0), isFloat: true, double: value.double)
    case .unary(.negate, let operand):
      literal(operand).map { Literal(value: $0.value.negated, isFloat: $0.isFloat, double: -$0.double) }
    case .error, .quantity, .percent, .bool, .string, .date, .grid, .pattern, .unset, .path, .implicitMember, .call,
      .index, .member, .unary, .binary, .range, .list, .record, .phrase:
      nil
    }
  }

  private mutating func number(_ literal: Literal, _ expr: AST.Expr, _ hint: ElementType?) -> TypedExpression? {
    let element = hint ?? (literal.isFloat ? .f32 : .i64)
    let type = PipelineType.tensor(TensorType(element))
    if element.isFloat { return TypedExpression(.float(literal.double), type: type, range: expr.range) }
    if element.isInteger, !literal.isFloat {
      if element.integerLimits.contains(literal.value.numerator), let exact = literal.value.integer {
        return TypedExpression(.integer(Int64(exact)), type: type, range: expr.range)
      }
      diagnostics.add(
        Diagnostic(
          .outOfRange, "this number is out of range of \(element)",
          at: Label(
            expr.range, "\(element) is \(element.integerLimits.lowerBound)...\(element.integerLimits.upperBound)")))
      return nil
    }
    diagnostics.add(
      Diagnostic(.elementMismatch, "a number cannot be \(element) here", at: Label(expr.range, "expected \(element)")))
    return nil
  }

  // MARK: - Names

  private mutating func path(_ path: AST.Path, _ scope: PipelineScope) -> TypedExpression? {
    let head = path.first
    usedLocals.insert(head.text)
    if let local = scope.local(head.text) {
      guard let value = local.value else { return nil }
      let start = TypedExpression(.local(head.text), type: value.type, range: head.range)
      return members(start, path.rest[...])
    }
    if head.text == scope.requestName.text { return requestField(path, scope) }
    if let model = scope.model(head.text) { return modelMember(path, model) }
    let near = Suggestion(for: head, among: scope.names)
    diagnostics.add(
      Diagnostic(
        .unknownName, "there is no value `\(head)`",
        at: near.label("not bound above"),
        values: near.values("bound here: \(scope.names.joined(separator: ", "))"),
        help: near.help))
    return nil
  }

  private mutating func requestField(_ path: AST.Path, _ scope: PipelineScope) -> TypedExpression? {
    guard let name = path.rest.first else {
      diagnostics.add(typeMismatch("`\(path)` is the whole request", "name one of its fields", path.range))
      return nil
    }
    guard let field = scope.request.fields.first(where: { $0.name == name.text }) else {
      if isBroken(name.text, of: scope.request.name) { return nil }
      diagnostics.add(
        .unknownField(
          name, of: "`\(scope.request.name)`",
          fields: scope.request.fields.map { ($0.name, "\($0.name): \(PipelineType($0.type).description)") }))
      return nil
    }
    let value = TypedExpression(
      .requestField(field.name), type: PipelineType(field.type), range: path.first.range.union(name.range))
    return members(value, path.rest.dropFirst())
  }

  private mutating func modelMember(_ path: AST.Path, _ model: PipelineScope.Model) -> TypedExpression? {
    guard let member = path.rest.first else {
      diagnostics.add(
        typeMismatch("`\(path)` is a model", "call it, or take its `version`", path.range))
      return nil
    }
    guard member.text == "version", path.rest.count == 1 else {
      diagnostics.add(.unknownField(member, of: "a model parameter", fields: [("version", "version: string")]))
      return nil
    }
    return TypedExpression(
      .modelVersion(parameter: path.first.text), type: .tensor(TensorType(.string)), range: path.range)
  }

  private mutating func members(_ base: TypedExpression, _ names: ArraySlice<AST.Name>) -> TypedExpression? {
    var value = base
    for name in names {
      guard let next = member(value, name) else { return nil }
      value = next
    }
    return value
  }

  private mutating func member(_ base: TypedExpression, _ name: AST.Name) -> TypedExpression? {
    let range = base.range.union(name.range)
    switch base.type {
    case .row(let group, let keyShape):
      guard let features = features[group] else { return nil }
      if let field = features.fields.first(where: { $0.name == name.text }) {
        let shape = Shape(keyShape.dims + field.shape.map { Dim($0) })
        return TypedExpression(.member(base, name.text), type: .tensor(TensorType(field.element, shape)), range: range)
      }
      if isBroken(name.text, of: group) { return nil }
      diagnostics.add(
        .unknownField(
          name, of: "`\(group)`",
          fields: features.fields.map { ($0.name, "\($0.name): \(TensorType($0.element, Shape($0.shape)))") }))
    case .outputs(let ports):
      if let port = ports.first(where: { $0.name == name.text }) {
        return TypedExpression(.member(base, name.text), type: .tensor(port.type), range: range)
      }
      diagnostics.add(
        .unknownField(name, of: "this result", fields: ports.map { ($0.name, "\($0.name): \($0.type)") }))
    case .optional: diagnostics.add(optionalUsed(base))
    case .tensor, .enumeration:
      diagnostics.add(
        Diagnostic(
          .unknownField, "\(base.type.description) has no parts",
          at: Label(name.range, "this is a tensor, not a row or a result")))
    }
    return nil
  }

  // MARK: - Feature rows

  private mutating func lookup(
    _ base: AST.Expr, _ indices: [AST.Expr], _ expr: AST.Expr, _ scope: PipelineScope,
  ) -> TypedExpression? {
    guard let name = base.name, scope.local(name.text) == nil else {
      diagnostics.add(
        Diagnostic(
          .notSupported, "indexing a value: not supported yet",
          at: Label(base.range, "only features are looked up by `[ ]`"),
          help: [Help("`gather(x, index)` takes rows of a tensor")]))
      return nil
    }
    guard let declaration = resolve(name, [.features]) else { return nil }
    guard let key = indices.first, indices.count == 1 else {
      diagnostics.add(typeMismatch("a row is looked up by one key", "expected one key", expr.range))
      return nil
    }
    let value = infer(key, scope)
    guard let group = features[declaration.name.text], let value else { return nil }
    if case .optional = value.type {
      diagnostics.add(optionalUsed(value))
      return nil
    }
    guard case .requestField(let field) = value.kind, case .tensor(let type) = value.type else {
      diagnostics.add(.notSupported("a key that is not a field of the request", at: key.range))
      return nil
    }
    guard type.element == group.keyElement else {
      diagnostics.add(
        Diagnostic(
          .keyType, "`\(group.name)` is kept by \(group.keyElement), this key is \(type.element)",
          at: Label(key.range, type.description),
          secondary: [Label(declaration.name.range, "`\(group.keyColumn)` is \(group.keyElement)")],
          notes: ["a key of another type finds nothing, and every request would get the defaults"]))
      return nil
    }
    guard type.shape.rank <= 1 else {
      diagnostics.add(.notSupported("a lookup by a matrix of keys", at: key.range))
      return nil
    }
    return TypedExpression(
      .lookup(features: group.name, keyField: field), type: .row(features: group.name, keyShape: type.shape),
      range: expr.range)
  }
}
