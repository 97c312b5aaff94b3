import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// Functions that move values or take some together: `concat`, `reshape`, `expand`, `gather`, `sum`, `softmax`, `top_k`.
extension Checker {
  /// The axis that an argument names, counted from the front; negative ones count from the back.
  private mutating func axis(_ argument: AST.Expr?, of type: TensorType, default last: Int) -> Int? {
    guard let argument else { return last }
    guard let number = literal(argument), !number.isFloat, let written = number.value.integer else {
      diagnostics.add(typeMismatch("an axis is a whole number", "expected an axis, such as -1", argument.range))
      return nil
    }
    let rank = type.shape.rank
    let axis = written < 0 ? written + rank : written
    if axis >= 0, axis < rank { return axis }
    diagnostics.add(
      Diagnostic(
        .shapeRule, "\(type) has no axis \(written)",
        at: Label(argument.range, rank == 0 ? "a single value has no axis" : "axes are \(-rank)...\(rank - 1)")))
    return nil
  }

  mutating func concat(
    _ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType?,
  ) -> TypedExpression? {
    var parts: [(expr: AST.Expr, value: TypedExpression, type: TensorType)] = []
    for argument in arguments.positional {
      if let (value, type) = tensor(argument, scope, hint: hint) { parts.append((argument, value, type)) }
    }
    guard parts.count == arguments.positional.count, let first = parts.first else { return nil }
    guard sameElement(parts.map { ($0.expr, $0.type) }, "concat") else { return nil }
    if let single = parts.first(where: { $0.type.shape.rank == 0 }) {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "`concat` joins tensors, this is a single value",
          at: Label(single.expr.range, single.type.description),
          help: [.wrap(single.expr.range, "reshape(", ", [1])", "make it a tensor of one")]))
      return nil
    }
    let last = first.type.shape.rank - 1
    guard let axis = axis(arguments.labelled["axis"], of: first.type, default: last) else { return nil }
    var sum = Dim(0)
    for part in parts {
      let dims = part.type.shape.dims
      var others = dims
      var wanted = first.type.shape.dims
      guard dims.count == wanted.count else {
        diagnostics.add(concatMismatch(first, part, "\(wanted.count) dimensions", "\(dims.count)"))
        return nil
      }
      sum = sum + others.remove(at: axis)
      wanted.remove(at: axis)
      guard others == wanted else {
        diagnostics.add(concatMismatch(first, part, first.type.description, part.type.description))
        return nil
      }
    }
    var shape = first.type.shape
    shape.dims[axis] = sum
    return apply(.concat(axis: axis), parts.map(\.value), TensorType(first.type.element, shape), expr)
  }

  private func concatMismatch(
    _ first: (expr: AST.Expr, value: TypedExpression, type: TensorType),
    _ other: (expr: AST.Expr, value: TypedExpression, type: TensorType), _ one: String, _ two: String,
  ) -> Diagnostic {
    Diagnostic(
      .shapeRule, "`concat` cannot join \(first.type) and \(other.type)",
      at: Label(other.expr.range, other.type.description),
      secondary: [Label(first.expr.range, first.type.description)],
      notes: ["all dimensions but the joined one are equal"])
  }

  mutating func reshape(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let value = infer(arguments.positional[0], scope)
    guard case .list(let elements) = arguments.positional[1].kind else {
      diagnostics.add(
        typeMismatch("`reshape` takes a list of dimensions", "write them as `[cand, 1]`", arguments.positional[1].range)
      )
      return nil
    }
    var dims: [Dim] = []
    for element in elements {
      if let dim = dimension(element, .declared) { dims.append(dim) }
    }
    guard dims.count == elements.count, let value, let type = tensor(value) else { return nil }
    let shape = Shape(dims)
    guard shape.elementCount == type.shape.elementCount else {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "`reshape` cannot make \(shape) of \(type)",
          at: Label(arguments.positional[1].range, "\(shape.elementCount) values"),
          secondary: [Label(arguments.positional[0].range, "\(type.shape.elementCount) values")]))
      return nil
    }
    return apply(.reshape(shape), [value], TensorType(type.element, shape), expr)
  }

  mutating func expand(
    _ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType?,
  ) -> TypedExpression? {
    let value = tensor(arguments.positional[0], scope, hint: hint)
    let dim = dimension(arguments.positional[1], .declared)
    guard let (typed, type) = value, let dim else { return nil }
    return apply(.expand(dim), [typed], TensorType(type.element, Shape([dim] + type.shape.dims)), expr)
  }

  mutating func gather(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    let index = arguments.positional[1]
    let rows = tensor(operand, scope)
    let picks = tensor(index, scope)
    guard let (value, type) = rows, let (chosen, indexType) = picks else { return nil }
    guard accepts(indexType, "gather", at: index.range, "an index of i32 or i64", { $0 == .i32 || $0 == .i64 })
    else { return nil }
    guard type.shape.rank >= 1 else {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "`gather` takes rows, this is a single value", at: Label(operand.range, type.description)))
      return nil
    }
    let shape = Shape(indexType.shape.dims + type.shape.dims.dropFirst())
    return apply(.gather, [value, chosen], TensorType(type.element, shape), expr)
  }

  mutating func reduce(
    _ reduction: Builtin.Reduction, _ name: AST.Name, _ arguments: CallArguments, _ expr: AST.Expr,
    _ scope: PipelineScope, _ hint: ElementType?,
  ) -> TypedExpression? {
    let operand = arguments.positional[0]
    guard arguments.positional.count == 1, let (value, type) = tensor(operand, scope, hint: hint) else { return nil }
    let takes = reduction == .mean ? "floats" : "numbers"
    guard accepts(type, name.text, at: operand.range, takes, { $0.isFloat || ($0.isInteger && reduction != .mean) })
    else { return nil }
    guard let axis = axis(arguments.labelled["axis"], of: type, default: 0) else { return nil }
    var shape = type.shape
    shape.dims.remove(at: axis)
    return apply(.reduce(reduction, axis: axis), [value], TensorType(type.element, shape), expr)
  }

  mutating func softmax(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    guard let (value, type) = tensor(operand, scope) else { return nil }
    guard accepts(type, "softmax", at: operand.range, "floats", \.isFloat) else { return nil }
    guard type.shape.rank >= 1 else {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "`softmax` takes several values, this is one", at: Label(operand.range, type.description)))
      return nil
    }
    guard let axis = axis(arguments.labelled["axis"], of: type, default: type.shape.rank - 1) else { return nil }
    return apply(.softmax(axis: axis), [value], type, expr)
  }

  mutating func topK(_ arguments: CallArguments, _ expr: AST.Expr, _ scope: PipelineScope) -> TypedExpression? {
    let operand = arguments.positional[0]
    guard let (value, type) = tensor(operand, scope) else { return nil }
    guard accepts(type, "top_k", at: operand.range, "numbers", { $0.isFloat || $0.isInteger }) else { return nil }
    guard let last = type.shape.dims.last, let kExpr = arguments.labelled["k"] else {
      diagnostics.add(
        Diagnostic(.shapeRule, "`top_k` takes several values, this is one", at: Label(operand.range, type.description)))
      return nil
    }
    guard case .integer(let written) = kExpr.kind, written >= 1, written <= 1 << 20 else {
      diagnostics.add(typeMismatch("`k` is a whole number", "expected 1 or more", kExpr.range))
      return nil
    }
    let k = Int(written)
    var pad: Double?
    if let padExpr = arguments.labelled["pad"] {
      guard let number = literal(padExpr), type.element.isFloat || !number.isFloat else {
        diagnostics.add(typeMismatch("`pad` is a value of \(type.element)", "expected a number", padExpr.range))
        return nil
      }
      pad = number.double
    }
    if pad == nil, let least = bounds(last)?.lowerBound, k > least {
      diagnostics.add(topKTooLarge(k, last, least, kExpr, operand))
      return nil
    }
    let leading = Array(type.shape.dims.dropLast())
    let shape = Shape(leading + [Dim(k)])
    let parts = [
      ModelSignature.Port("value", TensorType(type.element, shape)),
      ModelSignature.Port("index", TensorType(.i64, shape)),
    ]
    return TypedExpression(.call(.topK(k: k, pad: pad), [value]), type: .outputs(parts), range: expr.range)
  }

  private func topKTooLarge(_ k: Int, _ dim: Dim, _ least: Int, _ kExpr: AST.Expr, _ operand: AST.Expr) -> Diagnostic {
    let declared = dim.symbol.flatMap { dims[$0] }
    let many = declared.map { "`\(dim)` is \($0.minimum)...\($0.maximum)" } ?? "there are \(dim)"
    return Diagnostic(
      .topKTooLarge, "`top_k` of \(k) where there may be only \(least)", at: Label(kExpr.range, "\(k) wanted"),
      secondary: [Label(operand.range, many)] + (declared.map { [Label($0.range, "declared here")] } ?? []),
      values: ["\(k) > \(least)"], notes: ["a request with fewer values would have nothing to fill the rest with"],
      help: [
        Help("say what fills the rest: add `pad: 0`", edits: [Edit(kExpr.range.atEnd, replacement: ", pad: 0")])
      ])
  }
}
