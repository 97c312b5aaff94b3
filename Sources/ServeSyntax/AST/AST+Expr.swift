package import ServeDiagnostics

extension AST {
  /// An expression.
  package struct Expr: Hashable, Sendable {
    package let kind: Kind
    package let range: SourceRange

    package indirect enum Kind: Hashable, Sendable {
      /// Not understood, and reported already.
      case error
      /// `64`, `2_000_000`; a minus before it is a ``UnaryOperator/negate``.
      case integer(UInt64)
      /// `0.5`, `1e-5`
      case float(Decimal)
      /// `5min`, `16GiB`, `18_000 USD`
      case quantity(Quantity)
      /// `99.9%`
      case percent(Decimal)
      /// `true`, `false`, `on`, `off`
      case bool(Bool)
      case string(String)
      /// `2026-12-15`
      case date(Date)
      /// `2x2`
      case grid([UInt64])
      /// `/[a-z-]+/`, without its slashes
      case pattern(String)
      /// `?`: to be set by each env
      case unset
      /// `req.user_id`, `f32`
      case path(Path)
      /// `.ios`
      case implicitMember(Name)
      /// `top_k(out.scores, k: 50)`
      case call(callee: Expr, arguments: [Argument])
      /// `User[req.user_id]`
      case index(base: Expr, indices: [Expr])
      /// `f(x).value`, where the base is not a path
      case member(base: Expr, name: Name)
      case unary(UnaryOperator, Expr)
      case binary(Expr, BinaryOperator, Expr, operatorRange: SourceRange)
      /// `1...64`, `0..<10`
      case range(lower: Expr, upper: Expr, isClosed: Bool)
      /// `[1, 2, 3]`
      case list([Expr])
      /// `RecResponse { items = … }`, `int8 { max_drift = 0.002 }`
      case record(name: Path, block: Block)
      /// Two or more side by side: `90% TwoTower.v1`, `only c3_cpu { … }`, `25% after 24h`
      case phrase([Expr])
    }

    /// The path, where this is one.
    package var path: Path? {
      if case .path(let path) = kind { path } else { nil }
    }

    /// The name, where this is a path of one.
    package var name: Name? {
      path?.single
    }

    /// The parts of a phrase; of anything else, itself alone.
    package var phrase: [Expr] {
      if case .phrase(let parts) = kind { parts } else { [self] }
    }
  }

  /// `k: 50`, or without a label.
  package struct Argument: Hashable, Sendable {
    package let label: Name?
    package let value: Expr
    package let range: SourceRange
  }

  package enum UnaryOperator: String, Hashable, Sendable {
    case negate = "-"
    case not
  }

  /// From loosest to tightest: `or`; `and`; `not`; comparisons; `??`; ranges; `+ -`; `* /`; `per`; unary `-`.
  package enum BinaryOperator: String, CaseIterable, Hashable, Sendable {
    case or
    case and
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    /// Equal within a tolerance.
    case near = "~="
    case coalesce = "??"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    /// `1 per 1min`, `16 per replica`
    case per
  }
}
