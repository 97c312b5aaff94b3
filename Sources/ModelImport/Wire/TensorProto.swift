/// `onnx.TensorProto`: a header, and where its elements are.
struct TensorProto {
  var dims: [Int64] = []
  var dataType: Int64 = 0
  var name = ""
  /// Raw little-endian bytes in this file.
  var raw: Range<Int>?
  /// `float_data` and `double_data`, which are little-endian on the wire too: one range when packed.
  var floats: [Range<Int>] = []
  var doubles: [Range<Int>] = []
  var integers: [Int64] = []
  var strings: [Range<Int>] = []
  var external: [(key: String, value: String)] = []
  var isExternal = false
  /// Where the message begins.
  let offset: Int

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    offset = reader.at
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.integers(field, into: &dims)
      case 2: dataType = try reader.integer(field)
      case 3: throw reader.failure("segmented tensors are not supported", at: field.offset)
      case 4: floats.append(try reader.fixed(field, .fixed32))
      case 5, 7, 11: try reader.integers(field, into: &integers)
      case 6: strings.append(try reader.range(field))
      case 8: name = try reader.string(field)
      case 9: raw = try reader.range(field)
      case 10: doubles.append(try reader.fixed(field, .fixed64))
      case 13:
        var message = try reader.message(field, "external_data", index: external.count)
        external.append(try Self.entry(&message))
      case 14: isExternal = try reader.integer(field) == 1
      default: try reader.skip(field)
      }
    }
  }

  /// `onnx.StringStringEntryProto`.
  private static func entry(_ reader: inout WireReader) throws(WireReader.Failure) -> (key: String, value: String) {
    var (key, value) = ("", "")
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try reader.string(field)
      case 2: value = try reader.string(field)
      default: try reader.skip(field)
      }
    }
    return (key, value)
  }
}
