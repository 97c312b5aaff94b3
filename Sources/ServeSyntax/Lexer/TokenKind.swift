/// What a token is. The raw value of punctuation is its text; of other tokens, the terminal's name in the grammar.
package enum TokenKind: String, CaseIterable, Hashable, Sendable {
  case name = "NAME"
  case quotedName = "QUOTED_NAME"
  case integer = "INTEGER"
  case float = "FLOAT"
  case percent = "PERCENT"
  case quantity = "QUANTITY"
  case date = "DATE"
  case grid = "GRID"
  case string = "STRING"
  case multilineString = "MULTILINE_STRING"
  case pattern = "PATTERN"
  case endOfFile = "END"

  case leftBrace = "{"
  case rightBrace = "}"
  case leftParen = "("
  case rightParen = ")"
  case leftBracket = "["
  case rightBracket = "]"
  case comma = ","
  case colon = ":"
  case dot = "."
  case closedRange = "..."
  case halfOpenRange = "..<"
  case question = "?"
  case coalesce = "??"
  case equal = "="
  case equalEqual = "=="
  case notEqual = "!="
  case near = "~="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case arrow = "->"
  case plus = "+"
  case minus = "-"
  case star = "*"
  case slash = "/"

  static let openers: Set<TokenKind> = [.leftBrace, .leftParen, .leftBracket]
  static let closers: Set<TokenKind> = [.rightBrace, .rightParen, .rightBracket]
  static let literals: Set<TokenKind> = [
    .integer, .float, .percent, .quantity, .date, .grid, .string, .multilineString, .pattern,
  ]

  /// True for the tokens whose text is always the same.
  package var isPunctuation: Bool {
    switch self {
    case .name, .quotedName, .integer, .float, .percent, .quantity, .date, .grid, .string, .multilineString,
      .pattern, .endOfFile:
      false
    case .leftBrace, .rightBrace, .leftParen, .rightParen, .leftBracket, .rightBracket, .comma, .colon, .dot,
      .closedRange, .halfOpenRange, .question, .coalesce, .equal, .equalEqual, .notEqual, .near, .less,
      .lessOrEqual, .greater, .greaterOrEqual, .arrow, .plus, .minus, .star, .slash:
      true
    }
  }
}
