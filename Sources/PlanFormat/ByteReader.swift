import TensorTypes

/// Reads little-endian values and never past the end; a wrong length costs an error, not memory.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  /// What is being read, for messages.
  private let section: String

  init(_ bytes: UnsafeRawBufferPointer, section: String) {
    self.bytes = bytes
    self.section = section
  }

  private var remaining: Int { bytes.count - offset }

  func failure(_ problem: String) -> PlanError {
    .invalid(at: "\(section), byte \(offset)", problem: problem)
  }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(PlanError) -> T {
    let size = MemoryLayout<T>.size
    guard remaining >= size else { throw failure("it ends inside a value") }
    defer { offset += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  mutating func boolean() throws(PlanError) -> Bool {
    switch try integer(UInt8.self) {
    case 0: return false
    case 1: return true
    case let other: throw failure("\(other) is no truth value")
    }
  }

  mutating func double() throws(PlanError) -> Double { Double(bitPattern: try integer()) }

  /// A signed 64-bit value that fits `Int`.
  mutating func int() throws(PlanError) -> Int { Int(try integer(Int64.self)) }

  /// An index: 32 bits.
  mutating func index() throws(PlanError) -> Int { Int(try integer(UInt32.self)) }

  mutating func enumeration<T: RawRepresentable<UInt8>>(_ type: T.Type = T.self) throws(PlanError) -> T {
    let raw = try integer(UInt8.self)
    guard let value = T(rawValue: raw) else { throw failure("\(raw) is no \(T.self)") }
    return value
  }

  mutating func element() throws(PlanError) -> ElementType {
    let code = try integer(UInt8.self)
    guard let element = ElementType(code: code) else { throw failure("\(code) is no ElementType") }
    return element
  }

  mutating func blob() throws(PlanError) -> [UInt8] {
    let count = try index()
    guard count <= remaining else { throw failure("\(count) bytes are announced and \(remaining) are left") }
    defer { offset += count }
    // A slice would be copied byte by byte.
    return Array(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
  }

  mutating func text() throws(PlanError) -> String {
    let start = offset
    guard let text = String(validating: try blob(), as: UTF8.self) else {
      throw .invalid(at: "\(section), byte \(start)", problem: "the text is not UTF-8")
    }
    return text
  }

  /// `minimum` is the fewest bytes that an element takes: it bounds the memory that a count can ask for.
  mutating func list<T>(
    minimum: Int, _ read: (inout ByteReader) throws(PlanError) -> T,
  ) throws(PlanError) -> [T] {
    let count = try index()
    guard count <= remaining / minimum else {
      throw failure("\(count) elements are announced and \(remaining) bytes are left")
    }
    var values: [T] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  /// Must be called at the end: left-over bytes are a sign of damage.
  func end() throws(PlanError) {
    if remaining != 0 { throw failure("\(remaining) bytes are left over") }
  }
}
