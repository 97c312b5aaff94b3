import ServeDiagnostics
import ServeSyntax
import Testing

@Suite struct ASTTests {
  private func file(_ text: String) -> AST.File {
    parse("serve 1\n" + text).ast
  }

  private func declaration(_ text: String) throws -> AST.Declaration {
    try #require(file(text).declarations.first)
  }

  /// The value of `x = …` in a block.
  private func value(_ text: String) throws -> AST.Expr {
    let items = try declaration("service s { x = \(text)\n }").block?.items ?? []
    guard case .field(let field)? = items.first else { throw Missing() }
    return try #require(field.value)
  }

  private func items(_ text: String) throws -> [AST.Item] {
    try declaration("service s {\n\(text)\n}").block?.items ?? []
  }

  private func fields(_ block: AST.Block?) -> [AST.Field] {
    (block?.items ?? []).compactMap { item -> AST.Field? in
      if case .field(let field) = item { field } else { nil }
    }
  }

  private struct Missing: Error {}

  /// An expression with every operation in parentheses, to see how operators group.
  private func grouped(_ expr: AST.Expr) -> String {
    switch expr.kind {
    case .binary(let left, let symbol, let right, _): "(\(grouped(left)) \(symbol.rawValue) \(grouped(right)))"
    case .range(let lower, let upper, let isClosed): "(\(grouped(lower))\(isClosed ? "..." : "..<")\(grouped(upper)))"
    case .unary(let symbol, let operand): "(\(symbol.rawValue) \(grouped(operand)))"
    case .path(let path): path.description
    case .integer(let value): "\(value)"
    case .phrase(let parts): parts.map(grouped).joined(separator: " | ")
    case .call(let callee, let arguments):
      "\(grouped(callee))(\(arguments.map { grouped($0.value) }.joined(separator: ", ")))"
    case .error, .float, .quantity, .percent, .bool, .string, .date, .grid, .pattern, .unset, .implicitMember, .index,
      .member, .list, .record:
      "\(expr.kind)"
    }
  }

  // MARK: - Literals

  @Test func `Numbers are exact`() throws {
    #expect(try value("2_000_000").kind == .integer(2_000_000))
    #expect(try value("18446744073709551615").kind == .integer(.max))
    #expect(try value("1e-5").kind == .float(Decimal(significand: 1, exponent: -5)))
    #expect(try value("0.25").kind == .float(Decimal(significand: 25, exponent: -2)))
    #expect(try value("99.9%").kind == .percent(Decimal(significand: 999, exponent: -1)))
    #expect(Decimal(significand: 999, exponent: -1).double == 99.9)
  }

