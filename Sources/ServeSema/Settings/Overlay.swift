import ServeDiagnostics
import ServeSyntax

/// Laying an overlay over the settings of a declaration: scalars replace, sections merge, named entries are edited,
/// added and removed by name. Nothing is lost silently, and nothing appears that the declaration does not have.
struct OverlayMerge {
  let environment: String
  /// As messages name it: `service recommender`.
  let owner: String
  private(set) var diagnostics = Diagnostics()

  init(environment: String, owner: String) {
    self.environment = environment
    self.owner = owner
  }

  mutating func merge(_ base: Settings, with overlay: Settings, _ schema: Schema, path: String = "") -> Settings {
    var result = base
    result.strays += overlay.strays
    for node in overlay.nodes { apply(node, to: &result, schema, path: path) }
    return result
  }

  private mutating func apply(_ node: Settings.Node, to base: inout Settings, _ schema: Schema, path: String) {
    let keyword = node.keyword.text
    if keyword == "add" || keyword == "remove" {
      addOrRemove(node, to: &base, schema)
      return
    }
    if let entry = schema.entry(keyword) {
      apply(node, entry, to: &base, path: path + keyword)
      return
    }
    // `treatment = 15%` and `c3_cpu.cpu = 2` name an entry without its keyword.
    if let index = base.nodes.firstIndex(where: { $0.name?.text == keyword }),
      let entry = schema.entry(base.nodes[index].keyword.text)
    {
      edit(node, entry, &base.nodes[index], path: path + keyword)
      return
    }
    let named = base.nodes.filter { $0.body != nil || $0.value != nil }.compactMap { $0.name?.text }
    let known = schema.supported.map(\.keyword) + named
    diagnostics.add(unknown(node.keyword, known, "\(owner) has no `\(path)\(keyword)`", path))
  }

  private mutating func apply(_ node: Settings.Node, _ entry: Schema.Entry, to base: inout Settings, path: String) {
    if entry.status == .planned {
      diagnostics.add(.notSupported("`\(path)`", at: node.keyword.range))
      return
    }
    if entry.isFinal {
      diagnostics.add(final(node, base))
      return
    }
    let index = base.nodes.firstIndex { other in
      guard other.keyword.text == node.keyword.text else { return false }
      return node.operands.isEmpty || other.name?.text == node.name?.text
    }
    guard let index else {
      if let name = node.name, !base.nodes(entry.keyword).isEmpty {
        missingEntry(name, entry, base)
      } else {
        diagnostics.add(notDeclared(node, entry, base, path: path))
      }
      return
    }
    edit(node, entry, &base.nodes[index], path: path)
  }

  private mutating func edit(_ node: Settings.Node, _ entry: Schema.Entry, _ target: inout Settings.Node, path: String)
  {
    switch entry.form {
    case .setting, .bound:
      if node.body != nil { target = marked(node) } else { replaceValue(of: &target, by: node) }
    case .section(let inner):
      if let only = node.onlyEntry {
        target.body?.nodes.removeAll { $0.keyword.text == "try" || $0.keyword.text == "only" }
        target.body?.nodes.append(marked(only))
        return
      }
      guard let body = node.body else {
        diagnostics.add(.form(node, entry))
        return
      }
      target.body = merge(target.body ?? Settings(range: target.range), with: body, inner, path: path + ".")
    case .entries(let inner):
      guard let body = node.body else {
        diagnostics.add(.form(node, entry))
        return
      }
      target.body = merge(target.body ?? Settings(range: target.range), with: body, inner, path: path + ".")
    case .rule:
      if node.operands.count > 1 { target = marked(node) } else { replaceParts(of: &target, by: node) }
    }
  }

  private mutating func replaceValue(of target: inout Settings.Node, by node: Settings.Node) {
    if let old = target.value, let new = node.value, Sameness.same(old, new) {
      diagnostics.add(equalsBase(node, old))
    }
    target.value = node.value
    target.relation = node.relation
    target.overlay = environment
    target.range = node.range
  }

  /// `arm control = 85%` keeps the version of the base, `arm control = Ranker.v2` its share.
  private mutating func replaceParts(of target: inout Settings.Node, by node: Settings.Node) {
    guard let new = node.value, let old = target.value else { return }
    let parts = new.phrase
    if parts.count == old.phrase.count {
      if Sameness.same(old, new) { diagnostics.add(equalsBase(node, old)) }
      target.parts = nil
    } else {
      let kept = (target.parts ?? old.phrase).map { part in
        parts.first { ($0.path == nil) == (part.path == nil) } ?? part
      }
      if zip(kept, target.parts ?? old.phrase).allSatisfy({ Sameness.same($0, $1) }) {
        diagnostics.add(equalsBase(node, old))
      }
      target.parts = kept
    }
    if target.parts == nil { target.value = new }
    target.overlay = environment
    target.range = node.range
  }

  // MARK: - Entries

