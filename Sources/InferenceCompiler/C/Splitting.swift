/// Rewrites a kernel's body so that part `part` of `parts` does its share of the independent loops.
///
/// Every element is computed by the same operations in the same order whatever the number of parts, and each by one
/// part. With one part the loops run as they were.
enum Splitting {
  /// Nil where the body has anything at its outermost level that is not known to be independent.
  static func split(_ body: [CStatement]) -> [CStatement]? {
    guard body.contains(where: \.holdsIndependentLoop) else { return nil }
    return shared(body)
  }

  private static func shared(_ body: [CStatement]) -> [CStatement]? {
    var result: [CStatement] = []
    for statement in body {
      switch statement {
      case .declare, .table: result.append(statement)
      case .once(let body): result.append(.branch("part" == 0, then: body, else: []))
      case .loop(_, _, _, _, kind: .independent, _): result.append(ranged(statement))
      case .loop(let variable, let from, let below, let step, kind: .resumed, let body):
        guard let body = shared(body) else { return nil }
        result.append(.loop(variable: variable, from: from, below: below, step: step, kind: .resumed, body))
      case .branch(let condition, let then, let otherwise):
        // All parts see the same condition: outside of loops there are only dimensions.
        guard let then = shared(then), let otherwise = shared(otherwise) else { return nil }
        result.append(.branch(condition, then: then, else: otherwise))
      case .select(let value, let cases):
        var bodies: [(value: Int, body: [CStatement])] = []
        for (value, body) in cases {
          guard let body = shared(body) else { return nil }
          bodies.append((value, body))
        }
        result.append(.select(value, cases: bodies))
      case .block(let body):
        guard let body = shared(body) else { return nil }
        result.append(.block(body))
      case .assign, .expression, .loop, .whileLoop: return nil
      }
    }
    return result
  }

  /// One loop, or several that stand directly inside each other, counted as one range of which a part takes a
  /// contiguous piece: `share_begin ..< share_end` of `share_of`.
  private static func ranged(_ loop: CStatement) -> CStatement {
    let total = iterations(of: loop)
    return .block([
      .declare(type: "const i64", name: "share_of", total),
      .declare(type: "const i64", name: "share_begin", "share_of" * "part" / "parts"),
      .declare(type: "const i64", name: "share_end", "share_of" * ("part" + 1) / "parts"),
      bounded(loop, begin: "share_begin", end: "share_end"),
    ])
  }

  /// The product of the trip counts.
  private static func iterations(of loop: CStatement) -> CExpression {
    guard case .loop(_, _, let below, let step, _, let body) = loop else { return 1 }
    let own = count(below, step)
    guard let inner = inner(body) else { return own }
    return own * iterations(of: inner)
  }

  private static func count(_ below: CExpression, _ step: CExpression) -> CExpression {
    if step == 1 { return below }
    if case .integer(let below) = below, case .integer(let step) = step { return .integer((below + step - 1) / step) }
    return (below + (step - 1)) / step
  }

  /// The loop over iterations `begin ..< end` of the range that it and the loops inside it make.
  private static func bounded(_ loop: CStatement, begin: CExpression, end: CExpression) -> CStatement {
    guard case .loop(let variable, _, let below, let step, let kind, var body) = loop else { return loop }
    func restricted(_ first: CExpression, _ last: CExpression, _ body: [CStatement]) -> CStatement {
      let limit = last * step
      return .loop(
        variable: variable, from: first * step,
        below: step == 1 ? last : .conditional(limit < below, limit, below), step: step, kind: kind, body)
    }
    guard let at = body.firstIndex(where: \.isLoop), let inside = inner(body) else {
      return restricted(begin, end, body)
    }
    // Whole turns of the inner loop but for the first and the last of the range.
    let (name, turns) = ("before_\(variable)", iterations(of: inside))
    let (from, to) = (CExpression.name("from_\(variable)"), CExpression.name("to_\(variable)"))
    let count = CExpression.name("inner_\(variable)")
    body[at] = bounded(inside, begin: from, end: to)
    body.insert(
      contentsOf: [
        .declare(type: "const i64", name: name, CExpression.name(variable) / step * count),
        .declare(
          type: "const i64", name: "from_\(variable)",
          .conditional(begin < .name(name), 0, begin - .name(name))),
        .declare(
          type: "const i64", name: "to_\(variable)",
          .conditional(end - .name(name) < count, end - .name(name), count)),
      ], at: at)
    return .block([
      .declare(type: "const i64", name: "inner_\(variable)", turns),
      .branch(
        .binary(count, ">", 0),
        then: [restricted(begin / count, (end + count - 1) / count, body)], else: []),
    ])
  }

  /// The loop that is all of an independent loop's body but for declarations, when it is independent too and as long
  /// in every iteration.
  private static func inner(_ body: [CStatement]) -> CStatement? {
    var found: CStatement?
    var declared: Set<String> = []
    for statement in body {
      switch statement {
      case .declare(let type, let name, _):
        if !type.hasPrefix("const ") { return nil }
        declared.insert(name)
      case .table: break
      case .loop(_, _, let below, _, kind: .independent, _):
        if found != nil || below.mentions(declared) { return nil }
        found = statement
      case .once, .assign, .expression, .loop, .branch, .whileLoop, .select, .block: return nil
      }
    }
    return found
  }
}

extension CStatement {
  fileprivate var holdsIndependentLoop: Bool {
    switch self {
    case .loop(_, _, _, _, .independent, _): true
    case .loop(_, _, _, _, .resumed, let body): body.contains(where: \.holdsIndependentLoop)
    case .loop(_, _, _, _, .sequential, _): false
    case .branch(_, let then, let otherwise): (then + otherwise).contains(where: \.holdsIndependentLoop)
    case .select(_, let cases): cases.contains { $0.body.contains(where: \.holdsIndependentLoop) }
    case .block(let body): body.contains(where: \.holdsIndependentLoop)
    case .declare, .table, .once, .assign, .expression, .whileLoop: false
    }
  }
}

extension CExpression {
  /// Whether it reads one of some variables.
  fileprivate func mentions(_ names: Set<String>) -> Bool {
    switch self {
    case .name(let name): names.contains(name)
    case .integer, .float, .double: false
    case .unary(_, let x), .cast(_, let x), .load(_, let x): x.mentions(names)
    case .binary(let x, _, let y), .subscripted(let x, let y): x.mentions(names) || y.mentions(names)
    case .conditional(let x, let y, let z): x.mentions(names) || y.mentions(names) || z.mentions(names)
    case .call(_, let arguments): arguments.contains { $0.mentions(names) }
    }
  }
}
