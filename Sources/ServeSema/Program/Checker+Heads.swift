import ServeDiagnostics
import ServeSyntax

/// The heads of declarations: what may stand between the name and the body. Nothing is read and ignored.
extension Checker {
  mutating func checkHeads() {
    for declaration in program.declarations {
      guard let form = HeadForm(declaration.kind) else { continue }
      refuseExtras(declaration, form)
      switch (form.hasValue, declaration.value, declaration.block) {
      case (false, let value?, _):
        malformed.insert(declaration.name.range)
        diagnostics.add(
          typeMismatch("\(declaration.kind.article) has a body", "write `{ … }` instead", value.range))
      case (true, _, let block?):
        malformed.insert(declaration.name.range)
        diagnostics.add(typeMismatch("\(declaration.kind.article) has a value", "write `= …` instead", block.range))
      case (_, nil, nil): malformed.insert(declaration.name.range)
      case (false, nil, _?), (true, _?, nil): continue
      }
    }
  }

  private mutating func refuseExtras(_ declaration: AST.Declaration, _ form: HeadForm) {
    let what = declaration.kind.article
    for operand in declaration.operands where !form.prepositions.contains(operand.preposition) {
      diagnostics.add(
        typeMismatch("\(what) takes no `\(operand.preposition.rawValue)`", "has no meaning here", operand.range))
    }
    for preposition in form.prepositions where preposition != .using {
      for second in declaration.operands.filter({ $0.preposition == preposition }).dropFirst() {
        diagnostics.add(typeMismatch("one `\(preposition.rawValue)` is enough", "second one", second.range))
      }
    }
    for operand in declaration.operands where ![.by, .using].contains(operand.preposition) {
      guard let type = operand.type else { continue }
      diagnostics.add(
        typeMismatch("`\(operand.preposition.rawValue)` takes a name", "no type belongs here", type.range))
    }
    if let type = declaration.type {
      if !form.hasType {
        diagnostics.add(typeMismatch("\(what) has no type", "has no meaning here", type.range))
      } else if type.isOptional || type.dims != nil || !type.refinements.isEmpty {
        diagnostics.add(typeMismatch("the kind of \(what) is one word", "expected a word", type.range))
      }
    }
    guard declaration.kind != .pipeline else { return }
    if let parameter = declaration.parameters.first {
      diagnostics.add(typeMismatch("\(what) takes no parameters", "has no meaning here", parameter.range))
    }
    if let result = declaration.result {
      diagnostics.add(typeMismatch("\(what) gives no result", "has no meaning here", result.range))
    }
  }
}

/// What the head of a kind of declaration holds.
private struct HeadForm {
  var prepositions: Set<AST.Preposition> = []
  var hasType = false
  /// `= …` instead of a body.
  var hasValue = false

  /// Nil for kinds that are not supported yet.
  init?(_ kind: AST.DeclarationKind) {
    switch kind {
    case .alert, .passthrough, .profile, .template, .test, .tokenizer: return nil
    case .cluster, .enum, .model, .pool, .record, .service, .stats: break
    case .dim: hasValue = true
    case .env: prepositions = [.extends]
    case .experiment, .overlay: prepositions = [.on]
    case .features: prepositions = [.from, .by]
    case .pipeline: prepositions = [.using]
    case .store: hasType = true
    }
  }
}
