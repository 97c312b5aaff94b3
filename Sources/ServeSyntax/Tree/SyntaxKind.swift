/// The nodes of the tree: one for every production of the grammar that leaves a node. The raw value is the
/// production's name in `grammar/serve.ebnf`.
package enum SyntaxKind: String, CaseIterable, Hashable, Sendable {
  // Files and declarations.
  case file
  case edition
  case `import`
  case importNames
  case declaration
  case parameters
  case parameter
  case result
  case annotation
  case initializer
  case operands
  case operand

  // Blocks.
  case block
  case field
  case bound
  case `return`
  case clause
  case phrase

  // Types.
  case type
  case refinements
  case dims
  case dim

  // Expressions.
  case binary
  case unary
  case call
  case arguments
  case argument
  case index
  case indices
  case member
  case literal
  case path
  case implicitMember
  case list
  case group
  case record
  case unset

  /// Tokens that fit nowhere; the parser went on after them.
  case unexpected
}
