import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// A call's arguments, sorted into those without and with labels.
struct CallArguments {
  var positional: [AST.Expr]
  var labelled: [String: AST.Expr]
}

/// Calls: of the built-in functions, and of models.
extension Checker {
  mutating func call(
    _ callee: AST.Expr, _ arguments: [AST.Argument], _ expr: AST.Expr, _ scope: PipelineScope, hint: ElementType?,
  ) -> TypedExpression? {
    guard let name = callee.name else {
      diagnostics.add(typeMismatch("only functions and models are called", "not a name", callee.range))
      return nil
    }
    if let model = scope.model(name.text) {
      usedLocals.insert(name.text)
      return modelCall(model, arguments, expr, scope)
    }
    guard let function = PipelineFunction(rawValue: name.text) else {
      diagnostics.add(unknownFunction(name, scope))
      return nil
    }
    guard let sorted = sort(arguments, of: function, name) else { return nil }
    switch function {
    case .abs: return numeric(.absolute, name.text, sorted, expr, scope, hint, floatsOnly: false)
    case .relu: return numeric(.relu, name.text, sorted, expr, scope, hint, floatsOnly: false)
    case .exp: return numeric(.exp, name.text, sorted, expr, scope, hint)
    case .log: return numeric(.log, name.text, sorted, expr, scope, hint)
    case .log1p: return numeric(.log1p, name.text, sorted, expr, scope, hint)
    case .sigmoid: return numeric(.sigmoid, name.text, sorted, expr, scope, hint)
    case .sqrt: return numeric(.sqrt, name.text, sorted, expr, scope, hint)
    case .tanh: return numeric(.tanh, name.text, sorted, expr, scope, hint)
    case .bucketize: return bucketize(sorted, expr, scope)
    case .cast: return cast(sorted, expr, scope)
    case .clip: return clip(sorted, expr, scope)
    case .concat: return concat(sorted, expr, scope, hint: hint)
    case .expand: return expand(sorted, expr, scope, hint: hint)
    case .gather: return gather(sorted, expr, scope)
    case .hashBucket: return hashBucket(sorted, expr, scope)
    case .max: return extreme(.maximum, .maximum, name, sorted, expr, scope, hint)
    case .min: return extreme(.minimum, .minimum, name, sorted, expr, scope, hint)
    case .mean: return reduce(.mean, name, sorted, expr, scope, hint)
    case .sum: return reduce(.sum, name, sorted, expr, scope, hint)
    case .normalize: return normalize(sorted, expr, scope)
    case .reshape: return reshape(sorted, expr, scope)
    case .select: return select(sorted, expr, scope, hint: hint)
    case .softmax: return softmax(sorted, expr, scope)
    case .topK: return topK(sorted, expr, scope)
    }
  }

  private func unknownFunction(_ name: AST.Name, _ scope: PipelineScope) -> Diagnostic {
    if PipelineFunction.planned.contains(name.text) { return .notSupported("`\(name)`", at: name.range) }
    if let found = program.lookup(name), found.kind == .tokenizer {
      return .notSupported("a tokenizer", at: name.range)
    }
    let known = PipelineFunction.allCases.map(\.rawValue) + scope.models.map(\.parameter.text)
    let near = Spelling.nearest(to: name.text, among: known)
    return Diagnostic(
      .unknownFunction, "there is no function `\(name)`",
      at: Label(name.range, near.map { "did you mean `\($0)`?" } ?? "not a function or a model parameter"),
      values: near == nil ? ["functions: \(known.sorted().joined(separator: ", "))"] : [],
      help: near.map { [Help("write `\($0)`", replacing: name.range, with: $0)] } ?? [])
  }

