import ServeDiagnostics
import ServeSyntax

/// Messages that several rules share.
extension Diagnostic {
  static func notSupported(_ what: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      .notSupported, "\(what): not supported yet", at: Label(range, "has no effect in this version"),
      notes: ["a setting that would do nothing is refused, so that what is written is what runs"],
    )
  }

  static func duplicate(_ name: AST.Name, of first: AST.Name, what: String) -> Diagnostic {
    Diagnostic(
      .duplicateName, "`\(name)` is there twice", at: Label(name.range, "second \(what) of this name"),
      secondary: [Label(first.range, "first one")])
  }

  /// A field that its block does not have: misspelt, in the wrong block, or under the name that other tools give it.
  static func unknownField(_ name: AST.Name, of schema: Schema) -> Diagnostic {
    let isMisspelt = Suggestion(for: name, among: schema.supported.map(\.keyword)).nearest != nil
    if !isMisspelt, let meant = schema.meaning(of: name.text) {
      return Diagnostic(
        .unknownField, "`\(schema.name)` has no field `\(name)`", at: Label(name.range, "write `\(meant)`"),
        values: ["fields of `\(schema.name)`: \(schema.supported.map(\.summary).joined(separator: ", "))"])
    }
    return unknownField(
      name, of: "`\(schema.name)`", fields: schema.supported.map { ($0.keyword, $0.summary) })
  }

  static func unknownField(_ name: AST.Name, of owner: String, fields: [(name: String, summary: String)]) -> Diagnostic
  {
    let near = Suggestion(for: name, among: fields.map(\.name))
    return Diagnostic(
      .unknownField, "\(owner) has no field `\(name)`",
      at: near.label("not a field of \(owner)"),
      values: fields.isEmpty ? [] : ["fields of \(owner): \(fields.map(\.summary).joined(separator: ", "))"],
      help: near.help("rename to"),
    )
  }

  static func missing(_ entry: Schema.Entry, in owner: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      .missingField, "\(owner) needs `\(entry.keyword)`", at: Label(range, "`\(entry.keyword)` is missing here"),
      help: [Help("add `\(entry.pattern)`")])
  }

  static func form(_ node: Settings.Node, _ entry: Schema.Entry) -> Diagnostic {
    Diagnostic(
      .typeMismatch, "`\(node.keyword)` is not written this way",
      at: Label(node.keyword.range, "write `\(entry.pattern)`"))
  }

  static func relation(_ name: AST.Name, _ range: SourceRange, wants: String, instead: String) -> Diagnostic {
    let sign = wants.filter { $0 != " " }
    return Diagnostic(
      .typeMismatch, "`\(name)` takes `\(sign)`, not `\(instead)`",
      at: Label(range, sign == "=" ? "this is a value" : "this is a bound"),
      help: [Help("write `\(name) \(sign) …`", replacing: range, with: wants)])
  }
}

extension Schema.Entry {
  /// How it is written: `deadline = 30s`, `scale { … }`.
  var pattern: String {
    switch form {
    case .setting(let type): "\(keyword) = \(type.example)"
    case .bound(let relation, let type): "\(keyword) \(relation.rawValue) \(type.example)"
    case .section: "\(keyword) { … }"
    case .entries: "\(keyword) NAME { … }"
    case .rule(let looks): "\(keyword) \(looks)"
    }
  }
}
