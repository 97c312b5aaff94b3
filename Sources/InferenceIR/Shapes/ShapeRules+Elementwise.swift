import TensorTypes

extension ShapeRules {
  static func unary(_ function: UnaryOp, _ x: TensorType) throws(Misfit) -> TensorType {
    switch function {
    case .negate, .absolute, .sign, .square, .relu:
      try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
      return x
    case .exp, .log, .log1p, .sqrt, .reciprocal, .tanh, .sigmoid, .erf, .softplus, .softsign, .gelu, .geluTanh,
      .silu, .hardSwish, .mish, .floor, .ceil, .round, .sin, .cos, .leakyRelu, .elu, .selu, .hardSigmoid,
      .inverse:
      try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
      return x
    case .not:
      try require(x.element == .bool || x.element.isInteger, "needs bool or integers, found \(x.element)")
      return x
    case .isNaN, .isInf:
      try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
      return TensorType(.bool, x.shape)
    }
  }

  static func binary(_ function: BinaryOp, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (a, b) = operands
    try requireSameElement(a, b)
    switch function {
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .modulo, .prelu:
      try require(a.element.isFloat || a.element.isInteger, "needs numbers, found \(a.element)")
    case .and, .or, .xor:
      try require(a.element == .bool || a.element.isInteger, "needs bool or integers, found \(a.element)")
    case .shiftLeft, .shiftRight:
      try require(a.element.isInteger, "needs integers, found \(a.element)")
    }
    return TensorType(a.element, try broadcast(a.shape, b.shape))
  }

  static func compare(_ function: CompareOp, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (a, b) = operands
    try requireSameElement(a, b)
    switch function {
    case .equal, .notEqual: try require(!a.element.isSmall, "\(a.element) is not compared; cast it")
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      try require(a.element.isFloat || a.element.isInteger, "needs numbers, found \(a.element)")
    }
    return TensorType(.bool, try broadcast(a.shape, b.shape))
  }

  static func select(_ operands: (TensorType, TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (condition, a, b) = operands
    try require(condition.element == .bool, "the condition is \(condition.element), not bool")
    try requireSameElement(a, b)
    return TensorType(a.element, try broadcast(condition.shape, try broadcast(a.shape, b.shape)))
  }

  static func bitcast(_ element: ElementType, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(
      x.element.bitWidth == element.bitWidth && x.element != .string && element != .string,
      "\(x.element) and \(element) differ in size")
    return TensorType(element, x.shape)
  }

  static func cast(_ element: ElementType, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(
      x.element == element || (x.element != .string && element != .string),
      "\(x.element) does not convert to \(element)",
    )
    return TensorType(element, x.shape)
  }
}
