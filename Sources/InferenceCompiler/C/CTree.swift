/// A C expression. Operators are written with full parentheses, so the tree needs no precedence.
indirect enum CExpression: Hashable, Sendable {
  case name(String)
  case integer(Int)
  case float(Float)
  case double(Double)
  case unary(String, CExpression)
  case binary(CExpression, String, CExpression)
  case call(String, [CExpression])
  case subscripted(CExpression, CExpression)
  case cast(String, CExpression)
  case conditional(CExpression, CExpression, CExpression)
  /// `*(type *)(pointer)`.
  case load(String, CExpression)
}

extension CExpression: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  init(stringLiteral value: String) { self = .name(value) }
  init(integerLiteral value: Int) { self = .integer(value) }

  // Index arithmetic folds what is known, so that printed addresses stay readable.
  static func + (a: Self, b: Self) -> Self {
    switch (a, b) {
    case (.integer(let x), .integer(let y)): .integer(x + y)
    case (.integer(0), _): b
    case (_, .integer(0)): a
    default: .binary(a, "+", b)
    }
  }

  static func - (a: Self, b: Self) -> Self {
    switch (a, b) {
    case (.integer(let x), .integer(let y)): .integer(x - y)
    case (_, .integer(0)): a
    default: .binary(a, "-", b)
    }
  }

  static func * (a: Self, b: Self) -> Self {
    switch (a, b) {
    case (.integer(let x), .integer(let y)): .integer(x * y)
    case (.integer(0), _), (_, .integer(0)): .integer(0)
    case (.integer(1), _): b
    case (_, .integer(1)): a
    default: .binary(a, "*", b)
    }
  }

  static func / (a: Self, b: Self) -> Self { .binary(a, "/", b) }
  static func % (a: Self, b: Self) -> Self { .binary(a, "%", b) }
  static func < (a: Self, b: Self) -> Self { .binary(a, "<", b) }
  static func <= (a: Self, b: Self) -> Self { .binary(a, "<=", b) }
  static func >= (a: Self, b: Self) -> Self { .binary(a, ">=", b) }
  static func == (a: Self, b: Self) -> Self { .binary(a, "==", b) }

  subscript(index: CExpression) -> CExpression { .subscripted(self, index) }
}

indirect enum CStatement: Hashable, Sendable {
  case declare(type: String, name: String, CExpression?)
  /// `static const type name[] = {…};`
  case table(type: String, name: String, [CExpression])
  case assign(CExpression, CExpression)
  case expression(CExpression)
  /// `for (i64 variable = from; variable < below; variable += step)`.
  case loop(
    variable: String, from: CExpression, below: CExpression, step: CExpression, kind: LoopKind = .sequential,
    [CStatement])
  /// A block that one part of a split kernel runs, and the others pass over.
  case once([CStatement])
  case branch(CExpression, then: [CStatement], else: [CStatement])
  case whileLoop(CExpression, [CStatement])
  case select(CExpression, cases: [(value: Int, body: [CStatement])])
  case block([CStatement])

  static func == (a: Self, b: Self) -> Bool { CPrinter.text([a]) == CPrinter.text([b]) }
  func hash(into hasher: inout Hasher) { hasher.combine(CPrinter.text([self])) }
}

/// What is known of a loop's iterations.
enum LoopKind: Hashable, Sendable {
  case sequential
  /// Neither the loop's iterations nor other statements of the kernel touch what an iteration writes: threads may run
  /// parts of it. A kernel's outermost such loops are split, with those directly inside them.
  case independent
  /// Iterations follow each other, and each goes on with what the one before wrote. The independent loops inside cover
  /// the same range every time: a part of them reads only what the same part wrote.
  case resumed
}

struct CParameter: Hashable, Sendable {
  var type: String
  var name: String
}

/// A function of a translation unit; kernels and the tiles that only they call are static.
struct CFunction: Hashable, Sendable {
  var name: String
  /// Prefix as `static inline`.
  var attributes: String
  var parameters: [CParameter]
  var body: [CStatement]
}
