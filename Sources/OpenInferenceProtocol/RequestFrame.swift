internal import CPlanABI
internal import Glibc
internal import PlanFormat
internal import TensorTypes

/// The values of one call's requests, as the reader leaves them: per field a dense row-major tensor whose outermost
/// dimension is the request, and the values of the symbolic dimensions.
///
/// A frame belongs to one executor and is used again for every call, so that reading allocates only when a call is
/// larger than all before it. Pointers taken from it hold until the next `reset`.
package final class RequestFrame {
  package let schema: RequestSchema
  /// Requests in the call.
  package private(set) var rows = 1
  /// A value for each of `schema.symbols`; -1 for one that no field has told.
  package let dims: UnsafeMutablePointer<Int64>
  /// Whether each field was given.
  package let isPresent: UnsafeMutablePointer<Bool>

  /// Memory of one field's values.
  private struct Slot {
    var base: UnsafeMutableRawPointer?
    var capacity = 0
  }

  private let slots: UnsafeMutablePointer<Slot>
  private var text: UnsafeMutablePointer<UInt8>?
  private var textCapacity = 0
  private var textCount = 0

  /// Alignment of every tensor, for the kernels' vector loads.
  private static let alignment = 64

  package init(_ schema: RequestSchema) {
    self.schema = schema
    // At least one of each, so that the pointers are good for plans without symbols or fields.
    dims = .allocate(capacity: max(1, schema.symbols.count))
    dims.initialize(repeating: -1, count: max(1, schema.symbols.count))
    isPresent = .allocate(capacity: max(1, schema.fields.count))
    isPresent.initialize(repeating: false, count: max(1, schema.fields.count))
    slots = .allocate(capacity: max(1, schema.fields.count))
    slots.initialize(repeating: Slot(), count: max(1, schema.fields.count))
  }

  deinit {
    for index in schema.fields.indices { free(slots[index].base) }
    slots.deallocate()
    isPresent.deallocate()
    dims.deallocate()
    text?.deallocate()
  }

  /// Forgets the last call and makes room for the text of a body of `bodyBytes`.
  package func reset(bodyBytes: Int) {
    rows = 1
    for index in schema.symbols.indices { dims[index] = -1 }
    for index in schema.fields.indices { isPresent[index] = false }
    textCount = 0
    if schema.hasText, textCapacity < bodyBytes {
      text?.deallocate()
      text = .allocate(capacity: bodyBytes)
      textCapacity = bodyBytes
    }
  }

  /// Number of a field's elements in one request, by the dimensions told so far.
  package func count(_ field: Int) -> Int {
    var product = 1
    for axis in schema.fields[field].axes { product *= extent(axis) }
    return product
  }

  /// The value of a dimension; 0 for a symbol not told.
  package func extent(_ axis: RequestSchema.Axis) -> Int {
    switch axis {
    case .constant(let value): value
    case .symbol(let index): max(0, Int(dims[index]))
    }
  }

  /// All values of a field, `rows` x `count(field)` of them.
  package func bytes(_ field: Int) -> UnsafeRawBufferPointer {
    let size = rows * count(field) * schema.fields[field].element.byteCount
    return UnsafeRawBufferPointer(start: slots[field].base, count: slots[field].base == nil ? 0 : size)
  }

  /// Sets the number of requests in the call.
  func setRows(_ count: Int) { rows = count }

  /// Memory for `count` elements of a field; what it held before is lost.
  func reserve(_ field: Int, count: Int) throws(RequestError) -> UnsafeMutableRawPointer {
    let bytes = max(1, count) * schema.fields[field].element.byteCount
    if slots[field].capacity < bytes {
      free(slots[field].base)
      slots[field] = Slot()
      guard let memory = aligned_alloc(Self.alignment, (bytes + Self.alignment - 1) & -Self.alignment) else {
        throw RequestError(500, "out of memory")
      }
      slots[field] = Slot(base: memory, capacity: bytes)
    }
    guard let base = slots[field].base else { throw RequestError(500, "out of memory") }
    return base
  }

  /// Copies a string's bytes into the frame; escapes only shrink, so the body's size is room enough.
  func keep(_ value: JSONText) -> serve_string {
    guard let text, value.count <= textCapacity - textCount else { return serve_string(bytes: nil, length: 0) }
    let start = text + textCount
    if value.isEscaped {
      textCount += value.copy(to: start)
    } else {
      start.update(from: value.start, count: value.count)
      textCount += value.count
    }
    return serve_string(bytes: start, length: UInt64(text + textCount - start))
  }

  /// Gives every absent field zeros, and every symbol that no field told its least value.
  func fillAbsent() throws(RequestError) {
    for index in schema.symbols.indices where dims[index] < 0 { dims[index] = Int64(schema.symbols[index].minimum) }
    for index in schema.fields.indices where !isPresent[index] {
      let count = rows * count(index)
      memset(try reserve(index, count: count), 0, count * schema.fields[index].element.byteCount)
    }
  }
}
