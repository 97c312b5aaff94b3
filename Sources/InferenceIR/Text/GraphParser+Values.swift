import TensorTypes

/// Types, dimensions and parameters.
extension GraphParser {
  /// An element of a literal.
  enum Element {
    case parameter(TextValue)
    case text(String)
    /// An integer above `Int.max`.
    case big(UInt64)
  }

  /// `f32[batch, 77]`, `u64`.
  mutating func type() throws(GraphTextError) -> TensorType {
    let name = try word()
    guard let element = ElementType(name: name) else { throw failure("\(name) is not an element type") }
    guard token == .symbol("[") else { return TensorType(element) }
    try advance()
    var dims: [Dim] = []
    while token != .symbol("]") {
      dims.append(try dim())
      if token == .symbol(",") { try advance() }
    }
    try advance()
    return TensorType(element, Shape(dims))
  }

  /// A sum of products of numbers and symbols.
  private mutating func dim() throws(GraphTextError) -> Dim {
    var sum = Dim(0)
    var negative = token == .symbol("-")
    if negative { try advance() }
    while true {
      let product = try term()
      sum = negative ? sum - product : sum + product
      guard token == .symbol("+") || token == .symbol("-") else { return sum }
      negative = token == .symbol("-")
      try advance()
    }
  }

  private mutating func term() throws(GraphTextError) -> Dim {
    var product = try factor()
    while token == .symbol("*") {
      try advance()
      product = product * (try factor())
    }
    return product
  }

  private mutating func factor() throws(GraphTextError) -> Dim {
    if case .number(let digits) = token, let value = Int(digits) {
      try advance()
      return Dim(value)
    }
    return Dim(symbol: try word())
  }

  /// `{ axis: 1, keepDims: true }`.
  mutating func parameterList() throws(GraphTextError) -> [String: TextValue] {
    try expect("{")
    var parameters: [String: TextValue] = [:]
    while token != .symbol("}") {
      let name = try word()
      try expect(":")
      parameters[name] = try parameter()
      if token == .symbol(",") { try advance() }
    }
    try advance()
    return parameters
  }

  private mutating func parameter() throws(GraphTextError) -> TextValue {
    if token == .symbol("[") {
      try advance()
      var values: [TextValue] = []
      while token != .symbol("]") {
        values.append(try parameter())
        if token == .symbol(",") { try advance() }
      }
      try advance()
      return .list(values)
    }
    guard case .parameter(let value) = try element() else { throw failure("expected a parameter") }
    return value
  }

  /// `[1.0, 2.0]`, `["a", "b"]`.
  mutating func list() throws(GraphTextError) -> [Element] {
    try expect("[")
    var elements: [Element] = []
    while token != .symbol("]") {
      elements.append(try element())
      if token == .symbol(",") { try advance() }
    }
    try advance()
    return elements
  }

  private mutating func element() throws(GraphTextError) -> Element {
    if case .string(let text) = token {
      try advance()
      return .text(text)
    }
    if case .word(let word) = token, ["true", "false", "zero", "fromEnd", "up", "down", "nearest"].contains(word) {
      try advance()
      return .parameter(.word(word))
    }
    return try number()
  }

  /// A float has a point or an exponent, or is `inf` or `nan`; everything else is a dimension.
  private mutating func number() throws(GraphTextError) -> Element {
    let negative = token == .symbol("-")
    if case .word(let word) = token { return try named(word, negative: false) }
    if !negative, case .number(let digits) = token, !digits.contains(where: { $0 == "." || $0 == "e" }),
      Int(digits) == nil
    {
      guard let value = UInt64(digits) else { throw failure("\(digits) is too large") }
      try advance()
      return .big(value)
    }
    guard negative else { return try unsigned(negative: false) }
    try advance()
    if case .word(let word) = token { return try named(word, negative: true) }
    return try unsigned(negative: true)
  }

  private mutating func named(_ word: String, negative: Bool) throws(GraphTextError) -> Element {
    switch word {
    case "inf":
      try advance()
      return .parameter(.float(negative ? -.infinity : .infinity))
    case "nan":
      try advance()
      return .parameter(.float(.nan))
    default:
      // A lone word is an element type or an enumeration unless a dimension goes on after it.
      if ElementType(name: word) != nil || TreeEnsemble.words.contains(word) || Recurrence.words.contains(word)
        || ScatterReduction(rawValue: word) != nil || Unattended(rawValue: word) != nil
      {
        try advance()
        return .parameter(.word(word))
      }
      return .parameter(try dimension(negative: negative))
    }
  }

  private mutating func unsigned(negative: Bool) throws(GraphTextError) -> Element {
    if case .number(let digits) = token, digits.contains(where: { $0 == "." || $0 == "e" }) {
      guard let value = Double(digits) else { throw failure("\(digits) is not a number") }
      try advance()
      return .parameter(.float(negative ? -value : value))
    }
    return .parameter(try dimension(negative: negative))
  }

  private mutating func dimension(negative: Bool) throws(GraphTextError) -> TextValue {
    // The least integer has no positive counterpart.
    if negative, token == .number("9223372036854775808") {
      try advance()
      return .int(.min)
    }
    var sum = try term()
    if negative { sum = -sum }
    if token == .symbol("+") || token == .symbol("-") {
      let adds = token == .symbol("+")
      try advance()
      let rest = try dim()
      sum = adds ? sum + rest : sum - rest
    }
    return sum.constant.map { .int($0) } ?? .dim(sum)
  }
}

extension TreeEnsemble {
  /// The names of the enumerations in the textual form.
  fileprivate static let words: Set<String> = [
    "sum", "average", "minimum", "maximum", "none", "logistic", "softmax", "softmaxZero", "probit",
  ]
}