  /// SV0209 unless the arguments are as many, and labelled, as the function takes them.
  private mutating func sort(
    _ arguments: [AST.Argument], of function: PipelineFunction, _ name: AST.Name,
  ) -> CallArguments? {
    var result = CallArguments(positional: [], labelled: [:])
    var isRight = true
    for argument in arguments {
      guard let label = argument.label else {
        result.positional.append(argument.value)
        continue
      }
      guard function.labels.contains(where: { $0.name == label.text }) else {
        diagnostics.add(unknownLabel(label, of: name, known: function.labels.map(\.name), usage: function.usage))
        isRight = false
        continue
      }
      if result.labelled.updateValue(argument.value, forKey: label.text) != nil {
        diagnostics.add(Diagnostic(.wrongArguments, "`\(label)` is given twice", at: Label(label.range, "second one")))
        isRight = false
      }
    }
    guard isRight else { return nil }
    let missing = function.labels.first { $0.isRequired && result.labelled[$0.name] == nil }
    if missing == nil, function.positional.contains(result.positional.count) { return result }
    let wanted = function.positional
    let count = wanted.lowerBound == wanted.upperBound ? "\(wanted.lowerBound)" : "\(wanted.lowerBound) or more"
    let label =
      missing.map { "`\($0.name):` is missing" } ?? "\(result.positional.count) given, \(count) wanted"
    diagnostics.add(
      Diagnostic(
        .wrongArguments, "`\(name)` is not called this way", at: Label(name.range, label),
        values: ["it is called so: \(function.usage)"]))
    return nil
  }

  private func unknownLabel(_ label: AST.Name, of name: AST.Name, known: [String], usage: String) -> Diagnostic {
    let near = Spelling.nearest(to: label.text, among: known)
    return Diagnostic(
      .wrongArguments, "`\(name)` has no argument `\(label)`",
      at: Label(label.range, near.map { "did you mean `\($0)`?" } ?? "not an argument of it"),
      values: [usage.isEmpty ? "arguments: \(known.joined(separator: ", "))" : "it is called so: \(usage)"],
      help: near.map { [Help("write `\($0):`", replacing: label.range, with: $0)] } ?? [])
  }

  // MARK: - Models

