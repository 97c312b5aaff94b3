/// `onnx.ModelProto`, as far as importing needs it. Field numbers are those of onnx/onnx.proto.
struct ModelProto {
  var irVersion: Int64 = 0
  var opsets: [(domain: String, version: Int64)] = []
  var functions: [FunctionProto] = []
  var graph: GraphProto?

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: irVersion = try reader.integer(field)
      case 7:
        guard graph == nil else { throw reader.failure("a second graph", at: field.offset) }
        var message = try reader.message(field, "graph")
        graph = try GraphProto(&message)
      case 8:
        var message = try reader.message(field, "opset_import", index: opsets.count)
        opsets.append(try Self.opset(&message))
      case 25:
        var message = try reader.message(field, "functions", index: functions.count)
        functions.append(try FunctionProto(&message))
      default: try reader.skip(field)
      }
    }
  }

  static func opset(_ reader: inout WireReader) throws(WireReader.Failure) -> (domain: String, version: Int64) {
    var (domain, version) = ("", 0 as Int64)
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try reader.string(field)
      case 2: version = try reader.integer(field)
      default: try reader.skip(field)
      }
    }
    return (domain, version)
  }
}

/// `onnx.GraphProto`.
struct GraphProto: Sendable {
  var name = ""
  var nodes: [NodeProto] = []
  var initializers: [TensorProto] = []
  var inputs: [ValueInfoProto] = []
  var outputs: [ValueInfoProto] = []
  var hasSparseInitializers = false

  /// The names that its nodes read and its outputs name.
  var reads: [String] { nodes.flatMap(\.reads) + outputs.map(\.name) }

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1:
        var message = try reader.message(field, "node", index: nodes.count)
        nodes.append(try NodeProto(&message))
      case 2: name = try reader.string(field)
      case 5:
        var message = try reader.message(field, "initializer", index: initializers.count)
        initializers.append(try TensorProto(&message))
      case 11:
        var message = try reader.message(field, "input", index: inputs.count)
        inputs.append(try ValueInfoProto(&message))
      case 12:
        var message = try reader.message(field, "output", index: outputs.count)
        outputs.append(try ValueInfoProto(&message))
      case 15:
        hasSparseInitializers = true
        try reader.skip(field)
      default: try reader.skip(field)
      }
    }
  }
}

/// `onnx.NodeProto`.
struct NodeProto: Sendable {
  var inputs: [String] = []
  var outputs: [String] = []
  var name = ""
  var operation = ""
  var domain = ""
  var attributes: [AttributeProto] = []
  /// Tells functions of one name apart.
  var overload = ""

  /// The names that it reads, those that its bodies read from outside among them; some may be the bodies' own.
  var reads: [String] { inputs + attributes.flatMap(\.graphs).flatMap(\.reads) }

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.string(field))
      case 2: outputs.append(try reader.string(field))
      case 3: name = try reader.string(field)
      case 4: operation = try reader.string(field)
      case 5:
        var message = try reader.message(field, "attribute", index: attributes.count)
        attributes.append(try AttributeProto(&message))
      case 7: domain = try reader.string(field)
      case 8: overload = try reader.string(field)
      default: try reader.skip(field)
      }
    }
  }
}

/// `onnx.FunctionProto`: a node's definition in terms of other nodes.
struct FunctionProto: Sendable {
  var name = ""
  var domain = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String] = []
  var defaults: [AttributeProto] = []
  var nodes: [NodeProto] = []
  var opsets: [(domain: String, version: Int64)] = []

  init(_ reader: inout WireReader) throws(WireReader.Failure) {
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 4: inputs.append(try reader.string(field))
      case 5: outputs.append(try reader.string(field))
      case 6: attributes.append(try reader.string(field))
      case 7:
        var message = try reader.message(field, "node", index: nodes.count)
        nodes.append(try NodeProto(&message))
      case 9:
        var message = try reader.message(field, "opset_import", index: opsets.count)
        opsets.append(try ModelProto.opset(&message))
      case 10: domain = try reader.string(field)
      case 11:
        var message = try reader.message(field, "attribute_proto", index: defaults.count)
        defaults.append(try AttributeProto(&message))
      case 13: overload = try reader.string(field)
      default: try reader.skip(field)
      }
    }
  }
}
