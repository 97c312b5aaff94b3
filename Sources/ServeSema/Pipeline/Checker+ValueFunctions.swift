import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Functions that work value by value: `normalize`, `clip`, `bucketize`, `hash_bucket`, `cast`, `where` and the like.
extension Checker {
  mutating func numeric(
    _ function: Builtin.UnaryFunction, _ name: String, _ arguments: CallArguments, _ expr: AST.Expr,
    _ scope: PipelineScope, _ hint: ElementType?, floatsOnly: Bool = true,
  ) -> TypedExpression? {
    let operand = arguments.positional[0]
    guard let (value, type) = tensor(operand, scope, hint: hint ?? (floatsOnly ? .f32 : nil)) else { return nil }
    guard
      accepts(
        type, name, at: operand.range, floatsOnly ? "floats" : "signed numbers",
        { $0.isFloat || (!floatsOnly && $0.isSigned) })
    else { return nil }
    return apply(.unary(function), [value], type, expr)
  }

  mutating func normalize(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    let value = tensor(operand, scope)
    guard let path = arguments.positional[1].path, let declaration = resolve(path, [.stats]) else {
      if arguments.positional[1].path == nil {
        diagnostics.add(
          typeMismatch("`normalize` takes statistics", "expected the name of a `stats`", arguments.positional[1].range))
      }
      return nil
    }
    guard let (typed, type) = value, let stats = stats[declaration.name.text] else { return nil }
    guard accepts(type, "normalize", at: operand.range, "floats", \.isFloat) else { return nil }
    let count = stats.mean.count
    let last = type.shape.dims.last ?? Dim(1)
    guard count == 1 || last == Dim(count) else {
      diagnostics.add(
        Diagnostic(
          .statsMismatch, "`\(path)` describes \(count) values, this has \(type)",
          at: Label(operand.range, "last dimension \(last)"),
          secondary: [Label(declaration.name.range, "\(count) means and deviations")],
          notes: ["each value along the last dimension has its own mean and deviation"]))
      return nil
    }
    return apply(.normalize(mean: stats.mean, std: stats.std), [typed], type, expr)
  }

  mutating func clip(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    let bounds = arguments.positional[1]
    guard let (value, type) = tensor(operand, scope) else { return nil }
    guard accepts(type, "clip", at: operand.range, "numbers", { $0.isFloat || $0.isInteger }) else { return nil }
    guard case .range(let lower, let upper, isClosed: true) = bounds.kind, let low = literal(lower),
      let high = literal(upper), type.element.isFloat || !(low.isFloat || high.isFloat)
    else {
      let example = type.element.isFloat ? "-4.0...4.0" : "0...100"
      diagnostics.add(
        typeMismatch("`clip` takes a range of numbers", "write bounds such as `\(example)`", bounds.range))
      return nil
    }
    guard low.value <= high.value else {
      diagnostics.add(
        Diagnostic(
          .outOfRange, "the bounds of `clip` are the wrong way round",
          at: Label(bounds.range, "the lower one comes first"),
          values: ["\(low.value) > \(high.value)"]))
      return nil
    }
    return apply(.clip(lower: low.double, upper: high.double), [value], type, expr)
  }

  mutating func bucketize(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    guard let (value, type) = tensor(operand, scope) else { return nil }
    guard accepts(type, "bucketize", at: operand.range, "numbers", { $0.isFloat || $0.isInteger }) else { return nil }
    guard case .list(let elements) = arguments.positional[1].kind, !elements.isEmpty else {
      diagnostics.add(
        typeMismatch(
          "`bucketize` takes a list of bounds", "write bounds such as `[18, 25, 40]`", arguments.positional[1].range))
      return nil
    }
    var bounds: [Double] = []
    for element in elements {
      guard let bound = literal(element) else {
        diagnostics.add(typeMismatch("a bound is a number", "not a number", element.range))
        return nil
      }
      if let last = bounds.last, bound.double <= last {
        diagnostics.add(
          Diagnostic(
            .outOfRange, "the bounds of `bucketize` rise", at: Label(element.range, "not more than the one before")))
        return nil
      }
      bounds.append(bound.double)
    }
    return apply(.bucketize(bounds), [value], TensorType(.i64, type.shape), expr)
  }

  mutating func hashBucket(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    let count = arguments.positional[1]
    guard let (value, type) = tensor(operand, scope) else { return nil }
    guard accepts(type, "hash_bucket", at: operand.range, "strings and integers", { $0 == .string || $0.isInteger })
    else { return nil }
    guard case .integer(let buckets) = count.kind, buckets >= 1, buckets <= UInt64(Int32.max) else {
      diagnostics.add(
        typeMismatch("`hash_bucket` takes a number of buckets", "write a whole number from 1", count.range))
      return nil
    }
    return apply(.hashBucket(Int(buckets)), [value], TensorType(.i64, type.shape), expr)
  }

