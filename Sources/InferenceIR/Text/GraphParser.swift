import TensorTypes

extension Graph {
  /// Reads a graph from its textual form.
  /// - Parameter constant: supplies a constant that was printed as a digest; nil makes it an error.
  package init(
    parsing text: String, constant: (_ digest: String) -> Constant? = { _ in nil },
  ) throws(GraphTextError) {
    var parser = try GraphParser(text)
    self = try parser.parse(constant)
  }
}

/// One method a production of the textual form.
struct GraphParser {
  private var lexer: GraphLexer
  private(set) var token: GraphLexer.Token
  private var ids: [Int: ValueID] = [:]

  init(_ text: String) throws(GraphTextError) {
    lexer = GraphLexer(text)
    token = try lexer.next()
  }

  func failure(_ message: String) -> GraphTextError { lexer.failure(message) }

  mutating func parse(_ supply: (String) -> Constant?) throws(GraphTextError) -> Graph {
    try skipNewlines()
    try expect(word: "graph")
    var graph = Graph(name: try string())
    while true {
      try skipNewlines()
      switch token {
      case .word("symbol"): graph.symbols.append(try symbol())
      case .word("input"):
        try advance()
        let (number, name, type) = try declaration()
        ids[number] = graph.addInput(name, type)
      case .word("constant"): try constant(into: &graph, supply)
      case .value: try node(into: &graph)
      case .word("output"):
        try advance()
        graph.outputs = try references(until: .newline)
        try skipNewlines()
        guard token == .end else { throw failure("text after the outputs") }
        return graph
      case .word, .number, .string, .range, .symbol, .newline, .end:
        throw failure("expected a symbol, an input, a constant, a node or the outputs")
      }
    }
  }

  private mutating func symbol() throws(GraphTextError) -> SymbolRange {
    try advance()
    let name = try word()
    try expect("=")
    let minimum = try int()
    guard token == .range else { throw failure("expected a range") }
    try advance()
    return SymbolRange(name, minimum, try int())
  }

  private mutating func constant(into graph: inout Graph, _ supply: (String) -> Constant?) throws(GraphTextError) {
    try advance()
    let (number, name, type) = try declaration()
    try expect("=")
    guard let shape = type.shape.constant else { throw failure("a constant's shape has symbols") }
    if token == .word("sha256") {
      try advance()
      try expect(":")
      var digest = ""
      while true {
        if case .word(let part) = token {
          digest += part
        } else if case .number(let part) = token {
          digest += part
        } else {
          break
        }
        try advance()
      }
      guard let constant = supply(digest), constant.type == type else {
        throw failure("no constant of type \(type) has digest \(digest)")
      }
      ids[number] = graph.addConstant(name, constant)
      return
    }
    let literal = try literal(type.element, shape)
    ids[number] = graph.addConstant(name, literal)
  }

  private mutating func literal(_ element: ElementType, _ shape: [Int]) throws(GraphTextError) -> Constant {
    let values = try list()
    let count = shape.reduce(1, *)
    guard values.count == count else { throw failure("\(values.count) elements for shape \(shape)") }
    var strings: [[UInt8]] = []
    var numbers: [Double] = []
    var integers: [Int64] = []
    for value in values {
      switch value {
      case .text(let text): strings.append(Array(text.utf8))
      case .parameter(.int(let integer)):
        integers.append(Int64(integer))
        numbers.append(Double(integer))
      case .parameter(.float(let number)): numbers.append(number)
      case .big(let number):
        integers.append(Int64(bitPattern: number))
        numbers.append(Double(number))
      case .parameter: throw failure("expected a number or a string")
      }
    }
    if element == .string {
      guard strings.count == count else { throw failure("expected strings") }
      return Constant(strings: strings, shape: shape)
    }
    if element.isFloat {
      guard numbers.count == count else { throw failure("expected numbers") }
      return Constant(element, shape, rounding: numbers)
    }
    guard integers.count == count else { throw failure("expected integers") }
    return Constant(element, shape, wrapping: integers)
  }

  private mutating func node(into graph: inout Graph) throws(GraphTextError) {
    var results: [(number: Int, name: String, type: TensorType)] = [try declaration()]
    while token == .symbol(",") {
      try advance()
      results.append(try declaration())
    }
    try expect("=")
    let mnemonic = try word()
    try expect("(")
    let operands = try references(until: .symbol(")"))
    try expect(")")
    var parameters: [String: TextValue] = [:]
    if token == .symbol("{") { parameters = try parameterList() }
    try expect(word: "from")
    let origin = try string()
    guard let op = Op(mnemonic: mnemonic, parameters: parameters) else {
      throw failure("\(mnemonic) does not exist or has other parameters")
    }
    var outputs: [ValueID] = []
    for (number, name, type) in results {
      let id = graph.addValue(name, type)
      ids[number] = id
      outputs.append(id)
    }
    graph.nodes.append(Node(op: op, inputs: operands, outputs: outputs, origin: origin))
  }

  private mutating func declaration() throws(GraphTextError) -> (number: Int, name: String, type: TensorType) {
    guard case .value(let number) = token else { throw failure("expected a value") }
    guard ids[number] == nil else { throw failure("%\(number) is defined twice") }
    try advance()
    let name = try string()
    try expect(":")
    return (number, name, try type())
  }

  private mutating func references(until end: GraphLexer.Token) throws(GraphTextError) -> [ValueID] {
    var result: [ValueID] = []
    while token != end, token != .end {
      guard case .value(let number) = token, let id = ids[number] else { throw failure("expected a defined value") }
      result.append(id)
      try advance()
      if token == .symbol(",") { try advance() }
    }
    return result
  }

  // MARK: Tokens

  mutating func advance() throws(GraphTextError) { token = try lexer.next() }

  private mutating func skipNewlines() throws(GraphTextError) {
    while token == .newline { try advance() }
  }

  mutating func expect(_ symbol: Character) throws(GraphTextError) {
    guard token == .symbol(symbol) else { throw failure("expected \(symbol)") }
    try advance()
  }

  private mutating func expect(word: String) throws(GraphTextError) {
    guard token == .word(word) else { throw failure("expected \(word)") }
    try advance()
  }

  mutating func word() throws(GraphTextError) -> String {
    guard case .word(let word) = token else { throw failure("expected a name") }
    try advance()
    return word
  }

  private mutating func string() throws(GraphTextError) -> String {
    guard case .string(let text) = token else { throw failure("expected a string") }
    try advance()
    return text
  }

  private mutating func int() throws(GraphTextError) -> Int {
    guard case .number(let digits) = token, let value = Int(digits) else { throw failure("expected an integer") }
    try advance()
    return value
  }
}
