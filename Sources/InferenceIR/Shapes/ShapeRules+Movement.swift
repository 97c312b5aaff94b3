import TensorTypes

extension ShapeRules {
  static func reshape(_ shape: Shape, _ x: TensorType) throws(Misfit) -> TensorType {
    try requireNonNegative(shape)
    let (before, after) = (x.shape.elementCount, shape.elementCount)
    try require(before == after, "\(x.shape) has \(before) elements and \(shape) has \(after)")
    return TensorType(x.element, shape)
  }

  static func transpose(_ permutation: [Int], _ x: TensorType) throws(Misfit) -> TensorType {
    try require(
      permutation.sorted() == Array(0..<x.shape.rank),
      "\(permutation) is not a permutation of \(x.shape.rank) axes",
    )
    return TensorType(x.element, Shape(permutation.map { x.shape[$0] }))
  }

  static func expand(_ shape: Shape, _ x: TensorType) throws(Misfit) -> TensorType {
    try requireNonNegative(shape)
    try require(try broadcast(x.shape, shape) == shape, "\(x.shape) does not broadcast to \(shape)")
    return TensorType(x.element, shape)
  }

  static func concat(_ axis: Int, _ types: [TensorType]) throws(Misfit) -> TensorType {
    guard var result = types.first else { throw Misfit("takes at least 1 operand") }
    try requireAxis(axis, of: result)
    for next in types.dropFirst() {
      try requireSameElement(result, next)
      try require(next.shape.rank == result.shape.rank, "ranks of \(result.shape) and \(next.shape) differ")
      for at in 0..<result.shape.rank where at != axis {
        try require(
          next.shape[at] == result.shape[at],
          "\(types[0].shape) and \(next.shape) differ at axis \(at): \(result.shape[at]) and \(next.shape[at])",
        )
      }
      result.shape.dims[axis] = result.shape[axis] + next.shape[axis]
    }
    return result
  }

  static func slice(
    _ axis: Int, _ start: Dim, _ length: Dim, _ step: Int, _ x: TensorType,
  ) throws(Misfit) -> TensorType {
    try requireAxis(axis, of: x)
    try require(step != 0, "the step is 0")
    if let count = length.constant { try require(count >= 0, "the length is \(count)") }
    if length != 0 {
      let last = start + (length - 1) * Dim(step)
      for end in [start, last] {
        if let value = end.constant { try require(value >= 0, "element \(value) is before the first") }
        if let beyond = (end - x.shape[axis]).constant {
          try require(beyond < 0, "element \(end) is outside axis \(axis), which has \(x.shape[axis])")
        }
      }
    }
    var shape = x.shape
    shape.dims[axis] = length
    return TensorType(x.element, shape)
  }

  static func gather(_ axis: Int, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (data, indices) = operands
    try requireAxis(axis, of: data)
    try requireIndices(indices)
    let dims = data.shape.dims
    return TensorType(data.element, Shape(dims[..<axis] + indices.shape.dims + dims[(axis + 1)...]))
  }

  static func gatherElements(_ axis: Int, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (data, indices) = operands
    try requireAxis(axis, of: data)
    try requireIndices(indices)
    try require(
      data.shape.rank == indices.shape.rank, "ranks of \(data.shape) and \(indices.shape) differ",
    )
    for at in 0..<data.shape.rank where at != axis {
      if let beyond = (indices.shape[at] - data.shape[at]).constant {
        try require(beyond <= 0, "the indices have \(indices.shape[at]) at axis \(at), the data \(data.shape[at])")
      }
    }
    return TensorType(data.element, indices.shape)
  }

  static func gatherND(_ batchDims: Int, _ operands: (TensorType, TensorType)) throws(Misfit) -> TensorType {
    let (data, indices) = operands
    try requireIndices(indices)
    guard let width = indices.shape.dims.last?.constant else {
      throw Misfit("the last dimension of the indices must be fixed, found \(indices.shape)")
    }
    try require(
      batchDims >= 0 && batchDims < indices.shape.rank,
      "\(batchDims) batch dimensions do not fit indices of shape \(indices.shape)",
    )
    try require(
      width >= 1 && batchDims + width <= data.shape.rank,
      "index tuples of \(width) after \(batchDims) batch dimensions do not fit \(data.shape)",
    )
    for at in 0..<batchDims {
      try require(
        data.shape[at] == indices.shape[at],
        "batch dimension \(at) is \(data.shape[at]) in the data and \(indices.shape[at]) in the indices",
      )
    }
    let dims = indices.shape.dims.dropLast() + data.shape.dims[(batchDims + width)...]
    return TensorType(data.element, Shape(Array(dims)))
  }

