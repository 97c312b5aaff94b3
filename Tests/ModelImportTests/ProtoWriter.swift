import ModelImport

/// Writes protobuf's wire format: enough to build ONNX models, sound and unsound, in tests.
struct ProtoWriter {
  var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func tag(_ number: Int, _ type: Int) { varint(UInt64(number << 3 | type)) }

  mutating func int(_ number: Int, _ value: Int64) {
    tag(number, 0)
    varint(UInt64(bitPattern: value))
  }

  mutating func float(_ number: Int, _ value: Float) {
    tag(number, 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func data(_ number: Int, _ value: [UInt8]) {
    tag(number, 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func string(_ number: Int, _ value: String) { data(number, Array(value.utf8)) }

  mutating func message(_ number: Int, _ body: (inout ProtoWriter) -> Void) {
    var inner = ProtoWriter()
    body(&inner)
    data(number, inner.bytes)
  }
}

/// Builds a model file in memory.
struct ModelBuilder {
  var opsets: [(String, Int64)] = [("", 17)]
  private var graph = ProtoWriter()

  indirect enum Attribute {
    case int(Int64)
    case ints([Int64])
    case float(Float)
    case floats([Float])
    case string(String)
    case strings([String])
    case tensor([Int64], [Float])
    case graph
    case body(ModelBuilder)
  }

  /// Dimensions as numbers, names, or `?` for unknown.
  mutating func input(_ name: String, _ dims: [String], element: Int64 = 1) { port(11, name, dims, element) }
  mutating func output(_ name: String, _ dims: [String], element: Int64 = 1) { port(12, name, dims, element) }

  /// An output of unknown type.
  mutating func output(_ name: String) { graph.message(12) { $0.string(1, name) } }

  private mutating func port(_ number: Int, _ name: String, _ dims: [String], _ element: Int64) {
    graph.message(number) { info in
      info.string(1, name)
      info.message(2) { type in
        type.message(1) { tensor in
          tensor.int(1, element)
          tensor.message(2) { shape in
            for dim in dims {
              shape.message(1) { part in
                if let size = Int64(dim) { part.int(1, size) } else if dim != "?" { part.string(2, dim) }
              }
            }
          }
        }
      }
    }
  }

  mutating func floats(_ name: String, _ dims: [Int64], _ values: [Float]) {
    graph.message(5) { Self.tensor(&$0, name, dims, values) }
  }

  mutating func ints(_ name: String, _ dims: [Int64], _ values: [Int64]) {
    initializer { tensor in
      for dim in dims { tensor.int(1, dim) }
      tensor.int(2, 7)
      tensor.string(8, name)
      tensor.data(9, values.withUnsafeBytes { Array($0) })
    }
  }

  mutating func initializer(_ body: (inout ProtoWriter) -> Void) { graph.message(5, body) }

  static func tensor(_ writer: inout ProtoWriter, _ name: String, _ dims: [Int64], _ values: [Float]) {
    for dim in dims { writer.int(1, dim) }
    writer.int(2, 1)
    writer.string(8, name)
    writer.data(9, values.withUnsafeBytes { Array($0) })
  }

  mutating func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    _ attributes: [(String, Attribute)] = [],
  ) {
    graph.message(1) { node in
      for input in inputs { node.string(1, input) }
      for output in outputs { node.string(2, output) }
      if !name.isEmpty { node.string(3, name) }
      node.string(4, operation)
      if !domain.isEmpty { node.string(7, domain) }
      for (name, value) in attributes { node.message(5) { Self.attribute(&$0, name, value) } }
    }
  }

  private static func attribute(_ writer: inout ProtoWriter, _ name: String, _ value: Attribute) {
    writer.string(1, name)
    switch value {
    case .int(let number): writer.int(3, number)
    case .ints(let numbers): for number in numbers { writer.int(8, number) }
    case .float(let number): writer.float(2, number)
    case .floats(let numbers): for number in numbers { writer.float(7, number) }
    case .string(let text): writer.string(4, text)
    case .strings(let texts): for text in texts { writer.string(9, text) }
    case .tensor(let dims, let values): writer.message(5) { tensor(&$0, "", dims, values) }
    case .graph: writer.message(6) { _ in }
    case .body(let body): writer.data(6, body.graph.bytes)
    }
  }

  var bytes: [UInt8] {
    var model = ProtoWriter()
    model.int(1, 8)
    model.data(7, graph.bytes)
    for (domain, version) in opsets {
      model.message(8) {
        if !domain.isEmpty { $0.string(1, domain) }
        $0.int(2, version)
      }
    }
    return model.bytes
  }
}
