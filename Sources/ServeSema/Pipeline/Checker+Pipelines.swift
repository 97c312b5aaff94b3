import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// `pipeline Rank(req: Request) -> Response using ranker: Ranker { … }`.
extension Checker {
  mutating func checkPipelines() {
    for declaration in declarations(.pipeline) {
      guard let head = pipelineHead(declaration) else { continue }
      // What services and experiments need of it is known from the head, whatever is wrong with the body.
      pipelines[head.name] = head
      guard let pipeline = pipeline(declaration, head) else { continue }
      pipelines[head.name] = pipeline
      module.pipelines.append(pipeline)
    }
  }

  /// The pipeline without its body; nil where the head was not understood.
  private mutating func pipelineHead(_ declaration: AST.Declaration) -> PipelineDeclaration? {
    let response = responseRecord(declaration)
    let models = modelParameters(declaration)
    let parameter = requestParameter(declaration)
    let request = parameter.flatMap { record($0.type) }
    scope = nil
    guard let parameter, let request, let response, declaration.block != nil else { return nil }
    scope = PipelineScope(requestName: parameter.name, request: request, models: models)
    defaultVersions[declaration.name.text] = Dictionary(
      models.compactMap { model in model.version.map { (model.parameter.text, $0) } }, uniquingKeysWith: { $1 })
    return PipelineDeclaration(
      name: declaration.name.text, requestName: parameter.name.text, request: request, response: response,
      models: models.compactMap { model in
        model.model.map {
          PipelineDeclaration.ModelParameter(name: model.parameter.text, model: $0.declaration.name)
        }
      },
      bindings: [], results: [], range: declaration.name.range)
  }

  private mutating func pipeline(_ declaration: AST.Declaration, _ head: PipelineDeclaration) -> PipelineDeclaration? {
    guard let block = declaration.block, var scope else { return nil }
    usedLocals = []
    var results: [TypedExpression]?
    var isReturned = false
    for item in block.items {
      switch item {
      case .field(let field): bind(field, in: &scope)
      case .return(let statement):
        if isReturned {
          diagnostics.add(typeMismatch("a pipeline returns once", "second `return`", statement.range))
          continue
        }
        isReturned = true
        results = returned(statement, head, scope)
      case .bound, .clause, .value:
        diagnostics.add(
          typeMismatch("a pipeline holds `name = expression` and `return`", "neither of them", item.range))
      }
    }
    if !isReturned, block.isComplete {
      diagnostics.add(
        Diagnostic(
          .missingField, "pipeline `\(head.name)` returns nothing",
          at: Label(block.range.atEnd, "`return` is missing before this brace"),
          help: [Help("end with `return \(head.response.name) { … }`")]))
    }
    lintLocals(scope)
    guard let results, block.isComplete, head.models.count == scope.models.count,
      scope.locals.allSatisfy({ $0.value != nil })
    else { return nil }
    var pipeline = head
    pipeline.bindings = scope.locals.compactMap { local in
      local.value.map { PipelineDeclaration.Binding(name: local.name.text, value: $0) }
    }
    pipeline.results = results
    return pipeline
  }

  // MARK: - The head

  private mutating func requestParameter(_ declaration: AST.Declaration) -> AST.Parameter? {
    guard let first = declaration.parameters.first else {
      diagnostics.add(
        Diagnostic(
          .missingField, "pipeline `\(declaration.name)` takes no request",
          at: Label(declaration.name.range, "write `(req: Request)` after the name")))
      return nil
    }
    if let second = declaration.parameters.dropFirst().first {
      diagnostics.add(.notSupported("a second parameter of a pipeline", at: second.range))
    }
    return first
  }

  private mutating func responseRecord(_ declaration: AST.Declaration) -> RecordDeclaration? {
    guard let type = declaration.result else {
      diagnostics.add(
        Diagnostic(
          .missingField, "pipeline `\(declaration.name)` has no result",
          at: Label(declaration.name.range, "write `-> Response` before the body")))
      return nil
    }
    guard let response = record(type) else { return nil }
    for field in response.fields where field.type.isOptional || field.type.refinement != .none {
      let what = field.type.isOptional ? "an optional field" : "a refinement"
      diagnostics.add(.notSupported("\(what) of a response", at: field.range))
    }
    return response
  }

