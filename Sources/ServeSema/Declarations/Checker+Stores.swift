import ServeDiagnostics
import ServeSyntax
import TensorTypes

/// `stats`, `store` and `features`.
extension Checker {
  mutating func checkStats() {
    for declaration in declarations(.stats) {
      let section = section(Settings(of: declaration), .stats, owner: "stats `\(declaration.name)`")
      guard let source = section.string("source"), let unit = program.unit(of: section.range("source")) else {
        continue
      }
      let range = section.range("source")
      switch artifacts.stats[unit.resolve(source)] {
      case .success(let found):
        if refuse(found, at: range) { continue }
        stats[declaration.name.text] = found
      case .failure(let failure):
        diagnostics.add(Diagnostic(.unreadableArtifact, failure.message, at: Label(range, "needed here")))
      case nil:
        diagnostics.add(
          Diagnostic(
            .unreadableArtifact, "cannot read \"\(source)\"", at: Label(range, "looked for \(unit.resolve(source))")))
      }
    }
  }

  /// SV0407 where the statistics cannot be used with any feature.
  private mutating func refuse(_ stats: Artifacts.Stats, at range: SourceRange) -> Bool {
    let problem: String? =
      if stats.mean.count != stats.std.count {
        "`mean` has \(stats.mean.count) values, `std` has \(stats.std.count)"
      } else if stats.mean.isEmpty {
        "`mean` and `std` are empty"
      } else if let at = stats.std.firstIndex(where: { !($0 > 0) || !$0.isFinite }) {
        "`std` is \(stats.std[at]) at index \(at)"
      } else if let at = stats.mean.firstIndex(where: { !$0.isFinite }) {
        "`mean` is \(stats.mean[at]) at index \(at)"
      } else {
        nil
      }
    guard let problem else { return false }
    diagnostics.add(
      Diagnostic(
        .statsMismatch, "these statistics cannot normalize anything", at: Label(range, problem),
        notes: ["`normalize` gives (x - mean) / std: one bad entry makes every score NaN or infinite"]))
    return true
  }

  mutating func checkStores() {
    for declaration in declarations(.store) {
      guard let type = declaration.type, let kind = type.name.single else {
        diagnostics.add(
          Diagnostic(
            .missingField, "`\(declaration.name)` has no kind", at: Label(declaration.name.range, "write `: sqlite`")))
        continue
      }
      guard kind.text == "sqlite" else {
        refuseStoreKind(kind)
        continue
      }
      let section = section(Settings(of: declaration), .store, owner: "store `\(declaration.name)`")
      guard let path = section.string("path"), let unit = program.unit(of: section.range("path")) else { continue }
      let store = StoreDeclaration(
        name: declaration.name.text, kind: .sqlite, path: unit.resolve(path), range: declaration.name.range)
      stores[store.name] = store
      module.stores.append(store)
    }
  }

  private mutating func refuseStoreKind(_ kind: AST.Name) {
    if ["redis", "postgres", "http"].contains(kind.text) {
      diagnostics.add(.notSupported("a store of kind \(kind)", at: kind.range))
      return
    }
    let kinds = ["sqlite", "redis", "postgres", "http"]
    let near = Suggestion(for: kind, among: kinds)
    diagnostics.add(
      Diagnostic(
        .unknownName, "there is no store of kind `\(kind)`",
        at: near.label("not a kind of store"),
        values: ["kinds: \(kinds.joined(separator: ", "))"],
        help: near.help))
  }

  mutating func checkFeatures() {
    for declaration in declarations(.features) {
      guard let group = featureGroup(declaration) else { continue }
      features[group.name] = group
      module.features.append(group)
    }
  }

