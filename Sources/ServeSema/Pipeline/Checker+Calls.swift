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
    let near = Suggestion(for: name, among: known)
    return Diagnostic(
      .unknownFunction, "there is no function `\(name)`",
      at: near.label("not a function or a model parameter"),
      values: near.values("functions: \(known.sorted().joined(separator: ", "))"),
      help: near.help)
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

  func unknownLabel(_ label: AST.Name, of name: AST.Name, known: [String], usage: String) -> Diagnostic {
    let near = Suggestion(for: label, among: known)
    return Diagnostic(
      .wrongArguments, "`\(name)` has no argument `\(label)`",
      at: near.label("not an argument of it"),
      values: [usage.isEmpty ? "arguments: \(known.joined(separator: ", "))" : "it is called so: \(usage)"],
      help: near.help)
  }
}