  private mutating func record(_ type: AST.TypeExpr) -> RecordDeclaration? {
    if type.isOptional || type.dims != nil || !type.refinements.isEmpty {
      diagnostics.add(
        typeMismatch("a pipeline takes and gives one record", "expected the name of a record", type.range))
      return nil
    }
    return resolve(type.name, [.record]).flatMap { records[$0.name.text] }
  }

  private mutating func modelParameters(_ declaration: AST.Declaration) -> [PipelineScope.Model] {
    var result: [PipelineScope.Model] = []
    for operand in declaration.operands where operand.preposition == .using {
      guard let name = operand.path.single, let type = operand.type else {
        diagnostics.add(
          typeMismatch("a model parameter has a name and a model", "write `using name: Model`", operand.range))
        continue
      }
      if let earlier = result.first(where: { $0.parameter.text == name.text }) {
        diagnostics.add(.duplicate(name, of: earlier.parameter, what: "parameter"))
        continue
      }
      let (model, version) = modelReference(type.name)
      result.append(PipelineScope.Model(parameter: name, model: model, version: version))
    }
    return result
  }

  /// The model, and the version, that `Ranker` or `Ranker.v1` names.
  mutating func modelReference(_ path: AST.Path) -> (CheckedModel?, AST.Name?) {
    guard let declaration = resolve(path.first, [.model]) else { return (nil, nil) }
    guard let model = models[declaration.name.text] else { return (nil, nil) }
    guard let version = path.rest.first else { return (model, nil) }
    if path.rest.count == 1, model.declaration.versions.contains(where: { $0.name == version.text }) {
      return (model, version)
    }
    diagnostics.add(unknownVersion(version, of: model.declaration))
    return (nil, nil)
  }

  func unknownVersion(_ name: AST.Name, of model: ModelDeclaration) -> Diagnostic {
    let near = Suggestion(for: name, among: model.versions.map(\.name))
    return Diagnostic(
      .unknownName, "model `\(model.name)` has no version `\(name)`",
      at: near.label("not a version of it"),
      values: ["versions of `\(model.name)`: \(model.versions.map(\.name).joined(separator: ", "))"],
      help: near.help)
  }

  // MARK: - The body

  private mutating func bind(_ field: AST.Field, in scope: inout PipelineScope) {
    guard let name = field.path.single, let expr = field.value, field.type == nil else {
      diagnostics.add(typeMismatch("a pipeline holds `name = expression`", "not a binding", field.range))
      return
    }
    var value = infer(expr, scope)
    if let typed = value, !isKnownAtRequest(typed, scope) { value = nil }
    checkCase(name, isType: false, of: "a value")
    let earlier =
      scope.local(name.text)?.name ?? scope.model(name.text)?.parameter
      ?? (scope.requestName.text == name.text ? scope.requestName : nil)
    if let earlier {
      diagnostics.add(.duplicate(name, of: earlier, what: "value"))
      return
    }
    scope.locals.append(PipelineScope.Local(name: name, value: value))
  }

  /// One expression per field of the response, in its order.
  private mutating func returned(
    _ statement: AST.Return, _ head: PipelineDeclaration, _ scope: PipelineScope,
  ) -> [TypedExpression]? {
    let response = head.response
    if case .error = statement.value.kind { return nil }
    guard case .record(let path, let block) = statement.value.kind else {
      diagnostics.add(
        typeMismatch("a pipeline returns a record", "write `\(response.name) { … }`", statement.value.range))
      return nil
    }
    guard let record = resolve(path, [.record]) else { return nil }
    if record.name.text != response.name {
      diagnostics.add(
        typeMismatch(
          "pipeline `\(head.name)` gives `\(response.name)`, this is `\(path)`", "expected `\(response.name)`",
          path.range))
      return nil
    }
    var given: [String: (name: AST.Name, value: TypedExpression?)] = [:]
    var misspelt: Set<String> = []
    for item in block.items {
      guard case .field(let field) = item, let name = field.path.single, let expr = field.value, field.type == nil
      else {
        diagnostics.add(typeMismatch("a record takes `field = value`", "not a field", item.range))
        continue
      }
      guard let wanted = response.fields.first(where: { $0.name == name.text }) else {
        _ = infer(expr, scope)
        if isBroken(name.text, of: response.name) { continue }
        if let meant = Spelling.nearest(to: name.text, among: response.fields.map(\.name)) { misspelt.insert(meant) }
        diagnostics.add(
          .unknownField(
            name, of: "`\(response.name)`",
            fields: response.fields.map { ($0.name, "\($0.name): \(PipelineType($0.type).description)") }))
        continue
      }
      if let earlier = given[name.text] {
        diagnostics.add(.duplicate(name, of: earlier.name, what: "field"))
        continue
      }
      given[name.text] = (name, fieldValue(expr, wanted, scope))
    }
    let missing = response.fields.filter { given[$0.name] == nil && !misspelt.contains($0.name) }
    if !missing.isEmpty, block.isComplete {
      diagnostics.add(
        Diagnostic(
          .missingField, "`\(response.name)` needs \(missing.map { "`\($0.name)`" }.joined(separator: ", "))",
          at: Label(path.range, "not all fields have a value"),
          secondary: missing.prefix(1).map { Label($0.range, "declared here") }))
    }
    let values = response.fields.compactMap { given[$0.name]?.value }
    return values.count == response.fields.count ? values : nil
  }

