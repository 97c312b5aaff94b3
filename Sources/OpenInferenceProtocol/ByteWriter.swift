internal import Glibc

/// Bytes under construction, in memory that is kept from one answer to the next.
package struct ByteWriter: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int = 4096) {
    base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { base.deallocate() }

  /// What was written; good until the next change.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  package mutating func removeAll() { count = 0 }

  /// The place of the next byte, with room for `needed`.
  @inline(__always)
  private mutating func reserve(_ needed: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity - count < needed { grow(needed) }
    return base + count
  }

  @inline(never)
  private mutating func grow(_ needed: Int) {
    let larger = max(capacity * 2, count + needed)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memory.update(from: base, count: count)
    base.deallocate()
    base = memory
    capacity = larger
  }

  @inline(__always)
  package mutating func append(_ byte: UInt8) {
    reserve(1).pointee = byte
    count += 1
  }

  @inline(__always)
  package mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  package mutating func append(_ other: UnsafeBufferPointer<UInt8>) {
    guard let start = other.baseAddress else { return }
    reserve(other.count).update(from: start, count: other.count)
    count += other.count
  }

  package mutating func append(_ other: [UInt8]) {
    other.withUnsafeBufferPointer { append($0) }
  }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  // MARK: - JSON values

  /// An integer in decimal.
  @inline(__always)
  package mutating func appendJSON(_ value: some FixedWidthInteger) {
    if value < 0 { append(UInt8(ascii: "-")) }
    appendDigits(UInt64(value.magnitude))
  }

  private mutating func appendDigits(_ value: UInt64) {
    // 2^64 has 20 digits.
    let end = reserve(20) + 20
    var first = end
    var rest = value
    repeat {
      first -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      first.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest != 0
    let length = end - first
    (base + count).update(from: first, count: length)
    count += length
  }

  /// The shortest decimal that reads back as `value`; false, with nothing written, for what JSON has no number for.
  @inline(__always)
  package mutating func appendJSON<T: BinaryFloatingPoint & CustomStringConvertible>(number value: T) -> Bool {
    guard value.isFinite else { return false }
    append(value.description)
    return true
  }

  package mutating func appendJSON(_ value: Bool) {
    if value { append("true") } else { append("false") }
  }

  /// A string with its quotes.
  package mutating func appendJSON(_ text: String) {
    var text = text
    text.withUTF8 { appendJSON(string: $0) }
  }

  /// A string with its quotes, from its UTF-8.
  package mutating func appendJSON(string text: UnsafeBufferPointer<UInt8>) {
    append(UInt8(ascii: "\""))
    var plain = 0
    for index in text.indices {
      let byte = text[index]
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
      append(UnsafeBufferPointer(rebasing: text[plain..<index]))
      plain = index + 1
      appendEscape(byte)
    }
    append(UnsafeBufferPointer(rebasing: text[plain...]))
    append(UInt8(ascii: "\""))
  }

  private mutating func appendEscape(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\n"): append(UInt8(ascii: "n"))
    case UInt8(ascii: "\t"): append(UInt8(ascii: "t"))
    case UInt8(ascii: "\r"): append(UInt8(ascii: "r"))
    case 0..<0x20:
      append("u00")
      append(UInt8(ascii: "0") + byte >> 4)
      append(Self.hexDigit(byte & 15))
    default: append(byte)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
