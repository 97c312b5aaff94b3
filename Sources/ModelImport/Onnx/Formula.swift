import InferenceIR
import TensorTypes

/// An elementwise formula as it is written on paper. Numbers take the element type of what they meet.
///
/// Every node of it is one operation, so a part that is used twice is emitted first and used as a value.
indirect enum Formula {
  case value(ValueID)
  case number(Double)
  case unary(UnaryOp, Formula)
  case binary(BinaryOp, Formula, Formula)
  case compare(CompareOp, Formula, Formula)
  /// The second where the first holds, else the third.
  case choice(Formula, Formula, Formula)

  static func + (a: Self, b: Self) -> Self { .binary(.add, a, b) }
  static func - (a: Self, b: Self) -> Self { .binary(.subtract, a, b) }
  static func * (a: Self, b: Self) -> Self { .binary(.multiply, a, b) }
  static func / (a: Self, b: Self) -> Self { .binary(.divide, a, b) }
  static func < (a: Self, b: Self) -> Self { .compare(.less, a, b) }
  static func > (a: Self, b: Self) -> Self { .compare(.greater, a, b) }
  static func >= (a: Self, b: Self) -> Self { .compare(.greaterOrEqual, a, b) }
  static func <= (a: Self, b: Self) -> Self { .compare(.lessOrEqual, a, b) }
  static func == (a: Self, b: Self) -> Self { .compare(.equal, a, b) }

  func and(_ other: Self) -> Self { .binary(.and, self, other) }
  func or(_ other: Self) -> Self { .binary(.or, self, other) }
  func clamped(_ low: Double, _ high: Double) -> Self {
    .binary(.minimum, .binary(.maximum, self, .number(low)), .number(high))
  }
}

extension Formula: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  init(floatLiteral value: Double) { self = .number(value) }
  init(integerLiteral value: Int) { self = .number(Double(value)) }
}

extension Importer {
  /// Adds the operations of a formula over values of one element type.
  mutating func emit(_ formula: Formula, _ element: ElementType, _ call: Call) throws(ImportError) -> ValueID {
    switch formula {
    case .value(let id): return id
    case .number(let number): return scalar(number, element, call)
    case .unary(let function, let x): return try unary(function, try emit(x, element, call), call)
    case .binary(let function, let a, let b):
      return try binary(function, try emit(a, element, call), try emit(b, element, call), call)
    case .compare(let function, let a, let b):
      return try emit(.compare(function), try emit(a, element, call), try emit(b, element, call), for: call)
    case .choice(let condition, let a, let b):
      return try emit(
        .select, try emit(condition, element, call), try emit(a, element, call), try emit(b, element, call),
        for: call)
    }
  }
}
