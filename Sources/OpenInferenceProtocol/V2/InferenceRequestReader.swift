internal import PlanFormat

/// Reads an inference request with JSON data into a frame; every tensor leads with the number of requests in the call.
package struct InferenceRequestReader {
  private let model: String
  private let frame: RequestFrame
  private let response: ResponseSchema
  private let maximumRows: Int
  /// The input that told the number of requests or a symbol's value, for messages.
  private var tellers: [Int: String] = [:]
  private var rowsTeller: String?

  /// Reads requests for `model` into `frame`; a call may hold up to `maximumRows` requests.
  package init(model: String, frame: RequestFrame, response: ResponseSchema, maximumRows: Int) {
    self.model = model
    self.frame = frame
    self.response = response
    self.maximumRows = maximumRows
  }

  /// Reads one call. The order of the checks is Triton's: names, datatypes, number of requests, shapes, values.
  package mutating func read(_ body: UnsafeRawBufferPointer) throws(RequestError) -> InferenceRequest {
    frame.reset(bodyBytes: body.count)
    let parsed = try ParsedInferenceRequest(body)
    let inputs = try match(parsed.inputs)
    let outputs = try select(parsed.outputs)
    for (index, input) in inputs { try checkDatatype(input, index) }
    for (_, input) in inputs { try takeRows(input) }
    for (index, input) in inputs { try checkShape(input, index) }
    for (index, input) in inputs { try readData(input, index, limit: body.count) }
    try frame.fillAbsent()
    return InferenceRequest(id: parsed.id, outputs: outputs)
  }

  private typealias Input = ParsedInferenceRequest.Input

  /// The field of each input; every field that is not optional must be among them once.
  private func match(_ inputs: [Input]) throws(RequestError) -> [(Int, Input)] {
    let fields = frame.schema.fields
    var matched: [(Int, Input)] = []
    for input in inputs {
      guard let index = fields.firstIndex(where: { $0.name == input.name }) else {
        throw RequestError(400, "unexpected inference input '\(input.name)' for model '\(model)'", field: input.name)
      }
      guard !matched.contains(where: { $0.0 == index }) else {
        throw RequestError(400, "input '\(input.name)' is given twice for model '\(model)'", field: input.name)
      }
      matched.append((index, input))
    }
    let missing = fields.indices.filter { index in
      !fields[index].isOptional && !matched.contains { $0.0 == index }
    }
    if let first = missing.first {
      throw RequestError(
        400,
        "expected \(fields.count) inputs but got \(inputs.count) inputs for model '\(model)'. "
          + "Got input(s) [\(quoted(inputs.map(\.name)))], but missing required input(s) "
          + "[\(quoted(missing.map { fields[$0].name }))].",
        field: fields[first].name)
    }
    return matched
  }

  private func quoted(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ",") }

  private func select(_ names: [String]?) throws(RequestError) -> [Int]? {
    guard let names, !names.isEmpty else { return nil }
    var indices: [Int] = []
    for name in names {
      guard let index = response.fields.firstIndex(where: { $0.name == name }) else {
        throw RequestError(400, "unexpected inference output '\(name)' for model '\(model)'", field: name)
      }
      guard !indices.contains(index) else {
        throw RequestError(400, "output '\(name)' is asked for twice for model '\(model)'", field: name)
      }
      indices.append(index)
    }
    return indices
  }

  private func checkDatatype(_ input: Input, _ index: Int) throws(RequestError) {
    let expected = frame.schema.fields[index].kind.datatype
    guard input.datatype == expected else {
      throw RequestError(
        400,
        "inference input '\(input.name)' data-type is '\(input.datatype)', but model '\(model)' expects '\(expected)'",
        field: input.name)
    }
  }

  private mutating func takeRows(_ input: Input) throws(RequestError) {
    guard let rows = input.shape.first, rows > 0 else { throw wrongShape(input, "") }
    guard rows <= maximumRows else {
      throw RequestError(
        400, "inference request batch-size must be <= \(maximumRows) for '\(model)'", field: input.name)
    }
    guard rowsTeller == nil || rows == frame.rows else {
      throw RequestError(
        400, "input '\(input.name)' batch size does not match other inputs for '\(model)'", field: input.name)
    }
    rowsTeller = input.name
    frame.setRows(rows)
  }

  private mutating func checkShape(_ input: Input, _ index: Int) throws(RequestError) {
    let axes = frame.schema.fields[index].axes
    guard input.shape.count == axes.count + 1 else { throw wrongShape(input, "") }
    for (axis, extent) in zip(axes, input.shape.dropFirst()) {
      switch axis {
      case .constant(let expected):
        guard extent == expected else { throw wrongShape(input, "") }
      case .symbol(let symbol):
        try takeSymbol(symbol, extent, input)
      }
    }
  }

  private mutating func takeSymbol(_ index: Int, _ extent: Int, _ input: Input) throws(RequestError) {
    let symbol = frame.schema.symbols[index]
    guard extent >= symbol.minimum, extent <= symbol.maximum else {
      throw wrongShape(input, " '\(symbol.name)' is from \(symbol.minimum) to \(symbol.maximum).")
    }
    if let teller = tellers[index], frame.dims[index] != Int64(extent) {
      throw wrongShape(input, " '\(symbol.name)' is \(frame.dims[index]) in input '\(teller)'.")
    }
    frame.dims[index] = Int64(extent)
    tellers[index] = tellers[index] ?? input.name
  }

  private func wrongShape(_ input: Input, _ detail: String) -> RequestError {
    let field = frame.schema.fields.first { $0.name == input.name }
    let expected = ([-1] + (field?.axes ?? []).map(\.published)).map(String.init).joined(separator: ",")
    let got = input.shape.map(String.init).joined(separator: ",")
    return RequestError(
      400,
      "unexpected shape for input '\(input.name)' for model '\(model)'. Expected [\(expected)], got [\(got)].\(detail)",
      field: input.name)
  }

  private func readData(_ input: Input, _ index: Int, limit: Int) throws(RequestError) {
    let field = frame.schema.fields[index]
    let count = frame.rows * frame.count(index)
    // Every element takes at least one byte of the body, so a shape cannot ask for more memory than that.
    guard count <= limit else {
      throw RequestError(400, "input '\(input.name)' has fewer elements than its shape says", field: input.name)
    }
    let memory = try frame.reserve(index, count: count)
    var reader = FlatTensorReader(expected: count, json: input.data)
    do {
      try field.withElements(at: memory, of: frame, &reader)
    } catch {
      throw error.requestError(input.name)
    }
    frame.isPresent[index] = true
    if let (flat, message) = field.violation(in: memory, count: count) {
      throw RequestError(400, message, field: "\(input.name)[\(flat)]")
    }
  }
}

