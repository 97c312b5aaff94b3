/// The form of an inference request: everything but the values of its tensors, whose places are kept.
struct ParsedInferenceRequest {
  /// One element of `inputs`.
  struct Input {
    var name: String
    var shape: [Int]
    var datatype: String
    /// At the first byte of `data`.
    var data: JSONReader
  }

  var id: String?
  var inputs: [Input] = []
  var outputs: [String]?

  /// Parses the document; unknown members of the top level are passed over.
  init(_ body: UnsafeRawBufferPointer) throws(RequestError) {
    var json = JSONReader(body)
    var hasInputs = false
    try json.members { key, json throws(RequestError) in
      switch key {
      case "id": id = try json.text("id")
      case "parameters": try json.parameters(refusing: ["binary_data_output"])
      case "inputs":
        guard !hasInputs else { throw RequestError(400, "'inputs' is given twice") }
        hasInputs = true
        try json.elements { json throws(RequestError) in inputs.append(try Self.input(&json)) }
      case "outputs":
        guard outputs == nil else { throw RequestError(400, "'outputs' is given twice") }
        var names: [String] = []
        try json.elements { json throws(RequestError) in names.append(try Self.output(&json)) }
        outputs = names
      default: try json.skip()
      }
    }
    do { try json.end() } catch { throw RequestError(error) }
    guard hasInputs else { throw RequestError(400, "the request has no 'inputs'", field: "inputs") }
  }

  private static func input(_ json: inout JSONReader) throws(RequestError) -> Input {
    var name: String?
    var shape: [Int]?
    var datatype: String?
    var data: JSONReader?
    try json.members { key, json throws(RequestError) in
      switch key {
      case "name": name = try json.text("name")
      case "datatype": datatype = try json.text("datatype")
      case "shape":
        var extents: [Int] = []
        try json.elements { json throws(RequestError) in
          guard extents.count < 32 else {
            throw RequestError(400, "a shape of more than 32 dimensions", field: "shape")
          }
          extents.append(try json.extent())
        }
        shape = extents
      case "parameters": try json.parameters(refusing: ["binary_data_size", "shared_memory_region"])
      case "data":
        guard data == nil else { throw RequestError(400, "'data' is given twice") }
        data = json
        try json.skipData()
      default: try json.skip()
      }
    }
    guard let name else { throw RequestError(400, "an input has no 'name'", field: "inputs") }
    guard let shape else { throw RequestError(400, "input '\(name)' has no 'shape'", field: name) }
    guard let datatype else { throw RequestError(400, "input '\(name)' has no 'datatype'", field: name) }
    guard let data else { throw RequestError(400, "input '\(name)' has no 'data'", field: name) }
    return Input(name: name, shape: shape, datatype: datatype, data: data)
  }

  private static func output(_ json: inout JSONReader) throws(RequestError) -> String {
    var name: String?
    try json.members { key, json throws(RequestError) in
      switch key {
      case "name": name = try json.text("name")
      case "parameters": try json.parameters(refusing: ["binary_data", "classification", "shared_memory_region"])
      default: try json.skip()
      }
    }
    guard let name else { throw RequestError(400, "an output has no 'name'", field: "outputs") }
    return name
  }
}

/// The small vocabulary that the form is parsed with; its errors are answers.
extension JSONReader {
  fileprivate mutating func members(
    _ body: (String, inout JSONReader) throws(RequestError) -> Void,
  ) throws(RequestError) {
    do { try beginObject() } catch { throw RequestError(error) }
    var isFirst = true
    while let key = try nextMember(isFirst) {
      isFirst = false
      try body(key, &self)
    }
  }

  private mutating func nextMember(_ isFirst: Bool) throws(RequestError) -> String? {
    do { return try nextKey(isFirst: isFirst)?.string } catch { throw RequestError(error) }
  }

  fileprivate mutating func elements(
    _ body: (inout JSONReader) throws(RequestError) -> Void,
  ) throws(RequestError) {
    do { try beginArray() } catch { throw RequestError(error) }
    var isFirst = true
    while try nextItem(isFirst) {
      isFirst = false
      try body(&self)
    }
  }

  private mutating func nextItem(_ isFirst: Bool) throws(RequestError) -> Bool {
    do { return try nextElement(isFirst: isFirst) } catch { throw RequestError(error) }
  }

  fileprivate mutating func skip() throws(RequestError) {
    do { try skipValue(depth: 1) } catch { throw RequestError(error) }
  }

  /// Tensors are read when all is known of them.
  fileprivate mutating func skipData() throws(RequestError) {
    do { try skipUncheckedArray() } catch { throw RequestError(error) }
  }

  fileprivate mutating func text(_ field: String) throws(RequestError) -> String {
    do { return try string().string } catch { throw RequestError(400, error.description, field: field) }
  }

  fileprivate mutating func extent() throws(RequestError) -> Int {
    do {
      return Int(try integer(UInt32.self, .u32))
    } catch {
      throw RequestError(400, "a shape holds something else than whole numbers", field: "shape")
    }
  }

  /// Takes a `parameters` object; those that ask for something not supported are refused, `false` asks for nothing.
  fileprivate mutating func parameters(refusing refused: [String]) throws(RequestError) {
    try members { key, json throws(RequestError) in
      do throws(JSONError) {
        switch try json.nextType() {
        case .boolean:
          if try !json.boolean() { return }
        case .string: _ = try json.string()
        case .number: _ = try json.double()
        default: throw JSONError(.type(expected: .string, found: try json.nextType()), at: json.offset)
        }
      } catch {
        throw RequestError(400, "a parameter is a string, a number or a boolean", field: key)
      }
      if refused.contains(key) { throw RequestError(501, "'\(key)' is not supported", field: key) }
    }
  }
}
