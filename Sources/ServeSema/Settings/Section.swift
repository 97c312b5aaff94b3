import ServeDiagnostics
import ServeSyntax

/// A body whose settings were evaluated and have the types that its schema asks for; what did not is left out, and
/// reported by then.
struct Section {
  /// One evaluated setting.
  struct Setting {
    let value: Constant
    let name: AST.Name
    /// Of the value.
    let range: SourceRange
  }

  /// `try c3_cpu { cpu = 2 }`
  struct Entry {
    let name: AST.Name
    let node: Settings.Node
    let section: Section
  }

  var settings: [String: Setting] = [:]
  var sections: [String: Section] = [:]
  var entries: [String: [Entry]] = [:]
  /// What its own rule reads.
  var rules: [String: [Settings.Node]] = [:]
  /// Every keyword that was written, understood or not.
  var written: Set<String> = []
  var range: SourceRange
  var isComplete = true

  init(range: SourceRange) {
    self.range = range
  }

  /// The section of a name; an empty one where none was written.
  func section(_ name: String) -> Section {
    sections[name] ?? Section(range: range)
  }

  func integer(_ name: String) -> Int? {
    guard case .number(let value)? = settings[name]?.value else { return nil }
    return value.integer
  }

  func number(_ name: String) -> Double? {
    guard case .number(let value)? = settings[name]?.value else { return nil }
    return value.double
  }

  /// In nanoseconds, bytes or thousandths of a core.
  func amount(_ name: String) -> Int64? {
    guard case .quantity(let value, _)? = settings[name]?.value else { return nil }
    return value.integer.map(Int64.init)
  }

  func string(_ name: String) -> String? {
    guard case .string(let value)? = settings[name]?.value else { return nil }
    return value
  }

  func strings(_ name: String) -> [String]? {
    guard case .list(let elements)? = settings[name]?.value else { return nil }
    return elements.compactMap { if case .string(let value) = $0.value { value } else { nil } }
  }

  func bool(_ name: String) -> Bool? {
    guard case .bool(let value)? = settings[name]?.value else { return nil }
    return value
  }

  func path(_ name: String) -> AST.Path? {
    guard case .path(let value)? = settings[name]?.value else { return nil }
    return value
  }

  func word(_ name: String) -> String? {
    path(name)?.description
  }

  /// Where a setting's value stands, else where the body does.
  func range(_ name: String) -> SourceRange {
    settings[name]?.range ?? range
  }
}
