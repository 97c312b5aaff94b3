import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Operators that only change or report a shape.
  static let shapes: [String: Conversion] = [
    "Expand": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let wanted = Shape(try importer.knownDims(try call.operand(1), "a shape", call))
      return [try importer.expanded(x, try broadcast(importer.shape(of: x), wanted, call), call)]
    },
    "Flatten": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let shape = importer.shape(of: x)
      var axis = try call.int("axis", 1)
      guard axis >= -shape.rank, axis <= shape.rank else { throw call.fail(.invalid("axis \(axis)")) }
      if axis < 0 { axis += shape.rank }
      let (rows, columns) = (shape.dims[..<axis].reduce(Dim(1), *), shape.dims[axis...].reduce(Dim(1), *))
      return [try importer.reshaped(x, [rows, columns], call)]
    },
    "Reshape": reshape,
    "Shape": { (importer, call) throws(ImportError) in
      let dims = importer.shape(of: try call.operand(0)).dims
      let (start, end) = (try call.int("start", 0), try call.int("end", dims.count))
      func place(_ index: Int) -> Int { min(max(index < 0 ? index + dims.count : index, 0), dims.count) }
      let picked = Array(dims[place(start)..<max(place(end), place(start))])
      return [try dimensions(picked, [picked.count], &importer, call)]
    },
    "Size": { (importer, call) throws(ImportError) in
      [try dimensions([importer.shape(of: try call.operand(0)).elementCount], [], &importer, call)]
    },
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
  ]

  private static func dimensions(
    _ dims: [Dim], _ shape: [Int], _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    guard let tensor = SymbolicTensor(element: .i64, shape: shape, dims: dims) else {
      throw call.fail(.limit("dimensions \(dims) are too complex"))
    }
    return try importer.materialize(tensor, call)
  }

  /// numpy's broadcasting, in both directions.
  static func broadcast(_ a: Shape, _ b: Shape, _ call: Call) throws(ImportError) -> Shape {
    let rank = max(a.rank, b.rank)
    let x = [Dim](repeating: 1, count: rank - a.rank) + a.dims
    let y = [Dim](repeating: 1, count: rank - b.rank) + b.dims
    var dims: [Dim] = []
    for (one, other) in zip(x, y) {
      guard one == other || one == 1 || other == 1 else {
        throw call.fail(.shape("\(a) and \(b) do not broadcast: \(one) and \(other)"))
      }
      dims.append(one == 1 ? other : one)
    }
    return Shape(dims)
  }

  /// 0 repeats a dimension of x (unless `allowzero`), -1 takes what is left.
  private static let reshape: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let source = importer.shape(of: x)
    // Before opset 5 the shape is an attribute.
    var dims =
      try call.version < 5
      ? (call.ints("shape") ?? []).map { Dim($0) } : importer.knownDims(call.operand(1), "a shape", call)
    let zeroCopies = !(try call.bool("allowzero", false))
    for at in dims.indices where dims[at] == 0 && zeroCopies {
      guard at < source.rank else { throw call.fail(.invalid("dimension \(at) repeats one that \(source) lacks")) }
      dims[at] = source[at]
    }
    let open = dims.indices.filter { dims[$0] == -1 }
    guard open.count <= 1 else { throw call.fail(.invalid("two dimensions are -1")) }
    if let at = open.first {
      dims[at] = 1
      try importer.requireSize(TensorType(.u8, Shape(dims)), call)
      let (total, rest) = (source.elementCount, Shape(dims).elementCount)
      guard rest != 0, let quotient = total == 0 ? Dim(0) : remainder(source, dims, total, rest) else {
        throw call.fail(.shape("\(source) does not divide into \(Shape(dims)) with one dimension open"))
      }
      dims[at] = quotient
    }
    return [try importer.reshaped(x, Shape(dims), call)]
  }

  /// What is left of `source` after the dimensions that are given.
  private static func remainder(_ source: Shape, _ given: [Dim], _ total: Dim, _ rest: Dim) -> Dim? {
    if let quotient = total.dividedExactly(by: rest) { return quotient }
    // Dimensions that are sums do not divide as polynomials do here, but equal factors cancel.
    var factors = source.dims
    var divisor = Dim(1)
    for dim in given {
      if let at = factors.firstIndex(of: dim) { factors.remove(at: at) } else { divisor = divisor * dim }
    }
    return factors.reduce(Dim(1), *).dividedExactly(by: divisor)
  }

  private static let squeeze: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    var given = try call.version < 13 ? call.ints("axes") : nil
    if call.version >= 13, let operand = call.optional(1) { given = try importer.knownInts(operand, "axes", call) }
    let axes: [Int]
    if let given {
      axes = try importer.axes(given, rank: shape.rank, call)
      for axis in axes where shape[axis] != 1 {
        throw call.fail(.shape("axis \(axis) of \(shape) is \(shape[axis]), not 1"))
      }
    } else {
      axes = shape.dims.indices.filter { shape[$0] == 1 }
    }
    let kept = shape.dims.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return [try importer.reshaped(x, Shape(kept), call)]
  }

  private static let unsqueeze: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    let given: [Int]
    if call.version < 13 {
      given = try call.ints("axes") ?? []
    } else {
      given = try importer.knownInts(try call.operand(1), "axes", call)
    }
    guard given.count <= TensorLoader.maximumRank else { throw call.fail(.limit("\(given.count) axes")) }
    let axes = try importer.axes(given, rank: shape.rank + given.count, call)
    var dims = shape.dims
    for axis in axes.sorted() { dims.insert(1, at: axis) }
    return [try importer.reshaped(x, Shape(dims), call)]
  }
}
