import ServeDiagnostics
import ServeSyntax

/// The files of one check and the names that each of them sees.
struct Program {
  /// The root first, then what it imports, each once.
  let units: [SourceUnit]
  /// By file: what it declares and what it imports.
  private(set) var scopes: [FileID: Scope] = [:]
  /// Declarations that take part, imported ones first, each file's in its own order.
  private(set) var declarations: [AST.Declaration] = []

  /// The names that one file sees.
  struct Scope {
    /// Everything but environments.
    var names: [String: AST.Declaration] = [:]
    var environments: [String: AST.Declaration] = [:]
  }

  init(root: SourceUnit, imports: [SourceUnit], diagnostics: inout Diagnostics) {
    units = [root] + imports
    for unit in units { declare(unit, &diagnostics) }
    refuseNamesOfSeveralFiles(&diagnostics)
    for unit in units { importNames(of: unit, &diagnostics) }
    activate(root)
  }

  /// The file that a range lies in.
  func unit(of range: SourceRange) -> SourceUnit? {
    units.first { $0.file.range.file == range.file }
  }

  /// The declaration that a name means in the file where it is written.
  func lookup(_ name: AST.Name) -> AST.Declaration? {
    scopes[name.range.file]?.names[name.text]
  }

  func lookupEnvironment(_ name: AST.Name) -> AST.Declaration? {
    scopes[name.range.file]?.environments[name.text]
  }

  /// An overlay may lie in a file of its own, which the file with the declaration imports: it sees that one's names.
  func lookup(_ name: AST.Name, orIn file: FileID) -> AST.Declaration? {
    lookup(name) ?? scopes[file]?.names[name.text]
  }

  func lookupEnvironment(_ name: AST.Name, orIn file: FileID) -> AST.Declaration? {
    lookupEnvironment(name) ?? scopes[file]?.environments[name.text]
  }

  /// The names of a file that mean one of the kinds, in alphabetical order.
  func visibleNames(in file: FileID, of kinds: [AST.DeclarationKind]) -> [String] {
    guard let scope = scopes[file] else { return [] }
    let table = kinds == [.env] ? scope.environments : scope.names
    return table.filter { kinds.contains($0.value.kind) }.keys.sorted()
  }

  // MARK: - Building

  private mutating func declare(_ unit: SourceUnit, _ diagnostics: inout Diagnostics) {
    var scope = Scope()
    for declaration in unit.file.declarations where declaration.kind.declaresName {
      let name = declaration.name.text
      if let first = declaration.kind == .env ? scope.environments[name] : scope.names[name] {
        diagnostics.add(.duplicate(declaration.name, of: first.name, what: "declaration"))
      } else if declaration.kind == .env {
        scope.environments[name] = declaration
      } else {
        scope.names[name] = declaration
      }
    }
    scopes[unit.file.range.file] = scope
  }

  /// Later stages know declarations by name alone, so a name stands for one thing in the whole program.
  private func refuseNamesOfSeveralFiles(_ diagnostics: inout Diagnostics) {
    var first: [String: AST.Name] = [:]
    for unit in units {
      for (name, declaration) in (scopes[unit.file.range.file]?.names ?? [:]).sorted(by: { $0.key < $1.key }) {
        if let earlier = first[name] {
          diagnostics.add(.duplicate(earlier, of: declaration.name, what: "declaration"))
        } else {
          first[name] = declaration.name
        }
      }
    }
  }

  private mutating func importNames(of unit: SourceUnit, _ diagnostics: inout Diagnostics) {
    for line in unit.file.imports {
      guard let source = imported(line, by: unit) else {
        diagnostics.add(unresolved(line, by: unit))
        continue
      }
      let offered = source.file.declarations.filter { $0.kind.declaresName }
      for name in line.names ?? [] where !offered.contains(where: { $0.name.text == name.text }) {
        diagnostics.add(notOffered(name, line: line, offered: offered.map(\.name.text)))
      }
      let wanted = line.names.map { Set($0.map(\.text)) }
      for declaration in offered where wanted?.contains(declaration.name.text) ?? true {
        see(declaration, from: unit.file.range.file)
      }
    }
  }

  private mutating func see(_ declaration: AST.Declaration, from file: FileID) {
    let name = declaration.name.text
    if declaration.kind == .env, scopes[file]?.environments[name] == nil {
      scopes[file]?.environments[name] = declaration
    } else if declaration.kind != .env, scopes[file]?.names[name] == nil {
      scopes[file]?.names[name] = declaration
    }
  }

  private func imported(_ line: AST.Import, by unit: SourceUnit) -> SourceUnit? {
    let reference = unit.importReference(line)
    return units.first { $0.path == reference.path }
  }

