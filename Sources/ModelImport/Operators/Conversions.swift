import InferenceIR
import TensorTypes

extension OperatorTable {
  /// Other types for the same numbers, and functions of bits.
  static let conversions: [String: Conversion] = [
    "Cast": { (importer, call) throws(ImportError) in
      guard let element = try call.element("to") else { throw call.fail(.invalid("attribute \"to\" is missing")) }
      return [try cast(element, &importer, &call)]
    },
    "CastLike": { (importer, call) throws(ImportError) in
      try [cast(importer.element(of: try call.operand(1)), &importer, &call)]
    },
    "BitCast": { (importer, call) throws(ImportError) in
      guard let element = try call.element("to") else { throw call.fail(.invalid("attribute \"to\" is missing")) }
      return [try importer.emit(.bitcast(element), try call.operand(0), for: call)]
    },
    "BitShift": { (importer, call) throws(ImportError) in
      let direction = try call.string("direction", "")
      guard direction == "LEFT" || direction == "RIGHT" else {
        throw call.fail(.invalid("direction is \"\(direction)\""))
      }
      return [
        try importer.binary(
          direction == "LEFT" ? .shiftLeft : .shiftRight, try call.operand(0), try call.operand(1), call)
      ]
    },
    "BitwiseAnd": bits(.and),
    "BitwiseNot": { (importer, call) throws(ImportError) in
      [try importer.unary(.not, try call.operand(0), call)]
    },
    "BitwiseOr": bits(.or),
    "BitwiseXor": bits(.xor),
  ]

  private static func bits(_ function: BinaryOp) -> Conversion {
    { (importer, call) throws(ImportError) in
      [try importer.binary(function, try call.operand(0), try call.operand(1), call)]
    }
  }

  /// The standard leaves float to integer conversion undefined out of range; ours saturates.
  private static func cast(
    _ element: ElementType, _ importer: inout Importer, _ call: inout Call,
  ) throws(ImportError) -> ValueID {
    let x = try call.operand(0)
    let mode = try call.string("round_mode", "up")
    guard let scale = Narrowing.Scale(rawValue: mode) else {
      throw call.fail(.invalid("round_mode is \"\(mode)\""))
    }
    let saturates = try call.bool("saturate", true)
    if importer.element(of: x) == element { return x }
    // Elsewhere the attributes mean nothing, and equal operations stay equal.
    var narrowing = Narrowing.saturating
    if case .small(let small) = element, small.integers == nil {
      narrowing = Narrowing(saturates: saturates, scale: small == .f8e8m0 ? scale : .up)
    }
    return try importer.emit(.cast(element, narrowing), x, for: call)
  }
}

extension Call {
  /// The element type that an attribute names by its number.
  mutating func element(_ name: String) throws(ImportError) -> ElementType? {
    guard let code = try int(name), code != 0 else { return nil }
    guard let element = OnnxElement.element(Int64(code)) else {
      throw fail(.unsupportedElement(OnnxElement.name(Int64(code))))
    }
    return element
  }
}

extension Importer {
  /// The value itself, or as f32 where its type only stores numbers.
  mutating func computable(_ x: ValueID, _ call: Call) throws(ImportError) -> ValueID {
    element(of: x).isSmall ? try emit(.cast(.f32), x, for: call) : x
  }
}
