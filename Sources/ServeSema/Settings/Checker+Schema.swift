import ServeDiagnostics
import ServeSyntax

/// Holding a body against its schema: names, forms, types, what is required and what is not supported yet.
extension Checker {
  /// The body, evaluated. `owner` is how messages name it: `service recommender`.
  mutating func section(_ settings: Settings, _ schema: Schema, owner: String) -> Section {
    var result = Section(range: settings.range)
    result.isComplete = settings.isComplete
    for stray in settings.strays {
      diagnostics.add(typeMismatch("this is no setting", "write `name = value`", stray))
    }
    var first: [String: Settings.Node] = [:]
    for node in settings.nodes {
      let keyword = node.keyword.text
      result.written.insert(keyword)
      guard let entry = schema.entry(keyword) else {
        diagnostics.add(.unknownField(node.keyword, of: schema))
        // A misspelt field is not missing as well.
        if let meant = Spelling.nearest(to: keyword, among: schema.supported.map(\.keyword)) {
          result.written.insert(meant)
        }
        continue
      }
      if entry.status == .planned {
        diagnostics.add(.notSupported("`\(keyword)` of \(schema.name)", at: node.keyword.range))
        continue
      }
      let identity = node.identity(entry)
      if let identity, let earlier = first[identity] {
        diagnostics.add(.duplicate(node.name ?? node.keyword, of: earlier.name ?? earlier.keyword, what: "field"))
        continue
      }
      if let identity { first[identity] = node }
      read(node, entry, owner: owner, into: &result)
    }
    for entry in schema.entries where entry.isRequired && !result.written.contains(entry.keyword) && result.isComplete {
      diagnostics.add(.missing(entry, in: owner, at: settings.range))
    }
    return result
  }

  /// The body of a declaration that overlays can be on: `?` leaves a setting to them.
  mutating func overlaidSection(_ settings: Settings, _ schema: Schema, owner: String) -> Section {
    allowsUnset = true
    defer { allowsUnset = false }
    return section(settings, schema, owner: owner)
  }

  private mutating func read(
    _ node: Settings.Node, _ entry: Schema.Entry, owner: String, into result: inout Section,
  ) {
    let keyword = entry.keyword
    switch entry.form {
    case .setting(let type):
      guard isPlain(node, entry), let value = node.value else { return }
      if case .bound(let written, let range) = node.relation {
        diagnostics.add(.relation(node.keyword, range, wants: "=", instead: written.rawValue))
        return
      }
      result.settings[keyword] = setting(node, value, type)
    case .bound(let relation, let type):
      guard isPlain(node, entry), let value = node.value else { return }
      guard case .bound(relation, _) = node.relation else {
        let range = SourceRange(file: value.range.file, bytes: node.keyword.range.end..<value.range.start)
        diagnostics.add(.relation(node.keyword, range, wants: " \(relation.rawValue) ", instead: "="))
        return
      }
      result.settings[keyword] = setting(node, value, type)
    case .section(let inner):
      guard let body = node.body, node.operands.isEmpty, node.type == nil, node.value == nil else {
        diagnostics.add(.form(node, entry))
        return
      }
      result.sections[keyword] = section(body, inner, owner: "`\(keyword)` of \(owner)")
    case .entries(let inner):
      guard let name = node.name, node.operands.count <= 1, node.type == nil, node.value == nil else {
        diagnostics.add(.form(node, entry))
        return
      }
      let body = node.body ?? Settings(range: node.range)
      let entry = Section.Entry(name: name, node: node, section: section(body, inner, owner: "`\(keyword) \(name)`"))
      result.entries[keyword, default: []].append(entry)
    case .rule:
      result.rules[keyword, default: []].append(node)
    }
  }

  /// `name = value`, nothing else.
  private mutating func isPlain(_ node: Settings.Node, _ entry: Schema.Entry) -> Bool {
    if node.operands.isEmpty, node.body == nil, node.type == nil, node.value != nil { return true }
    diagnostics.add(.form(node, entry))
    return false
  }

  private mutating func setting(
    _ node: Settings.Node, _ expr: AST.Expr, _ type: SettingType,
  ) -> Section.Setting? {
    guard let value = evaluate(expr) else { return nil }
    if case .unset = value, allowsUnset {
      return Section.Setting(value: value, name: node.keyword, range: expr.range)
    }
    guard let accepted = accept(value, type, name: node.keyword, at: expr.range) else { return nil }
    return Section.Setting(value: accepted, name: node.keyword, range: expr.range)
  }
}

extension Settings.Node {
  /// What may stand once: a field or section by its keyword, an entry by its keyword and name; rules may repeat.
  fileprivate func identity(_ entry: Schema.Entry) -> String? {
    switch entry.form {
    case .setting, .bound, .section: keyword.text
    case .entries: name.map { "\(keyword.text) \($0.text)" }
    case .rule: nil
    }
  }
}
