import InferenceIR
import TensorTypes

extension OperatorTable {
  static let pools: [String: Conversion] = [
    "AveragePool": { (importer, call) throws(ImportError) in
      let countsPadding = try call.bool("count_include_pad", false)
      return try pool(.average(countsPadding: countsPadding), &importer, &call)
    },
    "GlobalAveragePool": global { (importer, _, x, axes, call) throws(ImportError) in
      try importer.emit(.reduce(.mean, axes: axes, keepDims: true), x, for: call)
    },
    "GlobalLpPool": global(globalNorm),
    "GlobalMaxPool": global { (importer, _, x, axes, call) throws(ImportError) in
      try importer.emit(.reduce(.maximum, axes: axes, keepDims: true), x, for: call)
    },
    "LpPool": { (importer, call) throws(ImportError) in
      let p = try norm(&call)
      return try pool(.norm(p: p), &importer, &call)
    },
    "MaxPool": { (importer, call) throws(ImportError) in
      let columnMajor = try call.bool("storage_order", false)
      let hasIndices = call.outputs.count > 1 && !call.outputs[1].isEmpty
      return try pool(hasIndices ? .maximumWithIndices(columnMajor: columnMajor) : .maximum, &importer, &call)
    },
  ]

  private static func pool(
    _ function: Pool.Function, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> [ValueID] {
    let x = try call.operand(0)
    let extents = try spatial(importer.shape(of: x), call)
    let attributes = try WindowAttributes(&call, rank: extents.count)
    let window = try attributes.window(over: extents, call)
    let excess = try call.bool("ceil_mode", false) ? attributes.excess(window, over: extents, call) : nil
    return try importer.emitAll(.pool(Pool(function, window: window, excess: excess)), [x], for: call)
  }

  /// The spatial axes of `[batch, channels, spatial…]`.
  static func spatial(_ shape: Shape, _ call: Call) throws(ImportError) -> [Dim] {
    guard shape.rank >= 3 else { throw call.fail(.shape("x has shape \(shape), and needs spatial axes")) }
    return Array(shape.dims[2...])
  }

  /// The exponent, which opset 1 wrote as a float.
  private static func norm(_ call: inout Call) throws(ImportError) -> Int {
    if call.version >= 2 { return try call.int("p", 2) }
    let p = try call.float("p", 2)
    guard let whole = Int(exactly: p) else { throw call.fail(.unsupportedAttribute("p = \(p)")) }
    return whole
  }

  private typealias Global =
    @Sendable (
      inout Importer, inout Call, ValueID, _ axes: [Int], Call,
    ) throws(ImportError) -> ValueID

  private static func global(_ reduce: @escaping Global) -> Conversion {
    { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let extents = try spatial(importer.shape(of: x), call)
      let context = call
      return [try reduce(&importer, &call, x, Array(2..<(2 + extents.count)), context)]
    }
  }

  private static let globalNorm: Global = { (importer, call, x, axes, context) throws(ImportError) in
    let p = try norm(&call)
    switch p {
    case 1: return try importer.emit(.reduce(.l1, axes: axes, keepDims: true), x, for: context)
    case 2: return try importer.emit(.reduce(.l2, axes: axes, keepDims: true), x, for: context)
    default:
      guard p > 0 else { throw call.fail(.invalid("p is \(p)")) }
      let element = importer.element(of: x)
      let size = try importer.unary(.absolute, x, context)
      let powers = try importer.binary(.power, size, importer.scalar(Double(p), element, context), context)
      let sum = try importer.emit(.reduce(.sum, axes: axes, keepDims: true), powers, for: context)
      return try importer.binary(.power, sum, importer.scalar(1 / Double(p), element, context), context)
    }
  }
}
