import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// `key = req.user_id`: by what a user stays on an arm.
extension Checker {
  /// SV0703: the field of the request by which a user stays on an arm.
  mutating func keyField(_ head: ExperimentHead, _ body: ServiceBody) -> String? {
    guard let setting = head.section.settings["key"] else { return nil }
    guard case .path(let path) = setting.value else {
      if case .unset = setting.value { return nil }
      diagnostics.add(
        badKey("the key is a field of the request", "expected a field, such as `req.user_id`", setting.range))
      return nil
    }
    guard let pipeline = body.pipeline else { return modelKey(path, body) }
    guard path.first.text == pipeline.requestName, let name = path.rest.first, path.rest.count == 1 else {
      diagnostics.add(
        badKey("the key is a field of the request", "write `\(pipeline.requestName).FIELD`", path.range))
      return nil
    }
    guard let field = pipeline.request.fields.first(where: { $0.name == name.text }) else {
      if isBroken(name.text, of: pipeline.request.name) { return nil }
      let near = Suggestion(for: name, among: pipeline.request.fields.map(\.name))
      diagnostics.add(
        Diagnostic(
          .badKey, "`\(pipeline.request.name)` has no field `\(name)`",
          at: near.label("not a field of the request"),
          secondary: [Label(pipeline.request.range, "the request of `\(pipeline.name)`")],
          values: [
            "fields of `\(pipeline.request.name)`: \(pipeline.request.fields.map(\.name).joined(separator: ", "))"
          ],
          help: near.help))
      return nil
    }
    guard let problem = Self.whyNotSticky(field) else { return field.name }
    diagnostics.add(
      Diagnostic(
        .badKey, "`\(path)` is not a sticky key", at: Label(path.range, problem),
        secondary: [Label(field.range, "declared here")],
        notes: ["whoever asks twice must meet the same arm, or the two arms measure the same people"]))
    return nil
  }

  /// `service { model = M }`: a single value of one of its inputs.
  private mutating func modelKey(_ path: AST.Path, _ body: ServiceBody) -> String? {
    guard let model = body.models.first?.declaration else { return nil }
    let lead = model.batches ? 1 : 0
    if let input = model.signature.inputs.first(where: { $0.name == path.last.text }), input.type.shape.rank == lead,
      input.type.element.isInteger || input.type.element == .string
    {
      return input.name
    }
    let keys = model.signature.inputs.filter { $0.type.shape.rank == lead && !$0.type.element.isFloat }.map(\.name)
    diagnostics.add(
      Diagnostic(
        .badKey, "`\(path)` is not a sticky key", at: Label(path.range, "not one integer or string of the request"),
        values: ["inputs of `\(model.name)` that are: \(keys.isEmpty ? "none" : keys.joined(separator: ", "))"],
        help: [Help("declare a record with the user's id, and a pipeline that takes it")]))
    return nil
  }

  private func badKey(_ message: String, _ label: String, _ range: SourceRange) -> Diagnostic {
    Diagnostic(.badKey, message, at: Label(range, label))
  }

  /// What keeps a field from being a key; nil where it can be one.
  private static func whyNotSticky(_ field: RecordDeclaration.Field) -> String? {
    if field.type.isOptional { return "it may be absent" }
    if field.type.shape.rank > 0 { return "it holds many values" }
    switch field.type.scalar {
    case .enumeration: return "an enum has too few values to share out"
    case .element(let element) where !element.isInteger && element != .string: return "\(element) is no key"
    case .element: return perRequestNames.contains(field.name) ? "it is another one in each request" : nil
    }
  }

  /// Names that stand for one request only.
  private static let perRequestNames: Set = [
    "request_id", "trace_id", "span_id", "correlation_id", "timestamp", "event_id",
  ]
}
