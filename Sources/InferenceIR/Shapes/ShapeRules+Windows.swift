import TensorTypes

extension ShapeRules {
  static func convolution(_ op: Convolution, _ types: [TensorType]) throws(Misfit) -> TensorType {
    try require(types.count == 2 || types.count == 3, "takes 2 or 3 operands, found \(types.count)")
    let (x, w) = (types[0], types[1])
    try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
    for other in types.dropFirst() { try requireSameElement(x, other) }
    let rank = op.window.rank
    try requireWindow(op.window, of: x)
    try require(op.inputDilations.count == rank, "\(op.inputDilations.count) input dilations for \(rank) axes")
    try require(op.inputDilations.allSatisfy { inRange($0, 1) }, "the input dilations are \(op.inputDilations)")
    try require(w.shape.rank == rank + 2, "weights have shape \(w.shape), x has \(x.shape)")
    try require(
      zip(w.shape.dims.dropFirst(2), op.window.size).allSatisfy { $0 == Dim($1) },
      "weights \(w.shape) do not have windows of \(op.window.size)")
    guard let maps = w.shape[0].constant, let width = w.shape[1].constant else {
      throw Misfit("weights \(w.shape) have a symbolic number of channels")
    }
    try require(op.groups >= 1 && maps % op.groups == 0, "\(maps) results do not divide into \(op.groups) groups")
    try require(
      x.shape[1] == Dim(width) * Dim(op.groups),
      "x has \(x.shape[1]) channels, \(op.groups) groups of weights read \(width) each")
    if types.count == 3 { try require(types[2].shape == [Dim(maps)], "the bias has shape \(types[2].shape)") }
    var dims = [x.shape[0], Dim(maps)]
    for axis in 0..<rank {
      let spread = (x.shape[axis + 2] - 1) * Dim(op.inputDilations[axis]) + 1
      let whole = x.shape[axis + 2] == 0 ? Dim(0) : spread
      dims.append(try windows(op.window, axis, over: whole, excess: 0))
    }
    return TensorType(x.element, Shape(dims))
  }

  static func pool(_ op: Pool, _ x: TensorType) throws(Misfit) -> [TensorType] {
    try requireWindow(op.window, of: x)
    try require(op.excess.count == op.window.rank, "\(op.excess.count) excesses for \(op.window.rank) axes")
    try require(op.excess.allSatisfy { inRange($0, 0) }, "the excess is \(op.excess)")
    var dims = [x.shape[0], x.shape[1]]
    for axis in 0..<op.window.rank {
      dims.append(try windows(op.window, axis, over: x.shape[axis + 2], excess: op.excess[axis]))
    }
    let result = TensorType(x.element, Shape(dims))
    switch op.function {
    case .maximum:
      try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
      return [result]
    case .maximumWithIndices:
      try require(x.element.isFloat || x.element.isInteger, "needs numbers, found \(x.element)")
      return [result, TensorType(.i64, result.shape)]
    case .average:
      try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
      return [result]
    case .norm(let p):
      try require(x.element.isFloat, "needs floating-point numbers, found \(x.element)")
      try require(p >= 1, "p is \(p)")
      return [result]
    }
  }

  /// The sizes that kernels compute positions with stay far from overflow.
  private static func inRange(_ value: Int, _ least: Int) -> Bool { value >= least && value < 1 << 31 }

  private static func requireWindow(_ window: Window, of x: TensorType) throws(Misfit) {
    let rank = window.rank
    try require(rank >= 1 && x.shape.rank == rank + 2, "a window over \(rank) axes does not fit x of shape \(x.shape)")
    for (name, list) in [
      ("strides", window.strides), ("dilations", window.dilations), ("pads", window.before), ("pads", window.after),
    ] { try require(list.count == rank, "\(list.count) \(name) for \(rank) axes") }
    for (name, list) in [("size", window.size), ("strides", window.strides), ("dilations", window.dilations)] {
      try require(list.allSatisfy { inRange($0, 1) }, "the window's \(name) are \(list)")
    }
    try require(
      (window.before + window.after).allSatisfy { $0.magnitude < 1 << 31 },
      "the pads are \(window.before), \(window.after)")
    try require(
      (0..<rank).allSatisfy { window.extent($0) < 1 << 40 } && window.size.reduce(1.0) { $0 * Double($1) } < 1e12,
      "the window of \(window.size) is too large")
  }

  /// The number of windows along an axis: `floor((extent + pads - window) / stride) + 1`, for a symbolic extent where
  /// that is a polynomial.
  private static func windows(_ window: Window, _ axis: Int, over extent: Dim, excess: Int) throws(Misfit) -> Dim {
    let room = extent + Dim(window.before[axis] + window.after[axis] + excess - window.extent(axis))
    let stride = window.strides[axis]
    if let room = room.constant {
      try require(room >= 0, "windows of \(window.extent(axis)) do not fit spatial axis \(axis) of x with its padding")
    }
    let fixed = room.terms.first { $0.monomial.isEmpty }?.coefficient ?? 0
    let below = fixed >= 0 ? fixed / stride : -((-fixed + stride - 1) / stride)
    guard let rest = (room - Dim(fixed)).dividedExactly(by: Dim(stride)) else {
      throw Misfit("spatial axis \(axis) of \(extent) elements does not divide by the stride \(stride)")
    }
    return rest + Dim(below) + 1
  }
}
