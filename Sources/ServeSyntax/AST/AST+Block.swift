package import ServeDiagnostics

extension AST {
  /// What stands between braces.
  package struct Block: Hashable, Sendable {
    package let items: [Item]
    /// False where part of the block was not understood; something that seems to be missing may be in that part.
    package let isComplete: Bool
    /// With the braces.
    package let range: SourceRange
  }

  /// One entry of a block.
  package enum Item: Hashable, Sendable {
    case field(Field)
    case bound(Bound)
    case clause(Clause)
    case `return`(Return)
    /// A value alone: a case of an enum, a step of a ramp.
    case value(Expr)
  }

  /// `replicas = 3...24`, `user_id : u64`, `price : f32 = 0.0`, `scale.replicas = 1...2`. There is a type or a value.
  package struct Field: Hashable, Sendable {
    package let doc: String?
    package let path: Path
    package let type: TypeExpr?
    package let value: Expr?
    package let range: SourceRange
  }

  /// `p99 <= 45ms`
  package struct Bound: Hashable, Sendable {
    package enum Relation: String, Hashable, Sendable {
      case atMost = "<="
      case atLeast = ">="
    }

    package let doc: String?
    package let path: Path
    package let relation: Relation
    package let relationRange: SourceRange
    package let value: Expr
    package let range: SourceRange
  }

  /// Anything else that starts with a word: a nested declaration, a section, a rule.
  ///
  /// | text | operands | type | value | block |
  /// |---|---|---|---|---|
  /// | `protocol { http = 8080 }` | | | | yes |
  /// | `version v1 { … }`, `try l4_spot { gpu = 1 }` | `v1` | | | yes |
  /// | `in dense : f32[batch, 77]` | `dense` | yes | | |
  /// | `field price : f32 = 0.0` | `price` | yes | yes | |
  /// | `arm control = 90% TwoTower.v1` | `control` | | phrase of two | |
  /// | `shadow s = 5% TwoTower.v2 { weights = f32 }` | `s` | | phrase of two | yes |
  /// | `add arm z = 5% TwoTower.v1` | `arm`, `z` | | phrase of two | |
  /// | `on p99 target 32ms` | `p99`, `target`, `32ms` | | | |
  /// | `abort when a.p99 > 1.2 * b.p99 for 5min` | `when`, the comparison, `for`, `5min` | | | |
  package struct Clause: Hashable, Sendable {
    package let doc: String?
    package let keyword: Name
    package let operands: [Expr]
    package let type: TypeExpr?
    package let value: Expr?
    package let block: Block?
    package let range: SourceRange

    /// The first operand where it is a plain name: what `version v1` or `arm control` declares.
    package var name: Name? {
      operands.first?.name
    }
  }

  /// `return RecResponse { items = top.value }`
  package struct Return: Hashable, Sendable {
    package let value: Expr
    package let range: SourceRange
  }
}

extension AST.Item {
  package var range: SourceRange {
    switch self {
    case .field(let field): field.range
    case .bound(let bound): bound.range
    case .clause(let clause): clause.range
    case .return(let result): result.range
    case .value(let value): value.range
    }
  }
}