  private mutating func featureGroup(_ declaration: AST.Declaration) -> FeatureDeclaration? {
    let section = section(Settings(of: declaration), .features, owner: "features `\(declaration.name)`")
    let store = declaration.operand(.from).flatMap { resolve($0.path, [.store]) }
    let key = keyColumn(declaration)
    var fields: [FeatureDeclaration.Field] = []
    var first: [String: AST.Name] = [:]
    for node in section.rules["field"] ?? [] {
      if let name = node.name, let earlier = first[name.text] {
        diagnostics.add(.duplicate(name, of: earlier, what: "field"))
        continue
      }
      if let name = node.name { first[name.text] = name }
      if let field = featureField(node) {
        fields.append(field)
      } else {
        broken[declaration.name.text, default: []].insert(node.name?.text ?? "*")
      }
    }
    if declaration.operand(.from) == nil {
      diagnostics.add(
        Diagnostic(
          .missingField, "features `\(declaration.name)` needs a store",
          at: Label(declaration.name.range, "write `from STORE by KEY: u64` after the name")))
    }
    if fields.isEmpty, section.isComplete, broken[declaration.name.text] == nil {
      diagnostics.add(
        Diagnostic(
          .missingField, "features `\(declaration.name)` has no field",
          at: Label(section.range, "write `field NAME : type = default`")))
    }
    if !section.isComplete { broken[declaration.name.text, default: []].insert("*") }
    guard !fields.isEmpty, let store, let key, let table = section.string("table") else { return nil }
    return FeatureDeclaration(
      name: declaration.name.text, store: store.name.text, table: table, keyColumn: key.name, keyElement: key.element,
      onMiss: section.word("on_miss") == "reject" ? .reject : .useDefault, fields: fields,
      range: declaration.name.range)
  }

  private mutating func keyColumn(_ declaration: AST.Declaration) -> (name: String, element: ElementType)? {
    guard let operand = declaration.operand(.by), let name = operand.path.single, let type = operand.type else {
      diagnostics.add(
        Diagnostic(
          .missingField, "features `\(declaration.name)` needs a key",
          at: Label(declaration.name.range, "write `from STORE by KEY: u64` after the name")))
      return nil
    }
    guard let found = tensorType(type, .none) else { return nil }
    guard found.shape.rank == 0, found.element.isInteger || found.element == .string else {
      diagnostics.add(typeMismatch("a key is one integer or string", "\(found) cannot be a key", type.range))
      return nil
    }
    return (name.text, found.element)
  }

  private mutating func featureField(_ node: Settings.Node) -> FeatureDeclaration.Field? {
    guard let name = node.name, node.operands.count == 1, let type = node.type, node.body == nil else {
      diagnostics.add(
        typeMismatch("`field` is not written this way", "write `field NAME : type = default`", node.range))
      return nil
    }
    guard let found = tensorType(type, .none), let shape = found.shape.constant else { return nil }
    if found.element == .string {
      diagnostics.add(.notSupported("a feature of strings", at: type.range))
      return nil
    }
    guard let expr = node.value else {
      diagnostics.add(
        Diagnostic(
          .missingField, "`\(name)` needs a default", at: Label(name.range, "add `= \(shape.isEmpty ? "0" : "zeros")`"),
          notes: ["a key that is not in the store, and a NULL, give the default"]))
      return nil
    }
    guard let value = featureDefault(expr, found) else { return nil }
    return FeatureDeclaration.Field(
      name: name.text, element: found.element, shape: shape, defaultValue: value, range: name.range)
  }

  private mutating func featureDefault(_ expr: AST.Expr, _ type: TensorType) -> Double? {
    if expr.name?.text == "zeros" { return 0 }
    guard let value = evaluate(expr) else { return nil }
    switch value {
    case .number(let number) where type.element.isFloat: return number.double
    case .number(let number) where type.element.isInteger:
      if number.denominator == 1, type.element.integerLimits.contains(number.numerator),
        abs(number.numerator) <= 1 << 53
      {
        return number.double
      }
    case .bool(let flag) where type.element == .bool: return flag ? 1 : 0
    case .number, .quantity, .percent, .bool, .string, .date, .grid, .path, .range, .list, .unset, .other: break
    }
    diagnostics.add(
      typeMismatch("this is no default for \(type)", "expected `zeros` or a value of \(type.element)", expr.range))
    return nil
  }
}
