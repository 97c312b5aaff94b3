import Glibc
import TensorTypes

extension Interpreter {
  static func unary(_ function: UnaryOp, _ x: Constant, _ to: ResultType) -> Constant {
    if x.element.isFloat {
      let apply = floatFunction(function)
      return Constant(to.element, to.shape, rounding: x.doubles.map(apply))
    }
    let numbers = x.integers.map { number -> Int64 in
      switch function {
      case .negate: 0 &- number
      case .absolute: number < 0 && x.element != .u64 ? 0 &- number : number
      case .sign: number == 0 ? 0 : number < 0 && x.element != .u64 ? -1 : 1
      case .square: number &* number
      case .relu: number < 0 && x.element != .u64 ? 0 : number
      case .not: x.element == .bool ? 1 - number : ~number
      // The shape rule admits only floating-point numbers here.
      case .exp, .log, .log1p, .sqrt, .reciprocal, .tanh, .sigmoid, .erf, .softplus, .softsign, .gelu, .geluTanh,
        .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .isNaN, .isInf, .leakyRelu, .elu, .selu,
        .hardSigmoid, .inverse:
        number
      }
    }
    return Constant(to.element, to.shape, wrapping: numbers)
  }

  static func floatFunction(_ function: UnaryOp) -> (Double) -> Double {
    switch function {
    case .negate: { -$0 }
    case .absolute: { abs($0) }
    case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .exp: { exp($0) }
    case .log: { log($0) }
    case .log1p: { log1p($0) }
    case .sqrt: { $0.squareRoot() }
    case .reciprocal: { 1 / $0 }
    case .square: { $0 * $0 }
    case .tanh: { tanh($0) }
    case .sigmoid: { sigmoid($0) }
    case .relu: { $0 < 0 ? 0 : $0 }
    case .erf: { erf($0) }
    case .softplus: { softplus($0) }
    case .softsign: { $0 / (1 + abs($0)) }
    case .gelu: { gated($0, 0.5 * erfc(-$0 * 0.5.squareRoot())) }
    case .geluTanh: { gated($0, sigmoid((8 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    case .silu: { gated($0, sigmoid($0)) }
    case .hardSwish: { $0 * clamp($0 / 6 + 0.5) }
    case .mish: { gated($0, tanh(softplus($0))) }
    case .floor: { $0.rounded(.down) }
    case .ceil: { $0.rounded(.up) }
    case .round: { $0.rounded(.toNearestOrEven) }
    case .sin: { sin($0) }
    case .cos: { cos($0) }
    case .not: { $0 == 0 ? 1 : 0 }
    case .isNaN: { $0.isNaN ? 1 : 0 }
    case .isInf: { $0.isInfinite ? 1 : 0 }
    case .leakyRelu(let slope): { $0 < 0 ? slope * $0 : $0 }
    case .elu(let alpha): { $0 < 0 ? alpha * expm1($0) : $0 }
    case .selu(let alpha, let gamma): { gamma * ($0 > 0 ? $0 : alpha * expm1($0)) }
    case .hardSigmoid(let alpha, let beta): { clamp(alpha * $0 + beta) }
    case .inverse(let function): inverseFunction(function)
    }
  }

  private static func inverseFunction(_ function: InverseOp) -> (Double) -> Double {
    switch function {
    case .acos: { acos($0) }
    case .acosh: { acosh($0) }
    case .asin: { asin($0) }
    case .asinh: { asinh($0) }
    case .atan: { atan($0) }
    case .atanh: { atanh($0) }
    case .cosh: { cosh($0) }
    case .sinh: { sinh($0) }
    }
  }

  /// Into 0 ... 1, keeping NaN.
  private static func clamp(_ x: Double) -> Double { x < 0 ? 0 : x > 1 ? 1 : x }

  static func sigmoid(_ x: Double) -> Double {
    // exp of a negative number never overflows.
    let e = exp(-abs(x))
    return x < 0 ? e / (1 + e) : 1 / (1 + e)
  }

  /// `x` times a gate between 0 and 1; where the gate is closed this is the limit, also for an infinity.
  private static func gated(_ x: Double, _ gate: Double) -> Double { gate == 0 ? -0.0 : x * gate }

  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  static func binary(_ function: BinaryOp, _ a: Constant, _ b: Constant, _ to: ResultType) -> Constant {
    let at = broadcastOffsets(from: a.shape, to: to.shape)
    let bt = broadcastOffsets(from: b.shape, to: to.shape)
    if a.element.isFloat {
      let (x, y) = (a.doubles, b.doubles)
      let results = zip(at, bt).map { apply(function, x[$0], y[$1]) }
      return Constant(to.element, to.shape, rounding: results)
    }
    let (x, y) = (a.integers, b.integers)
    let results = zip(at, bt).map {
      a.element == .u64
        ? Int64(bitPattern: apply(function, UInt64(bitPattern: x[$0]), UInt64(bitPattern: y[$1])))
        : apply(function, x[$0], y[$1], width: a.element.bitWidth)
    }
    return Constant(to.element, to.shape, wrapping: results)
  }

  private static func apply(_ function: BinaryOp, _ a: Double, _ b: Double) -> Double {
    switch function {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: pow(a, b)
    case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
    case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
    case .modulo(let truncated): truncated ? fmod(a, b) : flooredRemainder(a, b)
    case .and: a * b
    case .or: max(a, b)
    case .xor: a != b ? 1 : 0
    // The shape rule admits only integers here.
    case .shiftLeft, .shiftRight: a
    case .prelu: a < 0 ? b * a : a
    }
  }

  private static func flooredRemainder(_ a: Double, _ b: Double) -> Double {
    let remainder = fmod(a, b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  private static func apply<T: FixedWidthInteger>(_ function: BinaryOp, _ a: T, _ b: T, width: Int = 64) -> T {
    switch function {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .divide: b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
    case .power: power(a, b)
    case .minimum: min(a, b)
    case .maximum: max(a, b)
    case .modulo(let truncated): remainder(a, b, truncated: truncated)
    case .and: a & b
    case .or: a | b
    case .xor: a ^ b
    case .shiftLeft: b < 0 || b >= T(width) ? 0 : a << b
    case .shiftRight: a >> (b < 0 || b >= T(width) ? 64 : b)
    case .prelu: a < 0 ? b &* a : a
    }
  }

  private static func remainder<T: FixedWidthInteger>(_ a: T, _ b: T, truncated: Bool) -> T {
    if b == 0 { return 0 }
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    return !truncated && remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }

  /// By squaring, with wraparound; a negative exponent leaves only 1 and -1 (the rest truncate to 0).
  private static func power<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> T {
    if exponent < 0 {
      if base == 1 { return 1 }
      return base &+ 1 == 0 ? (exponent & 1 == 0 ? 1 : base) : 0
    }
    var (result, square, rest) = (1 as T, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  static func compare(_ function: CompareOp, _ a: Constant, _ b: Constant, _ to: ResultType) -> Constant {
    let at = broadcastOffsets(from: a.shape, to: to.shape)
    let bt = broadcastOffsets(from: b.shape, to: to.shape)
    let results: [Bool]
    if a.element == .string {
      results = zip(at, bt).map { (a.strings[$0] == b.strings[$1]) == (function == .equal) }
    } else if a.element.isFloat {
      let (x, y) = (a.doubles, b.doubles)
      results = zip(at, bt).map { holds(function, x[$0], y[$1]) }
    } else {
      let (x, y) = (a.integers, b.integers)
      results = zip(at, bt).map {
        a.element == .u64
          ? holds(function, UInt64(bitPattern: x[$0]), UInt64(bitPattern: y[$1])) : holds(function, x[$0], y[$1])
      }
    }
    return Constant(.bool, to.shape, results.map { $0 ? 1 as UInt8 : 0 })
  }

  private static func holds<T: Comparable>(_ function: CompareOp, _ a: T, _ b: T) -> Bool {
    switch function {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }

  static func select(_ condition: Constant, _ a: Constant, _ b: Constant, _ to: ResultType) -> Constant {
    let ct = broadcastOffsets(from: condition.shape, to: to.shape)
    let at = broadcastOffsets(from: a.shape, to: to.shape)
    let bt = broadcastOffsets(from: b.shape, to: to.shape)
    let chooses = condition.integers
    // Both sides end to end, so that one picking makes the choice.
    let both = joined(a, b)
    let first = a.elementCount
    return both.picking(ct.indices.map { chooses[ct[$0]] != 0 ? at[$0] : first + bt[$0] }, shape: to.shape)
  }

  static func cast(_ x: Constant, to element: ElementType, _ narrowing: Narrowing) -> Constant {
    if x.element == element { return x }
    if case .small(let small) = element, small.integers == nil {
      let numbers =
        x.element.isFloat || x.element.isSmall || x.element == .u64 ? x.doubles : x.integers.map(Double.init)
      return Constant(element, x.shape, numbers.map { small.byte(rounding: $0, narrowing) })
    }
    if case .small(let small) = x.element, small.integers == nil {
      return Constant(element, x.shape, rounding: x.doubles)
    }
    if x.element == .u64, element == .f32 {
      return Constant(.f32, x.shape, x.values(as: UInt64.self).map { Float($0) })
    }
    return x.element.isFloat || (x.element == .u64 && element.isFloat)
      ? Constant(element, x.shape, rounding: x.doubles) : Constant(element, x.shape, wrapping: x.integers)
  }

  static func bitcast(_ x: Constant, to element: ElementType) -> Constant {
    let same = Constant(element: element, shape: x.shape, data: x.data)
    guard case .small(let small) = element, small.integers != nil else {
      // Truth values are 0 and 1.
      return element == .bool
        ? Constant(.bool, x.shape, x.values(as: UInt8.self).map { $0 == 0 ? 0 : 1 as UInt8 }) : same
    }
    return Constant(element, x.shape, x.values(as: UInt8.self).map { small.byte(wrapping: Int64($0)) })
  }

  static func bucketize(_ boundaries: [Double], _ x: Constant) -> Constant {
    Constant(.i64, x.shape, x.doubles.map { number in Int64(boundaries.count { $0 <= number }) })
  }

  static func hashBucket(_ buckets: Int, _ x: Constant) -> Constant {
    let keys =
      x.element == .string
      ? x.strings : x.integers.map { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    return Constant(.i64, x.shape, keys.map { Int64(stableHash($0) % UInt64(buckets)) })
  }

  /// FNV-1a 64 (Fowler, Noll, Vo) finished by the mixer of SplitMix64 (Steele, Lea, Flood 2014).
  static func stableHash(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }
}
