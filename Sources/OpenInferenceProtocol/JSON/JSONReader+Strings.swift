/// A string of a document: the bytes between its quotes, escapes not yet resolved.
package struct JSONText {
  package let start: UnsafePointer<UInt8>
  package let count: Int
  package let isEscaped: Bool

  /// Compares with UTF-8 bytes.
  @inline(__always)
  package func equals(_ other: [UInt8]) -> Bool {
    if isEscaped { return string.utf8.elementsEqual(other) }
    guard count == other.count else { return false }
    for index in 0..<count where start[index] != other[index] { return false }
    return true
  }

  /// The text with its escapes resolved.
  package var string: String {
    if !isEscaped { return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }
    return String(unsafeUninitializedCapacity: count) { copy(to: $0.baseAddress) }
  }

  /// Writes the text with its escapes resolved, at most `count` bytes, and returns how many; the reader has checked
  /// every escape.
  package func copy(to destination: UnsafeMutablePointer<UInt8>?) -> Int {
    guard let destination else { return 0 }
    var from = 0
    var to = 0
    while from < count {
      let byte = start[from]
      guard byte == UInt8(ascii: "\\") else {
        destination[to] = byte
        from += 1
        to += 1
        continue
      }
      let kind = start[from + 1]
      from += 2
      guard kind == UInt8(ascii: "u") else {
        destination[to] = Self.resolve(kind)
        to += 1
        continue
      }
      var scalar = hex4(at: from)
      from += 4
      if scalar & 0xFC00 == 0xD800 {
        scalar = 0x10000 + ((scalar & 0x3FF) << 10 | hex4(at: from + 2) & 0x3FF)
        from += 6
      }
      to += Self.encode(scalar, at: destination + to)
    }
    return to
  }

  private func hex4(at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for digit in index..<index + 4 { value = value << 4 | UInt32(hexValue(start[digit]) ?? 0) }
    return value
  }

  private static func resolve(_ kind: UInt8) -> UInt8 {
    switch kind {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: kind
    }
  }

  private static func encode(_ scalar: UInt32, at out: UnsafeMutablePointer<UInt8>) -> Int {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | scalar >> shift & 0x3F) }
    switch scalar {
    case 0..<0x80:
      out[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    case 0x80..<0x800:
      out[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
      out[1] = tail(0)
      return 2
    case 0x800..<0x10000:
      out[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
      out[1] = tail(6)
      out[2] = tail(0)
      return 3
    default:
      out[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
      out[1] = tail(12)
      out[2] = tail(6)
      out[3] = tail(0)
      return 4
    }
  }
}

/// The value of a hexadecimal digit.
func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

extension JSONReader {
  /// Takes a string, checking its escapes and its UTF-8.
  package mutating func string() throws(JSONError) -> JSONText {
    guard peek() == UInt8(ascii: "\"") else { throw mismatch(.string) }
    offset += 1
    let start = offset
    var isEscaped = false
    while true {
      guard offset < count else { throw syntax(.closingQuote) }
      let byte = base[offset]
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        try escape()
      } else if byte < 0x20 {
        throw syntax(.noControlCharacter)
      } else if byte < 0x80 {
        offset += 1
      } else {
        try multibyteScalar()
      }
    }
    let text = JSONText(start: base + start, count: offset - start, isEscaped: isEscaped)
    offset += 1
    return text
  }

  private mutating func escape() throws(JSONError) {
    guard offset + 1 < count else { throw syntax(.escape) }
    switch base[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 2
    case UInt8(ascii: "u"):
      let first = try hexUnit()
      // A high surrogate needs its low one; a lone half has no UTF-8 form.
      if first & 0xFC00 == 0xD800 {
        guard try hexUnit() & 0xFC00 == 0xDC00 else { throw syntax(.escape) }
      } else if first & 0xFC00 == 0xDC00 {
        throw syntax(.escape)
      }
    default: throw syntax(.escape)
    }
  }

  /// Takes `\uXXXX`.
  private mutating func hexUnit() throws(JSONError) -> UInt32 {
    guard offset + 6 <= count, base[offset] == UInt8(ascii: "\\"), base[offset + 1] == UInt8(ascii: "u") else {
      throw syntax(.escape)
    }
    var value: UInt32 = 0
    for index in offset + 2..<offset + 6 {
      guard let digit = hexValue(base[index]) else { throw syntax(.escape) }
      value = value << 4 | UInt32(digit)
    }
    offset += 6
    return value
  }

  /// Takes one scalar of two to four bytes; the table is Unicode's 3-7, "Well-Formed UTF-8 Byte Sequences".
  private mutating func multibyteScalar() throws(JSONError) {
    let lead = base[offset]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xE1...0xEC, 0xEE...0xEF: length = 3
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw syntax(.utf8)
    }
    guard offset + length <= count, second.contains(base[offset + 1]) else { throw syntax(.utf8) }
    for index in 2..<max(length, 2) where base[offset + index] & 0xC0 != 0x80 { throw syntax(.utf8) }
    offset += length
  }
}
