internal import OpenInferenceProtocol
internal import TensorTypes

/// Gathers the answers of several requests into one tensor a response field, the request outermost.
final class ResponseStaging {
  private let schema: ResponseSchema
  private let memory: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer>
  private var capacities: [Int]

  init(_ schema: ResponseSchema) {
    self.schema = schema
    let fields = max(1, schema.fields.count)
    memory = .allocate(capacity: fields)
    pointers = .allocate(capacity: fields)
    capacities = Array(repeating: 64, count: fields)
    for field in 0..<fields {
      (memory + field).initialize(to: .allocate(byteCount: 64, alignment: 16))
      (pointers + field).initialize(to: UnsafeRawPointer(memory[field]))
    }
  }

  deinit {
    for field in capacities.indices { memory[field].deallocate() }
    memory.deallocate()
    pointers.deallocate()
  }

  /// Makes room for `rows` answers of the given dimensions.
  func reserve(rows: Int, dims: UnsafePointer<Int64>) {
    for (index, field) in schema.fields.enumerated() {
      let bytes = rows * field.count(dims) * field.element.byteCount
      if bytes <= capacities[index] { continue }
      memory[index].deallocate()
      memory[index] = .allocate(byteCount: bytes, alignment: 16)
      pointers[index] = UnsafeRawPointer(memory[index])
      capacities[index] = bytes
    }
  }

  /// Copies one request's answer to place `row`, which `reserve` made room for.
  func set(row: Int, from values: UnsafePointer<UnsafeRawPointer>, dims: UnsafePointer<Int64>) {
    for (index, field) in schema.fields.enumerated() {
      let bytes = field.count(dims) * field.element.byteCount
      (memory[index] + row * bytes).copyMemory(from: values[index], byteCount: bytes)
    }
  }

  /// What was gathered.
  func values(rows: Int, dims: UnsafePointer<Int64>) -> ResponseValues {
    ResponseValues(fields: UnsafePointer(pointers), dims: dims, rows: rows)
  }
}