  static func scatterElements(
    _ axis: Int, _ reduction: ScatterReduction, _ operands: (TensorType, TensorType, TensorType),
  ) throws(Misfit) -> TensorType {
    let (data, indices, updates) = operands
    _ = try gatherElements(axis, (data, indices))
    try requireScatter(data, updates, reduction)
    try require(indices.shape == updates.shape, "indices of \(indices.shape) for updates of \(updates.shape)")
    try require(data.shape[axis] != 0 || indices.shape.elementCount == 0, "axis \(axis) of the data is empty")
    return data
  }

  static func scatterND(
    _ reduction: ScatterReduction, _ operands: (TensorType, TensorType, TensorType),
  ) throws(Misfit) -> TensorType {
    let (data, indices, updates) = operands
    try requireScatter(data, updates, reduction)
    try require(indices.shape.rank >= 1, "the indices are a scalar")
    let slices = try gatherND(0, (data, indices)).shape
    try require(slices == updates.shape, "updates of \(updates.shape) for slices of \(slices)")
    let width = indices.shape.dims.last?.constant ?? 0
    try require(
      !data.shape.dims[..<width].contains(0) || indices.shape.elementCount == 0, "the data are empty")
    return data
  }

  private static func requireScatter(
    _ data: TensorType, _ updates: TensorType, _ reduction: ScatterReduction,
  ) throws(Misfit) {
    try requireSameElement(data, updates)
    try require(data.element != .string, "strings are not scattered")
    try require(
      reduction == .replace || data.element.isFloat || data.element.isInteger,
      "\(reduction.rawValue) needs numbers, found \(data.element)")
  }

  static func pad(
    _ before: [Int], _ after: [Int], _ operands: (TensorType, TensorType),
  ) throws(Misfit) -> TensorType {
    let (x, fill) = operands
    try requireSameElement(x, fill)
    try require(fill.shape.rank == 0, "the pad value has shape \(fill.shape), not a scalar's")
    try require(
      before.count == x.shape.rank && after.count == x.shape.rank,
      "\(before.count) and \(after.count) pads for rank \(x.shape.rank)",
    )
    try require((before + after).allSatisfy { $0 >= 0 }, "a pad is negative: \(before), \(after)")
    let dims = x.shape.dims.enumerated().map { axis, dim in dim + Dim(before[axis]) + Dim(after[axis]) }
    return TensorType(x.element, Shape(dims))
  }

  static func oneHot(
    _ depth: Int, _ axis: Int, _ operands: (TensorType, TensorType, TensorType),
  ) throws(Misfit) -> TensorType {
    let (indices, off, on) = operands
    try requireIndices(indices)
    try requireSameElement(off, on)
    try require(off.shape.rank == 0 && on.shape.rank == 0, "the off and on values must be scalars")
    try require(depth >= 0, "the depth is \(depth)")
    try require((0...indices.shape.rank).contains(axis), "axis \(axis) is outside rank \(indices.shape.rank + 1)")
    var dims = indices.shape.dims
    dims.insert(Dim(depth), at: axis)
    return TensorType(off.element, Shape(dims))
  }

  static func dimensions(_ dims: [Dim], _ types: [TensorType]) throws(Misfit) -> TensorType {
    try require(types.isEmpty, "takes no operands, found \(types.count)")
    return TensorType(.i64, [Dim(dims.count)])
  }

  static func iota(_ count: Dim, _ types: [TensorType]) throws(Misfit) -> TensorType {
    try require(types.isEmpty, "takes no operands, found \(types.count)")
    try requireNonNegative([count])
    return TensorType(.i64, [count])
  }

  static func requireIndices(_ indices: TensorType) throws(Misfit) {
    try require(
      indices.element == .i32 || indices.element == .i64, "indices are \(indices.element), not i32 or i64",
    )
  }

  private static func requireNonNegative(_ shape: Shape) throws(Misfit) {
    for value in shape.dims.compactMap(\.constant) { try require(value >= 0, "\(shape) has a negative dimension") }
  }
}
