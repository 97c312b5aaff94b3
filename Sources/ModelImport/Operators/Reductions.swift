import InferenceIR
import TensorTypes

extension OperatorTable {
  static let reductions: [String: Conversion] = [
    "ReduceL1": reduce(.l1, axesOperandSince: 18),
    "ReduceL2": reduce(.l2, axesOperandSince: 18),
    "ReduceLogSum": reduce(.logSum, axesOperandSince: 18),
    "ReduceLogSumExp": reduce(.logSumExp, axesOperandSince: 18),
    "ReduceMax": reduce(.maximum, axesOperandSince: 18),
    "ReduceMean": reduce(.mean, axesOperandSince: 18),
    "ReduceMin": reduce(.minimum, axesOperandSince: 18),
    "ReduceProd": reduce(.product, axesOperandSince: 18),
    "ReduceSum": reduce(.sum, axesOperandSince: 13),
    "ReduceSumSquare": reduce(.sumSquare, axesOperandSince: 18),
    "ArgMax": argReduce(largest: true),
    "ArgMin": argReduce(largest: false),
    "CumProd": cumulative { .cumulativeProduct(axis: $0, exclusive: $1, reverse: $2) },
    "CumSum": cumulative { .cumulativeSum(axis: $0, exclusive: $1, reverse: $2) },
    "Hardmax": hardmax,
    "LogSoftmax": softmax { .logSoftmax(axis: $0) },
    "Softmax": softmax { .softmax(axis: $0) },
    "TopK": topK,
  ]

  private static func reduce(_ function: ReduceOp, axesOperandSince: Int) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let keep = try call.bool("keepdims", true)
      var axes: [Int]
      var nothingWhenEmpty = false
      if call.version >= axesOperandSince {
        nothingWhenEmpty = try call.bool("noop_with_empty_axes", false)
        axes =
          try call.optional(1).map { (id) throws(ImportError) in
            try importer.knownInts(id, "the axes of a reduction", call)
          } ?? []
      } else {
        axes = try call.ints("axes") ?? []
      }
      let rank = importer.shape(of: x).rank
      if axes.isEmpty {
        if nothingWhenEmpty { return [try overNothing(function, x, &importer, call)] }
        axes = Array(0..<rank)
      }
      return [try reduced(function, x, try importer.axes(axes, rank: rank, call), keep, &importer, call)]
    }
  }

  private static func reduced(
    _ function: ReduceOp, _ x: ValueID, _ axes: [Int], _ keep: Bool, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    // Since opset 20 truth values have a least and a greatest.
    if importer.element(of: x) == .bool, function == .maximum || function == .minimum {
      let numbers = try importer.converted(x, to: .u8, call)
      return try importer.converted(
        try reduced(function, numbers, axes, keep, &importer, call), to: .bool, call)
    }
    return try importer.emit(.reduce(function, axes: axes, keepDims: keep), x, for: call)
  }

  /// A reduction over no axes: the element-wise part of the function remains.
  private static func overNothing(
    _ function: ReduceOp, _ x: ValueID, _ importer: inout Importer, _ call: Call,
  ) throws(ImportError) -> ValueID {
    switch function {
    case .sum, .mean, .maximum, .minimum, .product, .logSumExp: x
    case .l1, .l2: try importer.unary(.absolute, x, call)
    case .sumSquare: try importer.unary(.square, x, call)
    case .logSum: try importer.unary(.log, x, call)
    }
  }

  private static func cumulative(_ op: @escaping @Sendable (Int, Bool, Bool) -> Op) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let axis = try importer.axis(
        try importer.knownInt(try call.operand(1), "an axis", call), rank: importer.shape(of: x).rank, call)
      let (exclusive, reverse) = (try call.bool("exclusive", false), try call.bool("reverse", false))
      return [try importer.emit(op(axis, exclusive, reverse), x, for: call)]
    }
  }

  private static func argReduce(largest: Bool) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let axis = try importer.axis(try call.int("axis", 0), rank: importer.shape(of: x).rank, call)
      let keep = try call.bool("keepdims", true)
      let last = try call.bool("select_last_index", false)
      return [
        try importer.emit(.argReduce(largest: largest, axis: axis, keepDims: keep, selectLast: last), x, for: call)
      ]
    }
  }

  /// Since opset 13 along one axis; before it over all axes from `axis` on, as one.
  private static func softmax(_ op: @escaping @Sendable (Int) -> Op) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let shape = importer.shape(of: x)
      let axis = try importer.axis(try call.int("axis", call.version >= 13 ? -1 : 1), rank: shape.rank, call)
      if call.version >= 13 || axis == shape.rank - 1 { return [try importer.emit(op(axis), x, for: call)] }
      let rows = Shape(Array(shape.dims[..<axis]) + [shape.dims[axis...].reduce(Dim(1), *)])
      let flat = try importer.reshaped(x, rows, call)
      return [try importer.reshaped(try importer.emit(op(axis), flat, for: call), shape, call)]
    }
  }

  /// One at the first largest element, else zero.
  private static let hardmax: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let shape = importer.shape(of: x)
    let axis = try importer.axis(try call.int("axis", call.version >= 13 ? -1 : 1), rank: shape.rank, call)
    let rows = call.version >= 13 ? shape : Shape(Array(shape.dims[..<axis]) + [shape.dims[axis...].reduce(Dim(1), *)])
    guard let depth = rows[axis].constant else { throw call.fail(.unsupported("a symbolic axis \(rows[axis])")) }
    let flat = try importer.reshaped(x, rows, call)
    let first = try importer.emit(
      .argReduce(largest: true, axis: axis, keepDims: false, selectLast: false), flat, for: call)
    let element = importer.element(of: x)
    let (off, on) = (importer.scalar(0, element, call), importer.scalar(1, element, call))
    let marked = try importer.emit(.oneHot(depth: depth, axis: axis), first, off, on, for: call)
    return [try importer.reshaped(marked, shape, call)]
  }

  private static let topK: Conversion = { (importer, call) throws(ImportError) in
    let x = try call.operand(0)
    let axis = try importer.axis(try call.int("axis", -1), rank: importer.shape(of: x).rank, call)
    let largest = try call.bool("largest", true)
    // Sorted is one of the orders that an unsorted result may have.
    call.ignore("sorted")
    let k: [Int]
    if call.version >= 10 {
      k = try importer.knownInts(try call.operand(1), "k", call)
    } else {
      k = try call.int("k").map { [$0] } ?? []
    }
    guard k.count == 1 else { throw call.fail(.invalid("k is not one number")) }
    return try importer.emitAll(.topK(k: k[0], axis: axis, largest: largest, pad: nil), [x], for: call)
  }
}