  mutating func cast(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    let target = arguments.positional[1]
    guard let value = infer(operand, scope) else { return nil }
    guard let name = target.name, let element = ElementType(name: name.text), !element.isSmall else {
      diagnostics.add(typeMismatch("`cast` takes a type", "expected an element type, such as f32", target.range))
      return nil
    }
    if case .enumeration(_, let shape) = value.type {
      guard
        accepts(TensorType(element), "cast", at: target.range, "numbers for an enum", { $0.isInteger || $0.isFloat })
      else { return nil }
      return apply(.cast(element), [value], TensorType(element, shape), expr)
    }
    guard let type = tensor(value) else { return nil }
    guard accepts(type, "cast", at: operand.range, "numbers and bool", { $0 != .string }),
      accepts(TensorType(element), "cast", at: target.range, "numbers and bool", { $0 != .string })
    else { return nil }
    guard !refuseNarrowing(value, type, element, scope) else { return nil }
    return apply(.cast(element), [value], TensorType(element, type.shape), expr)
  }

  /// SV0408: a number of the request that may not fit into what it is cast to.
  private mutating func refuseNarrowing(
    _ value: TypedExpression, _ from: TensorType, _ to: ElementType, _ scope: PipelineScope,
  ) -> Bool {
    guard case .requestField(let name) = value.kind, from.element.isInteger, to.isInteger,
      to.byteCount < from.element.byteCount, let field = scope.request.fields.first(where: { $0.name == name })
    else { return false }
    let limits = to.integerLimits
    var low = from.element.integerLimits.lowerBound
    var high = from.element.integerLimits.upperBound
    if case .integers(let minimum, let maximum) = field.type.refinement {
      (low, high) = (Int128(minimum), Int128(maximum))
    }
    guard low < limits.lowerBound || high > limits.upperBound else { return false }
    diagnostics.add(
      Diagnostic(
        .narrowing, "`\(name)` may not fit into \(to)", at: Label(value.range, "\(low)...\(high)"),
        secondary: [Label(field.range, "declared here, without a bound that helps")],
        values: ["\(to) is \(limits.lowerBound)...\(limits.upperBound)"],
        notes: ["what does not fit wraps around to the number of another row"],
        help: [Help("bound the field, as `\(from.element)(0...\(limits.upperBound))`, or use `hash_bucket`")]))
    return true
  }

  mutating func select(
    _ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType?,
  ) -> TypedExpression? {
    let condition = arguments.positional[0]
    let flag = tensor(condition, scope)
    let (left, right) = (arguments.positional[1], arguments.positional[2])
    guard let (a, b, element, _) = operands(left, right, "where", at: expr.range, scope, hint: hint),
      let (test, testType) = flag, case .tensor(let aType) = a.type, case .tensor(let bType) = b.type
    else { return nil }
    guard accepts(testType, "where", at: condition.range, "a bool condition", { $0 == .bool }) else { return nil }
    guard let shape = broadcast([(condition, testType), (left, aType), (right, bType)], "where", at: expr.range)
    else { return nil }
    return apply(.select, [test, a, b], TensorType(element, shape), expr)
  }

  /// `max(a, b)` of two values, `max(x, axis: 0)` along an axis.
  mutating func extreme(
    _ function: Builtin.BinaryFunction, _ reduction: Builtin.Reduction, _ name: AST.Name, _ arguments: CallArguments,
    _ expr: AST.Expr, _ scope: PipelineScope, _ hint: ElementType?,
  ) -> TypedExpression? {
    if arguments.positional.count == 1, arguments.labelled["axis"] != nil {
      return reduce(reduction, name, arguments, expr, scope, hint)
    }
    guard arguments.positional.count == 2, arguments.labelled.isEmpty else {
      diagnostics.add(
        Diagnostic(
          .wrongArguments, "`\(name)` is not called this way", at: Label(name.range, "two values, or one and an axis"),
          values: ["it is called so: \(name)(a, b) or \(name)(x, axis: 0)"]))
      return nil
    }
    let (left, right) = (arguments.positional[0], arguments.positional[1])
    guard let (a, b, element, shape) = operands(left, right, name.text, at: expr.range, scope, hint: hint)
    else { return nil }
    guard accepts(TensorType(element), name.text, at: expr.range, "numbers", { $0.isFloat || $0.isInteger })
    else { return nil }
    return apply(.binary(function), [a, b], TensorType(element, shape), expr)
  }
}
