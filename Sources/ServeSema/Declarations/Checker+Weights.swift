import ServeDiagnostics
import ServeSyntax

/// `weights = f16 { max_drift = 0.002 }`: the precision of a version's weights, and how much it may change answers.
extension Checker {
  /// Nil where the setting was not understood, which is reported by then.
  mutating func weights(_ section: Section, owner: String) -> ModelDeclaration.Weights? {
    guard let setting = section.settings["weights"] else { return ModelDeclaration.Weights() }
    var name: AST.Path?
    var body: Section?
    switch setting.value {
    case .path(let path): name = path
    case .other(let expr):
      if case .record(let path, let block) = expr.kind {
        name = path
        body = self.section(Settings(block), .weights, owner: "`weights` of \(owner)")
      }
    default: break
    }
    let formats = SettingType.word(ModelDeclaration.Weights.Format.allCases.map(\.rawValue))
    guard let name else {
      diagnostics.add(typeMismatch("this is no precision", "write \(formats.article)", setting.range))
      return nil
    }
    guard accept(.path(name), formats, name: setting.name, at: name.range) != nil,
      let format = ModelDeclaration.Weights.Format(rawValue: name.description)
    else { return nil }
    if format == .f32, body == nil { return ModelDeclaration.Weights() }
    guard let body else {
      diagnostics.add(
        Diagnostic(
          .missingField, "`weights` of \(owner) need `max_drift`",
          at: Label(setting.range, "`max_drift` is missing here"),
          notes: ["rounded weights move answers; a build measures how far, and refuses more than is allowed"],
          help: [Help("write `weights = \(format.rawValue) { max_drift = 0.002 }`")]))
      return nil
    }
    return body.number("max_drift").map { ModelDeclaration.Weights(format: format, maximumDrift: $0) }
  }
}
