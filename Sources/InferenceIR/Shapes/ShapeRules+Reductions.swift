import TensorTypes

extension ShapeRules {
  static func matmul(
    _ transposeA: Bool, _ transposeB: Bool, _ operands: (TensorType, TensorType),
  ) throws(Misfit) -> TensorType {
    let (a, b) = operands
    try requireSameElement(a, b)
    try require(a.element.isFloat || a.element.isInteger, "needs numbers, found \(a.element)")
    try require(
      a.shape.rank >= 2 && b.shape.rank >= 2, "operands need rank 2 or more, found \(a.shape) and \(b.shape)",
    )
    let (aRows, aColumns) = lastTwo(a.shape, swapped: transposeA)
    let (bRows, bColumns) = lastTwo(b.shape, swapped: transposeB)
    try require(aColumns == bRows, "the inner dimensions \(aColumns) and \(bRows) differ")
    let leading = try broadcast(Shape(Array(a.shape.dims.dropLast(2))), Shape(Array(b.shape.dims.dropLast(2))))
    return TensorType(a.element == .i16 ? .i32 : a.element, Shape(leading.dims + [aRows, bColumns]))
  }

  private static func lastTwo(_ shape: Shape, swapped: Bool) -> (Dim, Dim) {
    let (first, second) = (shape[shape.rank - 2], shape[shape.rank - 1])
    return swapped ? (second, first) : (first, second)
  }

  static func reduce(
    _ function: ReduceOp, _ axes: [Int], _ keepDims: Bool, _ x: TensorType,
  ) throws(Misfit) -> TensorType {
    switch function {
    case .sum, .mean, .maximum, .minimum, .product, .l1, .sumSquare:
      try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    case .l2, .logSum, .logSumExp:
      try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
    }
    for axis in axes { try requireAxis(axis, of: x) }
    try require(Set(axes).count == axes.count, "axes \(axes) repeat")
    return TensorType(x.element, reduced(x.shape, axes, keepDims))
  }

  private static func reduced(_ shape: Shape, _ axes: [Int], _ keepDims: Bool) -> Shape {
    Shape(
      shape.dims.enumerated().compactMap { axis, dim in
        axes.contains(axis) ? (keepDims ? Dim(1) : nil) : dim
      })
  }

  static func argReduce(_ axis: Int, _ keepDims: Bool, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    try requireAxis(axis, of: x)
    try require(x.shape[axis] != 0, "axis \(axis) is empty")
    return TensorType(.i64, reduced(x.shape, [axis], keepDims))
  }

  static func softmax(_ axis: Int, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
    try requireAxis(axis, of: x)
    return x
  }

  static func layerNorm(_ axis: Int, _ types: [TensorType]) throws(Misfit) -> TensorType {
    try require(types.count == 2 || types.count == 3, "takes 2 or 3 operands, found \(types.count)")
    let x = types[0]
    try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
    try requireAxis(axis, of: x)
    let normalized = Shape(Array(x.shape.dims[axis...]))
    for parameter in types.dropFirst() {
      try requireSameElement(x, parameter)
      try require(
        try broadcast(normalized, parameter.shape) == normalized,
        "a parameter of shape \(parameter.shape) does not broadcast to \(normalized)",
      )
    }
    return x
  }

  static func cumulativeSum(_ axis: Int, _ x: TensorType) throws(Misfit) -> TensorType {
    try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    try requireAxis(axis, of: x)
    return x
  }

  static func positions(_ count: Dim, _ mask: TensorType) throws(Misfit) -> [TensorType] {
    try require(mask.element == .bool && mask.shape.rank == 1, "needs a vector of bools, found \(mask)")
    return [TensorType(.i64, Shape([count])), TensorType(.i64, .scalar)]
  }

  static func nonMaxSuppression(
    _ op: NonMaxSuppression, _ types: (boxes: TensorType, scores: TensorType),
  ) throws(Misfit) -> TensorType {
    let (boxes, scores) = (types.boxes.shape, types.scores.shape)
    try require(
      types.boxes.element == .f32 && types.scores.element == .f32 && boxes.rank == 3 && scores.rank == 3
        && boxes[2] == 4 && boxes[0] == scores[0] && boxes[1] == scores[2],
      "needs boxes f32[batch, n, 4] and scores f32[batch, classes, n], found \(types.boxes) and \(types.scores)")
    try require(op.limit >= 0, "the limit is \(op.limit)")
    return TensorType(.i64, Shape([scores[0], scores[1], Dim(op.limit)]))
  }

  static func topK(_ k: Int, _ axis: Int, padded: Bool, _ x: TensorType) throws(Misfit) -> [TensorType] {
    try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    try requireAxis(axis, of: x)
    try require(k >= 0, "k is \(k)")
    if !padded, let available = x.shape[axis].constant {
      try require(k <= available, "k is \(k), and axis \(axis) has only \(available) elements")
    }
    var shape = x.shape
    shape.dims[axis] = Dim(k)
    return [TensorType(x.element, shape), TensorType(.i64, shape)]
  }
}
