package import ServeDiagnostics

extension AST {
  /// What a top-level declaration declares; the raw value is its keyword.
  package enum DeclarationKind: String, CaseIterable, Hashable, Sendable {
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
  }

  /// A top-level declaration: a keyword, a name, what it refers to, and a block or a value.
  ///
  ///     features Item from catalog by item_id: u64 { table = "items" }
  ///     pipeline Rank(req: Request) -> Response using ranker: TwoTower { … }
  ///     store user_db : redis { … }
  ///     dim batch = 1...64
  package struct Declaration: Hashable, Sendable {
    package let kind: DeclarationKind
    package let keyword: Name
    /// The `///` lines above, without their slashes.
    package let doc: String?
    /// The name; of a `test`, its title.
    package let name: Name
    /// A pipeline's parameters.
    package let parameters: [Parameter]
    /// The type after `->`.
    package let result: TypeExpr?
    /// The type after `:`.
    package let type: TypeExpr?
    /// `from x`, `by key: u64`, `using a: A, b: B`, in the order written.
    package let operands: [Operand]
    /// The value after `=`.
    package let value: Expr?
    package let block: Block?
    package let range: SourceRange

    /// The first operand of a preposition.
    package func operand(_ preposition: Preposition) -> Operand? {
      operands.first { $0.preposition == preposition }
    }
  }

  /// `req: RecRequest` in a pipeline's parentheses.
  package struct Parameter: Hashable, Sendable {
    package let name: Name
    package let type: TypeExpr
    package let range: SourceRange
  }

  /// The words that lead from a declaration to what it refers to.
  package enum Preposition: String, CaseIterable, Hashable, Sendable {
    case by
    case extends
    case from
    case `in`
    case on
    case using
  }

  /// `by item_id: u64`. Of a list, `using a: A, b: B`, each entry is an operand with the same keyword.
  package struct Operand: Hashable, Sendable {
    package let preposition: Preposition
    package let keyword: Name
    package let path: Path
    package let type: TypeExpr?
    package let range: SourceRange
  }
}
