/// How a string is written so that every reader, of YAML 1.1 or 1.2, takes it for a string again.
enum ScalarStyle: Hashable {
  case plain
  case doubleQuoted
  /// A block, for text of several lines.
  case literal

  init(for text: String) {
    if text.utf8.contains(UInt8(ascii: "\n")) {
      self = .literal
    } else if Self.readsAsString(text) {
      self = .plain
    } else {
      self = .doubleQuoted
    }
  }

  /// Whether a plain scalar cannot be taken for another type. Numbers, dates, times and merge keys of either version
  /// start with a digit, a sign, a point or a symbol; what starts with a letter is a string unless it is one of the
  /// words. Whether the characters allow a plain scalar at all is for libyaml to say.
  private static func readsAsString(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    let startsAsWord = isLetter(first) || first == UInt8(ascii: "/") || startsAsOption(text)
    return startsAsWord && !words.contains(text.lowercased())
  }

  /// `--plan`; a single `-` may start a number.
  private static func startsAsOption(_ text: String) -> Bool {
    let head = Array(text.utf8.prefix(3))
    return head.count == 3 && head[0] == UInt8(ascii: "-") && head[1] == head[0] && isLetter(head[2])
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// The words that YAML 1.1 (<https://yaml.org/type/>) or the core schema of 1.2 read as booleans and nulls.
  private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
}
