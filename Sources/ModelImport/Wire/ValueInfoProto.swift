/// `onnx.ValueInfoProto`: a name and a type.
struct ValueInfoProto {
  var name = ""
  /// Nil without a type, or for one that is not a dense tensor (sequences, maps, optionals).
  var tensor: TensorTypeProto?

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2:
        var message = try reader.message(field, "type")
        while let part = try message.next() {
          if part.number == 1 {
            var inner = try message.message(part, "tensor_type")
            tensor = try TensorTypeProto(&inner)
          } else {
            try message.skip(part)
          }
        }
      default: try reader.skip(field)
      }
    }
  }
}

/// `onnx.TypeProto.Tensor`.
struct TensorTypeProto {
  /// One dimension: a size, a name, or neither.
  struct Dimension {
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
