import InferenceIR
import TensorTypes

/// How one reduction combines elements.
struct Reducer {
  let function: ReduceOp
  let element: ElementType

  init(_ function: ReduceOp, _ element: ElementType) {
    self.function = function
    self.element = element
  }

  /// Integers are combined in 64 bits and dropped to their width at the end.
  var type: String { element.isInteger ? (element == .u64 ? "u64" : "i64") : element.computeType }
  /// The type of what is combined one by one. Sums of floats are made in f64, which costs nothing in a chain of
  /// additions: in f32 a sum of n elements may be n / 2 units off.
  var totalType: String { isSum && isFloat ? "f64" : type }
  private var isSum: Bool {
    switch function {
    case .sum, .mean, .l1, .l2, .sumSquare, .logSum, .logSumExp: true
    case .product, .maximum, .minimum: false
    }
  }
  private var isFloat: Bool { element.isFloat }

  /// Whether 16 partial results may be kept. Products stay in order: their range matters more than their speed.
  var isVector: Bool { function != .product }

  var start: CExpression {
    switch function {
    case .sum, .mean, .l1, .l2, .sumSquare, .logSum, .logSumExp: isFloat ? .float(0) : .cast(type, 0)
    case .product: isFloat ? .float(1) : .cast(type, 1)
    case .maximum:
      isFloat
        ? .cast(type, .float(-.infinity))
        : .cast(type, .integer(element.range.0 == .min && element == .u64 ? 0 : element.range.0))
    case .minimum:
      isFloat
        ? .cast(type, .float(.infinity)) : .cast(type, element == .u64 ? .integer(-1) : .integer(element.range.1))
    }
  }

  /// What is combined for an element.
  func prepared(_ x: CExpression, shift: CExpression?) -> CExpression {
    switch function {
    case .sum, .mean, .product, .maximum, .minimum, .logSum: x
    case .l1: isFloat ? .call("m_absolute", [x]) : .conditional(.binary(x, "<", 0), .unary("-", x), x)
    case .l2, .sumSquare: .binary(x, "*", x)
    case .logSumExp: .call("m_exp", [shift.map { .binary(x, "-", $0) } ?? x])
    }
  }

  func merged(_ a: CExpression, _ b: CExpression) -> CExpression {
    switch function {
    case .sum, .mean, .l1, .l2, .sumSquare, .logSum, .logSumExp: .binary(a, "+", b)
    case .product: .binary(a, "*", b)
    case .maximum: isFloat ? .call("m_maximum", [a, b]) : .conditional(.binary(a, ">", b), a, b)
    case .minimum: isFloat ? .call("m_minimum", [a, b]) : .conditional(.binary(a, "<", b), a, b)
    }
  }

  func finished(_ total: CExpression, count: CExpression, shift: CExpression?) -> CExpression {
    switch function {
    case .sum, .product, .maximum, .minimum, .l1, .sumSquare: return total
    case .mean:
      return isFloat
        ? .binary(total, "/", .cast(type, count)) : .call("divide", [.cast(type, total), .cast(type, count)])
    case .l2: return .call("m_sqrt", [total])
    case .logSum: return .call("m_log", [total])
    case .logSumExp:
      let logarithm = CExpression.call("m_log", [total])
      return shift.map { .binary($0, "+", logarithm) } ?? logarithm
    }
  }
}
