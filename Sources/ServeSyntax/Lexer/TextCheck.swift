/// What can be wrong with a source's bytes wherever they stand, also inside strings and comments.
enum TextCheck {
  /// The first sequence that is not UTF-8, and every character that changes the direction of text: with those a line
  /// can read otherwise than it means (CVE-2021-42574).
  static func errors(in bytes: [UInt8]) -> [SyntaxError] {
    var errors = directionControls(in: bytes).map { SyntaxError(kind: .directionControl, bytes: $0) }
    if let range = firstInvalidSequence(in: bytes) {
      errors.append(SyntaxError(kind: .invalidUTF8, bytes: range))
    }
    return errors
  }

  /// True for bytes that ``errors(in:)`` reports.
  static func hasOwnError(_ bytes: ArraySlice<UInt8>) -> Bool {
    let bytes = Array(bytes)
    return firstInvalidSequence(in: bytes) != nil || !directionControls(in: bytes).isEmpty
  }

  private static func firstInvalidSequence(in bytes: [UInt8]) -> Range<Int>? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var decoder = Unicode.UTF8.ForwardParser()
    var input = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.parseScalar(from: &input) {
      case .valid(let scalar): offset += scalar.count
      case .error(let length): return offset..<offset + length
      case .emptyInput: return nil
      }
    }
  }

  /// U+202A...U+202E and U+2066...U+2069.
  private static func directionControls(in bytes: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    while index + 2 < bytes.count {
      guard bytes[index] == 0xE2 else {
        index += 1
        continue
      }
      let (second, third) = (bytes[index + 1], bytes[index + 2])
      if second == 0x80 && (0xAA...0xAE).contains(third) || second == 0x81 && (0xA6...0xA9).contains(third) {
        found.append(index..<index + 3)
      }
      index += 1
    }
    return found
  }
}
