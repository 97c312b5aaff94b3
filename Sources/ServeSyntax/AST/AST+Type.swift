package import ServeDiagnostics

extension AST {
  /// A type: a name, what narrows it, the dimensions, whether it may be absent.
  ///
  ///     u64    f32[cand, 4]    string(1...64)?    i32[batch, <=64]    string(/[a-z-]+/)
  package struct TypeExpr: Hashable, Sendable {
    package let name: Path
    /// What stands in parentheses: ranges, lengths, patterns.
    package let refinements: [Expr]
    /// Nil without brackets, which is a scalar; `f32[]` has none.
    package let dims: [Dim]?
    package let isOptional: Bool
    package let range: SourceRange
  }

  /// One entry of a type's brackets.
  package enum Dim: Hashable, Sendable {
    /// `64`, `cand`, `2 * cand`, `_`
    case exact(Expr)
    /// `<=64`: ragged, up to a bound
    case atMost(Expr, range: SourceRange)
  }
}
