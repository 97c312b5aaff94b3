/// A strict reader of RFC 8259 documents over bytes that it neither copies nor owns.
///
/// The caller asks for what it expects next; nothing is built for what it did not ask for, and reading a number or
/// a string allocates nothing. Numbers are in `JSONReader+Numbers.swift`, strings in `JSONReader+Strings.swift`.
package struct JSONReader {
  /// Deepest nesting of arrays and objects that is followed.
  package static let maximumDepth = 64

  let base: UnsafePointer<UInt8>
  let count: Int
  package internal(set) var offset = 0

  /// Reads `bytes`, which must outlive the reader and every `JSONText` taken from it.
  package init(_ bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress {
      base = start.assumingMemoryBound(to: UInt8.self)
      count = bytes.count
    } else {
      base = Self.empty
      count = 0
    }
  }

  /// Somewhere to point when there are no bytes; never read, because `count` is 0.
  nonisolated(unsafe) private static let empty = UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

  /// The byte at the current place, 0 (which no token begins with) at the end.
  @inline(__always)
  var byte: UInt8 { offset < count ? base[offset] : 0 }

  /// The first byte of the next token, after white space.
  @inline(__always)
  package mutating func peek() -> UInt8 {
    let first = byte
    if first > 0x20 { return first }
    skipWhitespace()
    return byte
  }

  private mutating func skipWhitespace() {
    while offset < count {
      switch base[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  /// Takes `token` if it comes next.
  @inline(__always)
  package mutating func take(_ token: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(truncatingIfNeeded: token.value) else { return false }
    offset += 1
    return true
  }

  /// Takes the opening brace of an object.
  package mutating func beginObject() throws(JSONError) {
    guard take("{") else { throw mismatch(.object) }
  }

  /// Takes the opening bracket of an array.
  @inline(__always)
  package mutating func beginArray() throws(JSONError) {
    guard take("[") else { throw mismatch(.array) }
  }

  /// Moves to the next member of an object: its key, the colon taken; nil at the closing brace.
  package mutating func nextKey(isFirst: Bool) throws(JSONError) -> JSONText? {
    if isFirst {
      if take("}") { return nil }
    } else if !take(",") {
      guard take("}") else { throw syntax(.commaOrBrace) }
      return nil
    }
    guard peek() == UInt8(ascii: "\"") else { throw syntax(.string) }
    let key = try string()
    guard take(":") else { throw syntax(.colon) }
    return key
  }

  /// Moves to the next element of an array; false at the closing bracket.
  @inline(__always)
  package mutating func nextElement(isFirst: Bool) throws(JSONError) -> Bool {
    if isFirst { return !take("]") }
    if take(",") { return true }
    guard take("]") else { throw syntax(.commaOrBracket) }
    return false
  }

  /// Takes `true` or `false`.
  package mutating func boolean() throws(JSONError) -> Bool {
    switch peek() {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default: throw mismatch(.boolean)
    }
  }

  /// Takes `null` if it comes next.
  package mutating func takeNull() throws(JSONError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    try literal("null")
    return true
  }

  private mutating func literal(_ text: StaticString) throws(JSONError) {
    let length = text.utf8CodeUnitCount
    guard count - offset >= length else { throw syntax(.value) }
    for index in 0..<length where base[offset + index] != text.utf8Start[index] { throw syntax(.value) }
    offset += length
  }

  /// Passes over one value of any type, checking its grammar.
  package mutating func skipValue(depth: Int = 0) throws(JSONError) {
    guard depth <= Self.maximumDepth else { throw JSONError(.tooDeep, at: offset) }
    switch try nextType() {
    case .object:
      try beginObject()
      var isFirst = true
      while try nextKey(isFirst: isFirst) != nil {
        isFirst = false
        try skipValue(depth: depth + 1)
      }
    case .array:
      try beginArray()
      var isFirst = true
      while try nextElement(isFirst: isFirst) {
        isFirst = false
        try skipValue(depth: depth + 1)
      }
    case .string: _ = try string()
    case .boolean: _ = try boolean()
    case .null: _ = try takeNull()
    default: _ = try decimal()
    }
  }

  /// Checks that nothing but white space is left.
  package mutating func end() throws(JSONError) {
    _ = peek()
    guard offset == count else { throw syntax(.end) }
  }

  /// The type of the next value, by its first byte.
  package mutating func nextType() throws(JSONError) -> JSONError.ValueType {
    switch peek() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw syntax(.value)
    }
  }

  func syntax(_ expectation: JSONError.Expectation) -> JSONError { JSONError(.syntax(expectation), at: offset) }

  /// The error for a next value that is not of the type asked for.
  @inline(never)
  mutating func mismatch(_ expected: JSONError.ValueType) -> JSONError {
    do {
      return JSONError(.type(expected: expected, found: try nextType()), at: offset)
    } catch {
      return error
    }
  }
}
