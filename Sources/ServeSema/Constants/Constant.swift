package import ServeDiagnostics
package import ServeSyntax

/// What a setting's expression comes to: settings are known when the file is checked.
package indirect enum Constant: Hashable, Sendable {
  /// A pure number.
  case number(Rational)
  /// An amount in the dimension's base: nanoseconds, bytes, requests per minute, thousandths of a core.
  case quantity(Rational, UnitDimension)
  /// `70%` is 70.
  case percent(Rational)
  case bool(Bool)
  case string(String)
  case date(Date)
  case grid([UInt64])
  /// A word of a setting's own, or the name of a declaration: `zone`, `c3_cpu`, `Ranker.v1`.
  case path(AST.Path)
  case range(lower: Constant, upper: Constant)
  case list([Element])
  /// `?`: each environment must set it.
  case unset
  /// `secret("gcp://…")`, `int8 { … }`, `only c3_cpu { … }`: what only some settings take, as written.
  case other(AST.Expr)

  package struct Element: Hashable, Sendable {
    package let value: Constant
    package let range: SourceRange
  }

  /// What it is, for messages: `a Duration`.
  package var kind: String {
    switch self {
    case .number(let value): value.denominator == 1 ? "a whole number" : "a number"
    case .quantity(_, let dimension): dimension.article
    case .percent: "a Percent"
    case .bool: "a switch (on or off)"
    case .string: "a string"
    case .date: "a date"
    case .grid: "a topology"
    case .path(let path): path.rest.isEmpty ? "a name" : "a path"
    case .range: "a range"
    case .list: "a list"
    case .unset: "left open"
    case .other: "an expression"
    }
  }
}

extension UnitDimension {
  /// The name of the type in the language.
  package var typeName: String {
    switch self {
    case .bytes: "Bytes"
    case .cpu: "Cpu"
    case .duration: "Duration"
    case .money: "Money"
    case .rate: "Rate"
    }
  }

  package var article: String {
    switch self {
    case .bytes, .money: typeName
    case .cpu: "an amount of CPU"
    case .duration, .rate: "a \(typeName)"
    }
  }

  /// What a value of this type may look like.
  package var example: String {
    switch self {
    case .bytes: "512MiB"
    case .cpu: "500mcores"
    case .duration: "30s"
    case .money: "100 USD"
    case .rate: "350rps"
    }
  }
}
