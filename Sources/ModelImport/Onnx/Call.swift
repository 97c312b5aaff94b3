import InferenceIR
import TensorTypes

/// One node as its operator's conversion sees it: resolved operands, and attributes that must all be read.
struct Call {
  let file: String
  let operation: String
  let domain: String
  /// The opset version that gives the node its meaning.
  let version: Int
  let name: String
  let origin: String
  /// Nil for an optional operand that is left out.
  let values: [Imported?]
  /// The operands of an operator of tensors.
  let operands: [ValueID?]
  /// Empty for an output that nobody names.
  let outputs: [String]
  private let attributes: [String: AttributeProto]
  private let text: MappedFile
  private var unread: Set<String>

  init(
    _ node: NodeProto, version: Int, graph: String, file: MappedFile, values: [Imported?],
    attributes: [AttributeProto],
  ) throws(ImportError) {
    let named = node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? "" : node.name
    self.file = file.path
    text = file
    operation = node.operation
    domain = node.domain
    self.version = version
    name = named
    origin = "\(graph) node \"\(named)\" (\(node.operation))"
    self.values = values
    operands = values.map { $0?.tensor }
    outputs = node.outputs
    var table: [String: AttributeProto] = [:]
    for attribute in attributes where table.updateValue(attribute, forKey: attribute.name) != nil {
      throw ImportError(
        file: file.path, .node(name: named, operation: node.operation),
        .invalid("attribute \"\(attribute.name)\" is given twice"))
    }
    self.attributes = table
    unread = Set(table.keys)
  }

  func fail(_ kind: ImportError.Kind) -> ImportError {
    ImportError(file: file, .node(name: name, operation: operation), kind)
  }

  // MARK: Operands

  /// The operand, which must be there.
  func operand(_ index: Int) throws(ImportError) -> ValueID {
    guard let id = optional(index) else { throw fail(.invalid("operand \(index) is missing")) }
    return id
  }

  /// The operand, or nil when it is left out.
  func optional(_ index: Int) -> ValueID? { operands.indices.contains(index) ? operands[index] : nil }

  /// The operand of an operator of sequences or optionals.
  func value(_ index: Int) throws(ImportError) -> Imported {
    guard values.indices.contains(index), let value = values[index] else {
      throw fail(.invalid("operand \(index) is missing"))
    }
    return value
  }

  /// All operands of a variadic operator.
  func variadic() throws(ImportError) -> [ValueID] {
    guard !operands.isEmpty else { throw fail(.invalid("it has no operands")) }
    var all: [ValueID] = []
    for index in operands.indices { all.append(try operand(index)) }
    return all
  }

  /// Refuses a node whose output `index` somebody may read.
  func requireUnused(output index: Int) throws(ImportError) {
    if outputs.indices.contains(index), !outputs[index].isEmpty {
      throw fail(.unsupported("output \(index), \"\(outputs[index])\""))
    }
  }

  // MARK: Attributes

  mutating func has(_ name: String) -> Bool { attributes[name] != nil }

  mutating func int(_ name: String) throws(ImportError) -> Int? {
    guard let attribute = read(name) else { return nil }
    // A zero is not written by some encoders.
    guard let value = attribute.integer ?? (attribute.type == 2 ? 0 : nil) else { throw mistyped(name, "an integer") }
    return Int(value)
  }

  mutating func int(_ name: String, _ absent: Int) throws(ImportError) -> Int { try int(name) ?? absent }

  mutating func bool(_ name: String, _ absent: Bool) throws(ImportError) -> Bool {
    try int(name).map { $0 != 0 } ?? absent
  }

  mutating func float(_ name: String) throws(ImportError) -> Float? {
    guard let attribute = read(name) else { return nil }
    guard let value = attribute.float ?? (attribute.type == 1 ? 0 : nil) else { throw mistyped(name, "a float") }
    return value
  }

  mutating func float(_ name: String, _ absent: Float) throws(ImportError) -> Double {
    Double(try float(name) ?? absent)
  }

  mutating func string(_ name: String) throws(ImportError) -> String? {
    guard let attribute = read(name) else { return nil }
    guard let range = attribute.string else {
      if attribute.type == 3 { return "" }
      throw mistyped(name, "a string")
    }
    return String(decoding: text.bytes[range], as: UTF8.self)
  }

  mutating func string(_ name: String, _ absent: String) throws(ImportError) -> String {
    try string(name) ?? absent
  }

  mutating func ints(_ name: String) throws(ImportError) -> [Int]? {
    guard let attribute = read(name) else { return nil }
    if attribute.integer != nil || !attribute.floats.isEmpty { throw mistyped(name, "integers") }
    return attribute.integers.map { Int($0) }
  }

  mutating func floats(_ name: String) throws(ImportError) -> [Float]? {
    guard let attribute = read(name) else { return nil }
    if attribute.float != nil || !attribute.integers.isEmpty { throw mistyped(name, "floats") }
    return attribute.floats
  }

  /// The body of control flow.
  mutating func body(_ name: String) throws(ImportError) -> GraphProto {
    guard let body = try optionalBody(name) else { throw fail(.invalid("attribute \"\(name)\" is missing")) }
    return body
  }

  mutating func optionalBody(_ name: String) throws(ImportError) -> GraphProto? {
    guard let attribute = read(name) else { return nil }
    guard attribute.graphs.count == 1 else { throw mistyped(name, "a graph") }
    return attribute.graphs[0]
  }

  /// Strings as bytes.
  mutating func strings(_ name: String) throws(ImportError) -> [[UInt8]]? {
    guard let attribute = read(name) else { return nil }
    return attribute.strings.map { Array(text.bytes[$0]) }
  }

  mutating func tensor(_ name: String) throws(ImportError) -> TensorProto? {
    guard let attribute = read(name) else { return nil }
    guard let tensor = attribute.tensor else { throw mistyped(name, "a tensor") }
    return tensor
  }

  /// An attribute that says nothing about results.
  mutating func ignore(_ names: String...) { unread.subtract(names) }

  /// Refuses attributes that the conversion did not look at: nothing in a model is silently ignored.
  func requireAllRead() throws(ImportError) {
    if let name = unread.min() { throw fail(.unsupportedAttribute("attribute \"\(name)\"")) }
  }

  private mutating func read(_ name: String) -> AttributeProto? {
    unread.remove(name)
    return attributes[name]
  }

  private func mistyped(_ name: String, _ expected: String) -> ImportError {
    fail(.invalid("attribute \"\(name)\" is not \(expected)"))
  }
}