  @Test func `A quantity has its number and unit, money may stand apart`() throws {
    #expect(
      try value("1.5GiB").kind == .quantity(Quantity(number: Decimal(significand: 15, exponent: -1), unit: .gibibytes)))
    #expect(try value("18_000 USD").kind == .quantity(Quantity(number: Decimal(significand: 18_000), unit: .dollars)))
    #expect(Unit.requestsPerSecond.factor == 60 && Unit.requestsPerSecond.dimension == .rate)
  }

  @Test func `Strings have their escapes resolved, multi-line ones lose their indentation`() throws {
    #expect(try value(#""a\n\t\"\\\u{e9}""#).kind == .string("a\n\t\"\\\u{e9}"))
    #expect(try value("\"\"\"\n    one\n      two\n    \"\"\"").kind == .string("one\n  two"))
  }

  @Test func `Dates, grids, patterns and switches are literals`() throws {
    #expect(try value("2026-12-15").kind == Date(year: 2026, month: 12, day: 15).map(AST.Expr.Kind.date))
    #expect(Date(year: 2025, month: 2, day: 29) == nil)
    #expect(try value("2x2x4").kind == .grid([2, 2, 4]))
    #expect(try value("on").kind == .bool(true))
    #expect(try value("off").kind == .bool(false))
    #expect(try value("?").kind == .unset)
  }

  // MARK: - Expressions

  @Test(arguments: [
    ("a + b * c", "(a + (b * c))"),
    ("a - b - c", "((a - b) - c)"),
    ("a or b and not c == d", "(a or (b and (not (c == d))))"),
    ("a ?? b ... c", "(a ?? (b...c))"),
    ("-1...3", "((- 1)...3)"),
    ("1 + 2 ..< n * 2", "((1 + 2)..<(n * 2))"),
    ("2 * 1 per x", "(2 * (1 per x))"),
    ("(a + b) * c", "((a + b) * c)"),
    ("f(a, b) + c.d", "(f(a, b) + c.d)"),
    ("90 M.v1", "90 | M.v1"),
    ("a -b", "(a - b)"),
    ("a, b", "a"),
    ("a +\n  b", "(a + b)"),
  ]) func `Operators group by how tightly they bind`(text: String, expected: String) throws {
    #expect(grouped(try value(text)) == expected)
  }

  @Test func `A call has labels, an index has its entries`() throws {
    guard case .call(let callee, let arguments) = try value("top_k(out.scores, k: 50)").kind else { throw Missing() }
    #expect(callee.name?.text == "top_k")
    #expect(arguments.map { $0.label?.text } == [nil, "k"])
    guard case .index(let base, let indices) = try value("User[req.id]").kind else { throw Missing() }
    #expect(base.name?.text == "User" && indices.first?.path?.description == "req.id")
  }

  @Test func `A range covers exactly what was written`() throws {
    let text = "serve 1\nservice s { x = f(a, b) + 1 }\n"
    let parsed = parse(text)
    guard case .field(let field)? = parsed.ast.declarations.first?.block?.items.first else { throw Missing() }
    #expect(parsed.source.text(in: field.range.bytes) == "x = f(a, b) + 1")
    #expect(field.value.map { parsed.source.text(in: $0.range.bytes) } == "f(a, b) + 1")
  }

  // MARK: - Items and declarations

  @Test func `Items are told apart by what follows their first word`() throws {
    let items = try items(
      "a = 1\nb : u64\np99 <= 45ms\nprotocol { http = 1 }\nversion v1 { x = 1 }\nreturn a\nios\n10%")
    let kinds = items.map { item in
      switch item {
      case .field(let field): "field \(field.path)"
      case .bound(let bound): "bound \(bound.path) \(bound.relation.rawValue)"
      case .clause(let clause): "clause \(clause.keyword) \(clause.name?.text ?? "-") \(clause.block?.items.count ?? 0)"
      case .return: "return"
      case .value(let value): "value \(grouped(value))"
      }
    }
    #expect(
      kinds.dropLast() == [
        "field a", "field b", "bound p99 <=", "clause protocol - 1", "clause version v1 1", "return", "value ios",
      ])
  }

  @Test func `A clause keeps its operands, type, value and block apart`() throws {
    let items = try items(
      """
      field price : f32 = 0.0
      shadow s = 5% M.v2 { weights = f32 }
      abort when a.p99 > 2 * b.p99 for 5min samples >= 2_000
      """)
    let clauses = items.compactMap { item -> AST.Clause? in
      if case .clause(let clause) = item { clause } else { nil }
    }
    try #require(clauses.count == 3)
    #expect(clauses[0].name?.text == "price" && clauses[0].type?.name.description == "f32")
    #expect(clauses[1].value?.phrase.count == 2 && clauses[1].block?.items.count == 1)
    #expect(clauses[2].operands.map(grouped).prefix(3) == ["when", "(a.p99 > (2 * b.p99))", "for"])
    #expect(clauses[2].operands.count == 5)
  }

  @Test func `A declaration has its operands, parameters and types`() throws {
    let features = try declaration("features Item from catalog by item_id: u64 { table = \"t\" }")
    #expect(features.kind == .features && features.name.text == "Item")
    #expect(features.operand(.from)?.path.description == "catalog")
    #expect(features.operand(.by)?.type?.name.description == "u64")
    let pipeline = try declaration("pipeline P(req: Request) -> Response using a: A, b: B { return a }")
    #expect(pipeline.parameters.map(\.name.text) == ["req"])
    #expect(pipeline.result?.name.description == "Response")
    #expect(pipeline.operands.map { "\($0.preposition) \($0.path)" } == ["using a", "using b"])
  }

  @Test func `A type has refinements, dimensions and optionality`() throws {
    let record = try declaration("record R { a : string(1...64)?, b : i32[batch, <=64], c : u64 }")
    let types = fields(record.block).compactMap(\.type)
    try #require(types.count == 3)
    #expect(types[0].isOptional && types[0].refinements.map(grouped) == ["(1...64)"] && types[0].dims == nil)
    #expect(types[1].dims?.count == 2)
    guard case .atMost(let bound, _)? = types[1].dims?.last else { throw Missing() }
    #expect(bound.kind == .integer(64))
  }

  @Test func `Documentation belongs to what stands below it`() throws {
    let file = file(
      "/// One\n///  two\n//// no\n/// Three\nrecord R {\n  /// Field.\n  a : u64 // trailing\n  b : u64\n}")
    #expect(file.declarations.first?.doc == "Three")
    #expect(fields(file.declarations.first?.block).map(\.doc) == ["Field.", nil])
  }

  @Test func `Backticks make any word a name`() throws {
    let items = try items("`return` = 1\n`a` <= 2")
    guard case .field(let field)? = items.first else { throw Missing() }
    #expect(field.path.description == "return")
  }

  // MARK: - Broken text

  @Test func `What was not understood is left out or an error, and its block says so`() throws {
    let block = try #require(try declaration("service s {\n a = \n b = 2 + \n ) \n c = 3\n}").block)
    #expect(!block.isComplete)
    let values = fields(block).compactMap(\.value).map(grouped)
    #expect(values == ["error", "(2 + error)", "3"])
  }

  @Test func `A declaration in column 0 ends an open block, and is read whole`() throws {
    let file = file("service s {\n  scale {\n    x = f(1\nmodel M { source = \"a.onnx\" }")
    #expect(file.declarations.map(\.name.text) == ["s", "M"])
    #expect(file.declarations.last?.block?.isComplete == true)
  }

  @Test func `The head of a declaration that was not understood is known, up to its block`() {
    let parsed = parse("serve 1\nstore shop : { path = \"x\" }\nmodel M { x = 1 }")
    #expect(parsed.ast.brokenHeads.map { parsed.source.text(in: $0.bytes) } == ["store shop : "])
  }

  @Test func `A declaration of an unknown kind makes the file incomplete`() {
    #expect(!file("modle M { a = 1 }").isComplete)
    #expect(file("model M { a = 1 }").isComplete)
  }

  @Test func `The three-line file is understood`() {
    let file = parse(
      "serve 1\nmodel Ranker { source = \"models/ranker.onnx\" }\nservice recommender { model = Ranker }\n")
    #expect(file.diagnostics.isEmpty)
    #expect(file.ast.edition == .one)
    #expect(file.ast.declarations.map { "\($0.kind) \($0.name)" } == ["model Ranker", "service recommender"])
  }
}
