/// The words that the parser knows. All of them are contextual: each is an ordinary name wherever the grammar does not
/// ask for it, and between backticks everywhere.
package enum Keyword: String, CaseIterable, Hashable, Sendable {
  // The head of a file.
  case `import`
  case serve

  // Declarations.
  case alert
  case cluster
  case dim
  case `enum`
  case env
  case experiment
  case features
  case model
  case overlay
  case passthrough
  case pipeline
  case pool
  case profile
  case record
  case service
  case stats
  case store
  case template
  case test
  case tokenizer

  // Prepositions.
  case by
  case extends
  case from
  case `in`
  case on
  case using

  // Items and expressions.
  case and
  case `false`
  case not
  case off
  case or
  case per
  case `return`
  case `true`
  case when

  package var declarationKind: AST.DeclarationKind? {
    AST.DeclarationKind(rawValue: rawValue)
  }

  package var preposition: AST.Preposition? {
    AST.Preposition(rawValue: rawValue)
  }

  /// What a keyword means as a value: `on` and `true`, `off` and `false`.
  var switchValue: Bool? {
    if self == .on || self == .true { return true }
    return self == .off || self == .false ? false : nil
  }

  /// The keyword that a name's bytes spell.
  static func spelled(by bytes: ArraySlice<UInt8>) -> Keyword? {
    table[String(decoding: bytes, as: UTF8.self)]
  }

  private static let table: [String: Keyword] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) }
  )
}
