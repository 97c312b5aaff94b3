/// Reads the body of the typed endpoint, one JSON object with the request's fields, into a frame.
package enum TypedRequestReader {
  /// Reads one request; every field must be there once, in any order, and nothing else.
  package static func read(
    _ body: UnsafeRawBufferPointer, into frame: RequestFrame,
  ) throws(RequestError) {
    frame.reset(bodyBytes: body.count)
    var json = JSONReader(body)
    do { try json.beginObject() } catch { throw RequestError(error) }
    var seen = FieldSet(count: frame.schema.fields.count)
    var next = 0
    var isFirst = true
    while let key = try nextKey(&json, isFirst: isFirst) {
      isFirst = false
      guard let index = frame.schema.index(of: key, hint: next) else {
        throw RequestError(400, "unknown field", field: key.string)
      }
      guard seen.insert(index) else {
        throw RequestError(400, "the field is given twice", field: frame.schema.fields[index].name)
      }
      try readField(index, &json, frame)
      next = index + 1
    }
    do { try json.end() } catch { throw RequestError(error) }
    for (index, field) in frame.schema.fields.enumerated() where !field.isOptional && !frame.isPresent[index] {
      throw RequestError(400, "the field is missing", field: field.name)
    }
    try frame.fillAbsent()
  }

  private static func nextKey(_ json: inout JSONReader, isFirst: Bool) throws(RequestError) -> JSONText? {
    do { return try json.nextKey(isFirst: isFirst) } catch { throw RequestError(error) }
  }

  private static func readField(
    _ index: Int, _ json: inout JSONReader, _ frame: RequestFrame,
  ) throws(RequestError) {
    let field = frame.schema.fields[index]
    if field.isOptional {
      do { if try json.takeNull() { return } } catch { throw RequestError(error) }
    }
    let memory = try frame.reserve(index, count: field.maximumCount)
    var reader = NestedTensorReader(field: field, frame: frame, json: json)
    do {
      try field.withElements(at: memory, of: frame, &reader)
    } catch {
      throw error.requestError(field.name)
    }
    json = reader.json
    frame.isPresent[index] = true
    try check(field, index, memory, frame)
  }

  private static func check(
    _ field: RequestSchema.Field, _ index: Int, _ memory: UnsafeRawPointer, _ frame: RequestFrame,
  ) throws(RequestError) {
    guard let (flat, message) = field.violation(in: memory, count: frame.count(index)) else { return }
    var path: [Int] = []
    var rest = flat
    for axis in field.axes.reversed() {
      let extent = max(1, frame.extent(axis))
      path.insert(rest % extent, at: 0)
      rest /= extent
    }
    throw RequestError(400, message, field: fieldPath(field.name, path))
  }
}

/// Which fields of an object were seen, given or null: a bit each, the first 64 without an allocation.
struct FieldSet {
  private var first: UInt64 = 0
  private var rest: [UInt64]

  init(count: Int) { rest = count > 64 ? Array(repeating: 0, count: (count - 1) / 64) : [] }

  /// Adds a field; false when it was there.
  mutating func insert(_ index: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(index % 64)
    if index < 64 {
      defer { first |= bit }
      return first & bit == 0
    }
    defer { rest[index / 64 - 1] |= bit }
    return rest[index / 64 - 1] & bit == 0
  }
}

/// `candidates[3]`.
func fieldPath(_ name: String, _ path: [Int]) -> String {
  path.reduce(name) { "\($0)[\($1)]" }
}

extension ValueError {
  /// The answer for this error in the field `name`.
  func requestError(_ name: String) -> RequestError {
    switch problem {
    case .json(let error): RequestError(400, error.description, field: fieldPath(name, path))
    case .count(let expected, let got):
      RequestError(400, "expected \(expected), got \(got)", field: fieldPath(name, path))
    }
  }
}
