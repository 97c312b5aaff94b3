/// `onnx.AttributeProto`. Which field holds the value is told by the presence of fields, since files of IR version 1
/// carry no type.
struct AttributeProto: Sendable {
  var name = ""
  /// The attribute of the enclosing function that this one repeats.
  var reference = ""
  var float: Float?
  var integer: Int64?
  /// Range of bytes in the file.
  var string: Range<Int>?
  var tensor: TensorProto?
  /// Bodies of control flow: one of `g`, any number of `graphs`.
  var graphs: [GraphProto] = []
  var floats: [Float] = []
  var integers: [Int64] = []
  var strings: [Range<Int>] = []
  var hasTensors = false
  var type: Int64 = 0

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: float = try reader.float(field)
      case 3: integer = try reader.integer(field)
      case 4: string = try reader.range(field)
      case 5:
        var message = try reader.message(field, "t")
        tensor = try TensorProto(&message)
      case 6:
        var message = try reader.message(field, "g")
        graphs = [try GraphProto(&message)]
      case 11:
        var message = try reader.message(field, "graphs", index: graphs.count)
        graphs.append(try GraphProto(&message))
      case 7: try reader.floats(field, into: &floats)
      case 8: try reader.integers(field, into: &integers)
      case 9: strings.append(try reader.range(field))
      case 10, 22, 23:
        hasTensors = true
        try reader.skip(field)
      case 20: type = try reader.integer(field)
      case 21: reference = try reader.string(field)
      default: try reader.skip(field)
      }
    }
  }
}