  private mutating func addOrRemove(_ node: Settings.Node, to base: inout Settings, _ schema: Schema) {
    guard let kind = node.name, let entry = schema.entry(kind.text), node.operands.count == 2,
      let name = node.operands[1].name
    else {
      diagnostics.add(
        Diagnostic(
          .unknownOverlayPath, "`\(node.keyword)` takes the kind and the name of an entry",
          at: Label(node.range, "write `\(node.keyword) arm NAME`")))
      return
    }
    let existing = base.nodes.firstIndex { $0.keyword.text == kind.text && $0.name?.text == name.text }
    if node.keyword.text == "remove" {
      if let existing { base.nodes.remove(at: existing) } else { missingEntry(name, entry, base) }
      return
    }
    if let existing {
      diagnostics.add(
        Diagnostic(
          .duplicateName, "\(owner) has \(kind) `\(name)` already",
          at: Label(name.range, "to edit it, leave out `add`"),
          secondary: [Label(base.nodes[existing].range, "declared here")]))
      return
    }
    var added = marked(node)
    added.keyword = kind
    added.operands = [node.operands[1]]
    base.nodes.append(added)
  }

  private mutating func missingEntry(_ name: AST.Name, _ entry: Schema.Entry, _ base: Settings) {
    let known = base.nodes(entry.keyword).compactMap { $0.name?.text }
    diagnostics.add(unknown(name, known, "\(owner) has no \(entry.keyword) `\(name)`", ""))
  }

  private func marked(_ node: Settings.Node) -> Settings.Node {
    var node = node
    node.overlay = environment
    return node
  }

  // MARK: - Messages

  private func unknown(_ name: AST.Name, _ known: [String], _ message: String, _ path: String) -> Diagnostic {
    let near = Suggestion(for: name, among: known)
    return Diagnostic(
      .unknownOverlayPath, message,
      at: near.label("not there to be overlaid"),
      values: known.isEmpty ? [] : ["there is: \(known.sorted().joined(separator: ", "))"],
      help: near.help)
  }

  private func notDeclared(_ node: Settings.Node, _ entry: Schema.Entry, _ base: Settings, path: String) -> Diagnostic {
    Diagnostic(
      .unknownOverlayPath, "\(owner) does not set `\(path)`, so there is nothing to overlay",
      at: Label(node.keyword.range, "set here for \(environment) only"),
      secondary: [Label(base.range.start == base.range.end ? base.range : base.range.opening, "not set in here")],
      notes: ["what an env may change is visible in the declaration"],
      help: [Help("set `\(entry.pattern)` in the declaration, or `\(path) = ?` when every env sets its own")])
  }

  private func final(_ node: Settings.Node, _ base: Settings) -> Diagnostic {
    Diagnostic(
      .finalOverlay, "`\(node.keyword)` is final", at: Label(node.keyword.range, "no env may change it"),
      secondary: base.node(node.keyword.text).map { [Label($0.range, "set here for all")] } ?? [],
      notes: ["what tells users, versions and secrets apart must be the same wherever it is tested"])
  }

  private func equalsBase(_ node: Settings.Node, _ old: AST.Expr) -> Diagnostic {
    Diagnostic(
      .overlayEqualsBase, "this overlay changes nothing", at: Label(node.range, "the same in \(environment)"),
      secondary: [Label(old.range, "as here")], help: [Help("drop it", replacing: node.range, with: "")])
  }
}

extension Settings.Node {
  /// `placement = only c3_cpu { … }`: the entry that replaces all others.
  fileprivate var onlyEntry: Settings.Node? {
    guard let parts = value?.phrase, parts.count == 2, parts[0].name?.text == "only", let keyword = parts[0].name
    else { return nil }
    var entry = Settings.Node(keyword: keyword, range: range)
    if case .record(let name, let block) = parts[1].kind {
      entry.entryName = name.single
      entry.body = Settings(block)
    } else {
      entry.entryName = parts[1].name
    }
    return entry.entryName == nil ? nil : entry
  }
}

extension SourceRange {
  /// The first byte, for labels on a block's brace.
  fileprivate var opening: SourceRange {
    SourceRange(file: file, bytes: start..<min(start + 1, end))
  }
}

/// Whether two expressions say the same, wherever they stand.
private enum Sameness {
  static func same(_ a: AST.Expr, _ b: AST.Expr) -> Bool {
    switch (a.kind, b.kind) {
    case (.integer(let x), .integer(let y)): x == y
    case (.float(let x), .float(let y)), (.percent(let x), .percent(let y)): Rational(x) == Rational(y)
    case (.quantity(let x), .quantity(let y)): amount(x) == amount(y) && x.unit.dimension == y.unit.dimension
    case (.bool(let x), .bool(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.path(let x), .path(let y)): x.description == y.description
    case (.range(let a1, let a2, let closed), .range(let b1, let b2, let otherClosed)):
      closed == otherClosed && same(a1, b1) && same(a2, b2)
    case (.list(let x), .list(let y)), (.phrase(let x), .phrase(let y)):
      x.count == y.count && zip(x, y).allSatisfy(same)
    default: false
    }
  }

  private static func amount(_ quantity: Quantity) -> Rational? {
    Rational(quantity.number).flatMap { $0.multiplied(by: Rational(quantity.unit.factor)) }
  }
}
