import ServeDiagnostics
import ServeSyntax

/// Resolving names, and the rules that names follow.
extension Checker {
  /// The declaration that a name means, if it is of one of the kinds; else reports it.
  mutating func resolve(_ name: AST.Name, _ kinds: [AST.DeclarationKind]) -> AST.Declaration? {
    let found = kinds == [.env] ? program.lookupEnvironment(name) : program.lookup(name)
    let wanted = kinds.map(\.article).joined(separator: " or ")
    guard let found else {
      let near = Suggestion(for: name, among: program.visibleNames(in: name.range.file, of: kinds))
      let visible = program.visibleNames(in: name.range.file, of: kinds)
      diagnostics.add(
        Diagnostic(
          .unknownName, "there is no \(kinds.map(\.rawValue).joined(separator: " or ")) `\(name)`",
          at: near.label("not declared or imported in this file"),
          values: near.nearest != nil || visible.isEmpty
            ? [] : ["in this file: \(visible.prefix(12).joined(separator: ", "))"],
          help: near.help,
        ))
      return nil
    }
    used.insert(found.name.range)
    if kinds.contains(found.kind) { return found }
    diagnostics.add(
      Diagnostic(
        .wrongKind, "`\(name)` is \(found.kind.article), \(wanted) is wanted here",
        at: Label(name.range, "expected \(wanted)"),
        secondary: [Label(found.name.range, "declared as \(found.kind.article) here")]))
    return nil
  }

  /// The declaration that a path of one name means.
  mutating func resolve(_ path: AST.Path, _ kinds: [AST.DeclarationKind]) -> AST.Declaration? {
    if let name = path.single { return resolve(name, kinds) }
    let wanted = kinds.map(\.article).joined(separator: " or ")
    diagnostics.add(
      Diagnostic(.typeMismatch, "the name of \(wanted) is wanted here", at: Label(path.range, "this is a path")))
    return nil
  }

  /// Types are `UpperCamel`, everything else is `lower_case`.
  mutating func checkNames() {
    for declaration in program.declarations {
      guard let namesType = declaration.kind.namesType, !declaration.name.text.isEmpty else { continue }
      checkCase(declaration.name, isType: namesType, of: declaration.kind.article)
    }
  }

  /// Reports a name in the wrong case, with the name it should have.
  mutating func checkCase(_ name: AST.Name, isType: Bool, of what: String) {
    let right = isType ? NameCase.upperCamel(name.text) : NameCase.lower(name.text)
    guard right != name.text else { return }
    diagnostics.add(
      Diagnostic(
        .wrongCase, "the name of \(what) is written \(isType ? "`UpperCamel`" : "`lower_case`")",
        at: Label(name.range, "write `\(right)`"), help: [Help("rename to `\(right)`")]))
  }

  /// W0201: what the root declares and nothing refers to. Only of a program without errors: what is in error refers to
  /// less than it means to.
  mutating func lintUnused() {
    guard !diagnostics.hasErrors else { return }
    diagnostics.add(contentsOf: unusedValues)
    let root = program.units[0].file.range.file
    for declaration in program.declarations where declaration.name.range.file == root {
      switch declaration.kind {
      case .dim, .enum, .features, .model, .pipeline, .record, .stats, .store:
        guard !used.contains(declaration.name.range) else { continue }
        diagnostics.add(
          Diagnostic(
            .unused, "nothing uses \(declaration.kind.rawValue) `\(declaration.name)`",
            at: Label(declaration.name.range, "declared here, used nowhere")))
      case .alert, .cluster, .env, .experiment, .overlay, .passthrough, .pool, .profile, .service, .template, .test,
        .tokenizer:
        continue
      }
    }
  }
}

/// The two ways in which names are written.
enum NameCase {
  /// `ranker_v2` as `RankerV2`; a name that is right stays.
  static func upperCamel(_ name: String) -> String {
    if let first = name.first, first.isUppercase, !name.contains("_") { return name }
    return name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// `maxSize` as `max_size`, `iOS` as `ios`; a name that is right stays.
  static func lower(_ name: String) -> String {
    var result = ""
    /// Lowercase letters since the last boundary.
    var run = 0
    for character in name {
      if character.isUppercase, run > 1 { result += "_" }
      run = character.isLowercase ? run + 1 : 0
      result += character.lowercased()
    }
    return result
  }
}