  private mutating func fieldValue(
    _ expr: AST.Expr, _ field: RecordDeclaration.Field, _ scope: PipelineScope,
  ) -> TypedExpression? {
    let wanted = PipelineType(field.type)
    var hint: ElementType?
    if case .tensor(let type) = wanted { hint = type.element }
    guard let value = infer(expr, scope, hint: hint) else { return nil }
    if value.type == wanted { return value }
    if case .optional = value.type {
      diagnostics.add(optionalUsed(value))
      return nil
    }
    var code = DiagnosticCode.typeMismatch
    var help: [Help] = []
    if case .tensor(let have) = value.type, case .tensor(let want) = wanted {
      code = have.element == want.element ? .shapeMismatch : .elementMismatch
      if have.shape == want.shape, have.element != .string, want.element != .string {
        help = [.wrap(expr.range, "cast(", ", \(want.element))", "convert it")]
      }
    }
    diagnostics.add(
      Diagnostic(
        code, "`\(field.name)` is \(wanted.description), this gives \(value.type.description)",
        at: Label(expr.range, value.type.description),
        secondary: [Label(field.range, "declared \(wanted.description)")],
        help: help))
    return nil
  }

  /// The largest number of dimensions.
  private static let maximumRank = 8

  /// Whether a value's size follows from the request, and is no monster.
  private mutating func isKnownAtRequest(_ value: TypedExpression, _ scope: PipelineScope) -> Bool {
    guard case .tensor(let type) = value.type else { return true }
    if type.shape.rank > Self.maximumRank {
      diagnostics.add(
        Diagnostic(
          .shapeRule, "a tensor has at most \(Self.maximumRank) dimensions",
          at: Label(value.range, "\(type.shape.rank) dimensions")))
      return false
    }
    let known = Set(scope.request.fields.flatMap { $0.type.shape.dims.compactMap(\.symbol) })
    guard let unknown = type.shape.dims.flatMap(\.symbols).sorted().first(where: { !known.contains($0) }) else {
      return true
    }
    diagnostics.add(
      Diagnostic(
        .shapeRule, "no request tells how large `\(unknown)` is", at: Label(value.range, type.description),
        secondary: [Label(scope.request.range, "no field has `\(unknown)` as a dimension")],
        notes: ["a dim takes its size from the request's field that has it"]))
    return false
  }

  private mutating func lintLocals(_ scope: PipelineScope) {
    for local in scope.locals where !usedLocals.contains(local.name.text) {
      unusedValues.append(
        Diagnostic(.unused, "nothing uses `\(local.name)`", at: Label(local.name.range, "computed, and used nowhere")))
    }
    for model in scope.models where !usedLocals.contains(model.parameter.text) {
      unusedValues.append(
        Diagnostic(
          .unused, "nothing calls `\(model.parameter)`", at: Label(model.parameter.range, "a model that serves nothing")
        ))
    }
  }
}

extension Help {
  /// An edit that puts text around a range.
  static func wrap(_ range: SourceRange, _ before: String, _ after: String, _ text: String) -> Help {
    Help(
      "\(text): `\(before)…\(after)`",
      edits: [
        Edit(SourceRange(file: range.file, bytes: range.start..<range.start), replacement: before),
        Edit(range.atEnd, replacement: after),
      ])
  }
}