  private mutating func modelCall(
    _ scoped: PipelineScope.Model, _ arguments: [AST.Argument], _ expr: AST.Expr, _ scope: PipelineScope,
  ) -> TypedExpression? {
    let inputs = scoped.model?.declaration.signature.inputs ?? []
    var given: [String: (expr: AST.Expr, value: TypedExpression?)] = [:]
    var isRight = true
    for argument in arguments {
      let label = argument.label?.text ?? (inputs.count == 1 ? inputs[0].name : nil)
      let hint = inputs.first { $0.name == label }?.type.element
      let value = infer(argument.value, scope, hint: hint)
      guard scoped.model != nil else { continue }
      guard let label else {
        diagnostics.add(
          Diagnostic(
            .wrongArguments, "`\(scoped.parameter)` takes its inputs by name",
            at: Label(argument.range, "write `\(inputs.first?.name ?? "input"): …`"),
            values: ["inputs: \(inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))"]))
        isRight = false
        continue
      }
      guard inputs.contains(where: { $0.name == label }) else {
        if let name = argument.label {
          diagnostics.add(unknownLabel(name, of: scoped.parameter, known: inputs.map(\.name), usage: ""))
        }
        isRight = false
        continue
      }
      if given.updateValue((argument.value, value), forKey: label) != nil {
        diagnostics.add(
          Diagnostic(.wrongArguments, "`\(label)` is given twice", at: Label(argument.range, "second one")))
        isRight = false
      }
    }
    guard let model = scoped.model else { return nil }
    let missing = inputs.filter { given[$0.name] == nil }
    if !missing.isEmpty, isRight {
      diagnostics.add(
        Diagnostic(
          .wrongArguments, "`\(scoped.parameter)` needs \(missing.map { "`\($0.name)`" }.joined(separator: ", "))",
          at: Label(
            scoped.parameter.range.file == expr.range.file ? calleeRange(expr) : expr.range, "not all inputs are given"),
          values: ["inputs: \(inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))"]))
      isRight = false
    }
    var values: [TypedExpression] = []
    var unifier = CallUnifier(model: model, rigid: Set(dims.keys))
    for port in inputs {
      guard let (argument, value) = given[port.name], let value, let type = tensor(value) else {
        isRight = false
        continue
      }
      values.append(value)
      unifier.add(port, type, argument)
    }
    for problem in unifier.problems() {
      diagnostics.add(mismatch(problem, scoped, model, scope))
      isRight = false
    }
    guard isRight else { return nil }
    let outputs = unifier.outputs()
    if let free = outputs.compactMap({ unifier.undetermined($0.type.shape) }).first {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "the call does not determine the size `\(free)` of an output",
          at: Label(expr.range, "size unknown here"),
          notes: ["the model's file names that size nowhere among its inputs"],
          help: [Help("declare a signature whose outputs use the symbols of its inputs")]))
      return nil
    }
    return TypedExpression(
      .modelCall(parameter: scoped.parameter.text, arguments: values), type: .outputs(outputs), range: expr.range)
  }

  private func calleeRange(_ expr: AST.Expr) -> SourceRange {
    if case .call(let callee, _) = expr.kind { callee.range } else { expr.range }
  }

  private func mismatch(
    _ problem: CallUnifier.Problem, _ scoped: PipelineScope.Model, _ model: CheckedModel, _ scope: PipelineScope,
  ) -> Diagnostic {
    let wanted = problem.port.type
    let elementDiffers = wanted.element != problem.given.element
    let shown = problem.shown
    var label = problem.given.description
    if model.declaration.batches { label += " per request → \(shown)" }
    var secondary: [Label] = []
    if let range = model.portRanges[problem.port.name] {
      secondary = [Label(range, "required by `\(model.declaration.name)`")]
    } else if let version = model.declaration.versions.first {
      secondary = [Label(version.range, "required by this file")]
    }
    var values = problem.detail
    if let sum = derivation(problem.argument, scope) { values.append(sum) }
    var help: [Help] = []
    if elementDiffers, problem.port.type.element != .string, problem.given.element != .string {
      help.append(.wrap(problem.argument.range, "cast(", ", \(wanted.element))", "convert it"))
    }
    let fitting = scope.locals.first { local in
      guard case .tensor(let type)? = local.value?.type else { return false }
      return type == problem.wanted
    }
    if let fitting, !elementDiffers {
      help.append(
        Help(
          "`\(fitting.name)` has that shape: pass `\(problem.port.name): \(fitting.name)`",
          replacing: problem.argument.range, with: fitting.name.text))
    }
    return Diagnostic(
      elementDiffers ? .elementMismatch : .shapeMismatch,
      "`\(scoped.parameter)` needs \(problem.port.name): \(wanted), this gives \(shown)",
      at: Label(problem.argument.range, label), secondary: secondary, values: values, help: help)
  }

  /// `64 = 29 (profile) + 35 (appeal)`, where an argument was put together by `concat`.
  private func derivation(_ argument: AST.Expr, _ scope: PipelineScope) -> String? {
    let written = argument.name.flatMap { scope.local($0.text)?.value }
    guard let written, case .call(.concat(let axis), let parts) = written.kind, case .tensor(let whole) = written.type
    else { return nil }
    let sizes = parts.compactMap { part -> String? in
      guard case .tensor(let type) = part.type else { return nil }
      return part.shortName.map { "\(type.shape[axis]) (\($0))" } ?? "\(type.shape[axis])"
    }
    return "\(whole.shape[axis]) = \(sizes.joined(separator: " + "))"
  }
}

extension TypedExpression {
  /// The name that stands at the heart of an expression, for messages.
  fileprivate var shortName: String? {
    switch kind {
    case .requestField(let name), .local(let name): name
    case .member(let base, let name): base.shortName.map { "\($0).\(name)" } ?? name
    case .call(_, let operands): operands.first?.shortName
    case .lookup(let features, _): features
    case .integer, .float, .boolean, .string, .enumCase, .modelCall, .modelVersion, .coalesce: nil
    }
  }
}
