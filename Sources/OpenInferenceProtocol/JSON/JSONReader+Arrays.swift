extension JSONReader {
  /// Passes over an array by its brackets and strings alone: whoever reads its elements checks them. Large tensors would
  /// take twice the time if their numbers were read here too.
  package mutating func skipUncheckedArray() throws(JSONError) {
    guard peek() == UInt8(ascii: "[") else { return try skipValue() }
    var depth = 0
    while offset < count {
      switch base[offset] {
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        _ = try string()
        continue
      default: break
      }
      offset += 1
      if depth == 0 { return }
      skipWordsWithoutBrackets()
    }
    throw syntax(.commaOrBracket)
  }

  /// Eight bytes at a time, to the next that have a bracket or a quote (or `Y` or `_`, which no number has).
  private mutating func skipWordsWithoutBrackets() {
    while offset + 8 <= count {
      let word = UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self)
      // Both brackets are 0x5F with these two bits set.
      let brackets = (word | 0x0606_0606_0606_0606) ^ 0x5F5F_5F5F_5F5F_5F5F
      let quotes = word ^ 0x2222_2222_2222_2222
      if Self.hasZeroByte(brackets) || Self.hasZeroByte(quotes) { return }
      offset += 8
    }
  }

  /// Mycroft's test: a byte that borrows from above bit 7 without having it is zero, or stands above one that is.
  @inline(__always)
  private static func hasZeroByte(_ word: UInt64) -> Bool {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0
  }
}
