package import ServeDiagnostics

/// The typed view of a syntax tree: what a file says, without its spacing, with a range on every node.
///
/// It is made from the tree by `AST.File.init(_:)`. What was not understood is left out or is an
/// ``Expr/Kind/error``, and has its diagnostic already: whoever reads the view says nothing more about it. Whether a
/// name exists, a field belongs into its block or a value has the right type is not known here.
package enum AST {}

extension AST {
  /// One source file.
  package struct File: Hashable, Sendable {
    /// The language edition of the `serve` line; none where that line is missing or names an unknown one.
    package let edition: Edition?
    package let imports: [Import]
    package let declarations: [Declaration]
    /// False where a declaration or an import was not understood; a name that seems unknown may be declared there.
    package let isComplete: Bool
    /// The heads of declarations that were not understood, up to their blocks: what else is found there follows from
    /// that.
    package let brokenHeads: [SourceRange]
    package let range: SourceRange
  }

  /// The editions of the language.
  package enum Edition: UInt64, CaseIterable, Hashable, Sendable {
    case one = 1
  }

  /// `import "platform.serve" { prod_euw4, l4_spot }`
  package struct Import: Hashable, Sendable {
    /// The file or package, as written.
    package let source: StringLiteral
    /// The names taken; nil where there are no braces, which takes all.
    package let names: [Name]?
    package let range: SourceRange
  }

  /// A name where it is written, without backticks.
  package struct Name: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package let range: SourceRange

    package var description: String { text }
  }

  /// Names joined by dots: `scale.replicas`. There is at least one.
  package struct Path: Hashable, Sendable, CustomStringConvertible {
    package let first: Name
    package let rest: [Name]
    package let range: SourceRange

    package var names: [Name] { [first] + rest }
    package var last: Name { rest.last ?? first }
    package var description: String { names.map(\.text).joined(separator: ".") }

    /// The name when there is only one.
    package var single: Name? { rest.isEmpty ? first : nil }
  }

  /// A string's value, escapes resolved, and where it stands with its quotes.
  package struct StringLiteral: Hashable, Sendable {
    package let value: String
    package let range: SourceRange
  }
}
