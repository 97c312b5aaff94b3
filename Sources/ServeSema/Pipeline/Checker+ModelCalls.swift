import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// `ranker(dense: x, ids: y)`: a call of a model parameter.
extension Checker {
  /// An argument and what it is, under the name of the input that it is for.
  private typealias Given = [String: (expr: AST.Expr, value: TypedExpression?)]

  mutating func modelCall(
    _ scoped: PipelineScope.Model, _ arguments: [AST.Argument], _ expr: AST.Expr, _ scope: PipelineScope
  ) -> TypedExpression? {
    var isRight = true
    let given = inputs(of: scoped, arguments, scope, isRight: &isRight)
    guard let model = scoped.model else { return nil }
    if isRight { isRight = refuseMissing(model.declaration.signature.inputs, given, scoped, expr) }
    var values: [TypedExpression] = []
    var unifier = CallUnifier(model: model, rigid: Set(dims.keys))
    for port in model.declaration.signature.inputs {
      guard let (argument, value) = given[port.name], let value, let type = tensor(value) else {
        isRight = false
        continue
      }
      values.append(value)
      if refuseBeyondRows(argument, value, port, model, scope) { isRight = false }
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
          help: [
            Help(
              "declare a signature whose outputs use the symbols of its inputs; where the data decide the size, serve the model without a pipeline"
            )
          ]))
      return nil
    }
    return TypedExpression(
      .modelCall(parameter: scoped.parameter.text, arguments: values), type: .outputs(outputs), range: expr.range)
  }

  /// The arguments by input; one that is for no input is reported.
  private mutating func inputs(
    of scoped: PipelineScope.Model, _ arguments: [AST.Argument], _ scope: PipelineScope, isRight: inout Bool
  ) -> Given {
    let inputs = scoped.model?.declaration.signature.inputs ?? []
    var given: Given = [:]
    for argument in arguments {
      let label = argument.label?.text ?? (inputs.count == 1 ? inputs[0].name : nil)
      let port = inputs.first { $0.name == label }
      let value = infer(argument.value, scope, hint: port?.type.element)
      guard scoped.model != nil else { continue }
      if let port {
        if given.updateValue((argument.value, value), forKey: port.name) == nil { continue }
        diagnostics.add(
          Diagnostic(.wrongArguments, "`\(port.name)` is given twice", at: Label(argument.range, "second one")))
      } else if let name = argument.label {
        diagnostics.add(unknownLabel(name, of: scoped.parameter, known: inputs.map(\.name), usage: ""))
      } else {
        diagnostics.add(
          Diagnostic(
            .wrongArguments, "`\(scoped.parameter)` takes its inputs by name",
            at: Label(argument.range, "write `\(inputs.first?.name ?? "input"): …`"), values: [listed(inputs)]))
      }
      isRight = false
    }
    return given
  }

  private mutating func refuseMissing(
    _ inputs: [ModelSignature.Port], _ given: Given, _ scoped: PipelineScope.Model, _ expr: AST.Expr
  ) -> Bool {
    let missing = inputs.filter { given[$0.name] == nil }
    if missing.isEmpty { return true }
    let callee = if case .call(let callee, _) = expr.kind { callee.range } else { expr.range }
    diagnostics.add(
      Diagnostic(
        .wrongArguments, "`\(scoped.parameter)` needs \(missing.map { "`\($0.name)`" }.joined(separator: ", "))",
        at: Label(callee, "not all inputs are given"), values: [listed(inputs)]))
    return false
  }

  private func listed(_ inputs: [ModelSignature.Port]) -> String {
    "inputs: \(inputs.map { "\($0.name): \($0.type)" }.joined(separator: ", "))"
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