  /// What takes part: all types; of what deploys, everything of the root and of files imported whole all the way, and
  /// what such files name in their braces.
  private mutating func activate(_ root: SourceUnit) {
    var deployed: [FileID: Set<String>] = [:]
    var whole: Set<FileID> = []
    var order: [SourceUnit] = []
    findDeployed(from: root, isWhole: true, &whole, &deployed)
    var seen: Set<FileID> = []
    sort(root, &seen, into: &order)
    for unit in order {
      let file = unit.file.range.file
      declarations += unit.file.declarations.filter { declaration in
        !declaration.kind.deploys || whole.contains(file)
          || deployed[file, default: []].contains(declaration.name.text)
      }
    }
  }

  private func findDeployed(
    from unit: SourceUnit, isWhole: Bool, _ whole: inout Set<FileID>, _ deployed: inout [FileID: Set<String>],
  ) {
    guard isWhole, whole.insert(unit.file.range.file).inserted else { return }
    for line in unit.file.imports {
      guard let source = imported(line, by: unit) else { continue }
      deployed[source.file.range.file, default: []].formUnion((line.names ?? []).map(\.text))
      findDeployed(from: source, isWhole: line.names == nil, &whole, &deployed)
    }
  }

  /// Imported files before those that import them.
  private func sort(_ unit: SourceUnit, _ seen: inout Set<FileID>, into order: inout [SourceUnit]) {
    guard seen.insert(unit.file.range.file).inserted else { return }
    for line in unit.file.imports {
      if let source = imported(line, by: unit) { sort(source, &seen, into: &order) }
    }
    order.append(unit)
  }

  // MARK: - Messages

  private func unresolved(_ line: AST.Import, by unit: SourceUnit) -> Diagnostic {
    let reference = unit.importReference(line)
    switch reference.kind {
    case .package:
      return .notSupported("packages from elsewhere", at: line.source.range)
    case .standard:
      return Diagnostic(
        .unresolvedImport, "there is no standard package \"\(reference.path)\"",
        at: Label(line.source.range, "not one of the packages that come with the compiler"),
      )
    case .file:
      return Diagnostic(
        .unresolvedImport, "cannot read \"\(line.source.value)\"",
        at: Label(line.source.range, "looked for \(reference.path)"),
        notes: ["paths are relative to the file that imports; packages that come with the compiler begin with `std/`"],
      )
    }
  }

  private func notOffered(_ name: AST.Name, line: AST.Import, offered: [String]) -> Diagnostic {
    let near = Suggestion(for: name, among: offered)
    return Diagnostic(
      .unresolvedImport, "\"\(line.source.value)\" declares no `\(name.text)`",
      at: near.label("not declared there"),
      values: offered.isEmpty ? [] : ["it declares: \(offered.sorted().prefix(12).joined(separator: ", "))"],
      help: near.help("import"),
    )
  }
}

extension SourceUnit {
  /// What an import line of this file asks for.
  func importReference(_ line: AST.Import) -> ImportReference {
    let source = line.source.value
    if source.hasPrefix("std/") { return ImportReference(kind: .standard, path: source, range: line.source.range) }
    if source.hasPrefix("pkg:") { return ImportReference(kind: .package, path: source, range: line.source.range) }
    return ImportReference(kind: .file, path: resolve(source), range: line.source.range)
  }

  /// Everything that the file imports, for the driver to parse and hand to the checker.
  package var importReferences: [ImportReference] {
    file.imports.map(importReference)
  }
}

extension AST.DeclarationKind {
  /// True where the declaration's name can be referred to.
  var declaresName: Bool {
    switch self {
    case .alert, .overlay, .passthrough, .test: false
    case .cluster, .dim, .enum, .env, .experiment, .features, .model, .pipeline, .pool, .profile, .record, .service,
      .stats, .store, .template, .tokenizer:
      true
    }
  }

  /// True for what makes something run, so that importing a file for its types does not.
  var deploys: Bool {
    switch self {
    case .alert, .env, .experiment, .overlay, .passthrough, .service, .test: true
    case .cluster, .dim, .enum, .features, .model, .pipeline, .pool, .profile, .record, .stats, .store, .template,
      .tokenizer:
      false
    }
  }

  /// True where names are types: `UpperCamel`.
  var namesType: Bool? {
    switch self {
    case .enum, .features, .model, .pipeline, .record, .stats, .tokenizer: true
    case .cluster, .env, .experiment, .pool, .service, .store: false
    case .alert, .dim, .overlay, .passthrough, .profile, .template, .test: nil
    }
  }

  /// `a model`, `an enum`.
  var article: String {
    "aeiou".contains(rawValue.prefix(1)) ? "an \(rawValue)" : "a \(rawValue)"
  }
}
