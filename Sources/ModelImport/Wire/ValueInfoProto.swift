/// `onnx.ValueInfoProto`: a name and a type.
struct ValueInfoProto: Sendable {
  var name = ""
  /// Nil when it is not given.
  var type: TypeProto?

  /// Nil without a type, or for one that is not a dense tensor.
  var tensor: TensorTypeProto? {
    if case .tensor(let tensor) = type { return tensor }
    return nil
  }

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2:
        var message = try reader.message(field, "type")
        type = try TypeProto(&message)
      default: try reader.skip(field)
      }
    }
  }
}

/// `onnx.TypeProto`.
indirect enum TypeProto: Sendable {
  case tensor(TensorTypeProto)
  case sequence(TypeProto)
  case optional(TypeProto)
  /// Maps, sparse and opaque tensors, or nothing.
  case other

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    self = .other
    while let field = try reader.next() {
      switch field.number {
      case 1:
        var message = try reader.message(field, "tensor_type")
        self = .tensor(try TensorTypeProto(&message))
      case 4:
        var message = try reader.message(field, "sequence_type")
        self = .sequence(try Self.element(&message))
      case 9:
        var message = try reader.message(field, "optional_type")
        self = .optional(try Self.element(&message))
      default: try reader.skip(field)
      }
    }
  }

  /// `elem_type` of a sequence or an optional.
  private static func element(_ reader: inout WireReader) throws(WireReader.Failure) -> TypeProto {
    var element = TypeProto.other
    while let field = try reader.next() {
      if field.number == 1 {
        var message = try reader.message(field, "elem_type")
        element = try TypeProto(&message)
      } else {
        try reader.skip(field)
      }
    }
    return element
  }
}

/// `onnx.TypeProto.Tensor`.
struct TensorTypeProto: Sendable {
  /// One dimension: a size, a name, or neither.
  struct Dimension: Sendable {
    var size: Int64?
    var name = ""
  }

  var elementType: Int64 = 0
  /// Nil when even the rank is unknown.
  var dims: [Dimension]?

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: elementType = try reader.integer(field)
      case 2:
        var message = try reader.message(field, "shape")
        dims = try Self.shape(&message)
      default: try reader.skip(field)
      }
    }
  }

  private static func shape(_ reader: inout WireReader) throws(WireReader.Failure) -> [Dimension] {
    var dims: [Dimension] = []
    while let field = try reader.next() {
      guard field.number == 1 else {
        try reader.skip(field)
        continue
      }
      var message = try reader.message(field, "dim", index: dims.count)
      var dim = Dimension()
      while let part = try message.next() {
        switch part.number {
        case 1: dim.size = try message.integer(part)
        case 2: dim.name = try message.string(part)
        default: try message.skip(part)
        }
      }
      dims.append(dim)
    }
    return dims
  }
}