/// Reads a tensor's values in row-major order, however the arrays around them are nested.
private struct FlatTensorReader: TensorReader {
  let expected: Int
  var json: JSONReader
  private var count = 0

  init(expected: Int, json: JSONReader) {
    self.expected = expected
    self.json = json
  }

  mutating func read<R: ElementReader>(_ elements: inout R) throws(ValueError) {
    try read(depth: 0, &elements)
    guard count == expected else { throw ValueError(.count(expected: "\(expected) elements", got: "\(count)")) }
  }

  private mutating func read<R: ElementReader>(depth: Int, _ elements: inout R) throws(ValueError) {
    do throws(JSONError) {
      guard depth <= JSONReader.maximumDepth else { throw JSONError(.tooDeep, at: json.offset) }
      try json.beginArray()
    } catch {
      throw ValueError(.json(error))
    }
    var isFirst = true
    while try hasNext(isFirst) {
      isFirst = false
      if json.peek() == UInt8(ascii: "[") {
        try read(depth: depth + 1, &elements)
        continue
      }
      guard count < expected else { throw ValueError(.count(expected: "\(expected) elements", got: "more")) }
      do { try elements.next(&json) } catch { throw ValueError(.json(error)).inside(count) }
      count += 1
    }
  }

  private mutating func hasNext(_ isFirst: Bool) throws(ValueError) -> Bool {
    do { return try json.nextElement(isFirst: isFirst) } catch { throw ValueError(.json(error)) }
  }
}

extension RequestSchema.Axis {
  /// As metadata and messages give it: -1 for a symbol.
  var published: Int {
    switch self {
    case .constant(let value): value
    case .symbol: -1
    }
  }
}
