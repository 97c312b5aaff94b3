/// Text as a terminal shows it: what a source or a message holds can neither move the cursor nor break a line.
enum Display {
  /// A message on one line, control characters replaced.
  static func line(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { shown.append(isControl(scalar) ? " " : scalar) }
    return String(shown)
  }

  /// The part of a source line that is shown: all of it, unless it is very long.
  struct Window {
    /// The longest line shown whole, in bytes, and how much is kept before the place to look at.
    private static let longest = 200
    private static let before = 80
    private static let tabWidth = 4

    private(set) var text = ""
    /// The terminal column of each scalar's first byte, and of the end.
    private var columns: [(offset: Int, column: Int)] = []
    private var column = 0

    init(of file: SourceFile, line: Int, around offset: Int) {
      let whole = file.extent(ofLine: line)
      var shown = whole
      if whole.count > Self.longest {
        let lower = Self.scalarStart(max(whole.lowerBound, offset - Self.before), in: file)
        let upper = Self.scalarStart(min(whole.upperBound, lower + Self.longest), in: file)
        shown = lower..<max(lower, upper)
      }
      if shown.lowerBound > whole.lowerBound { append("…", width: 1, at: shown.lowerBound) }
      appendScalars(of: file, in: shown)
      columns.append((shown.upperBound, column))
      if shown.upperBound < whole.upperBound { append("…", width: 1, at: shown.upperBound) }
      while text.last == " " { text.removeLast() }
    }

    /// The terminal column of a byte of the line; of one behind it, the column behind its text.
    func column(of offset: Int) -> Int {
      columns.last { $0.offset <= offset }?.column ?? 0
    }

    /// Appends each scalar, and a replacement character for each sequence that is not UTF-8.
    private mutating func appendScalars(of file: SourceFile, in range: Range<Int>) {
      var decoder = Unicode.UTF8.ForwardParser()
      var input = file.bytes[range].makeIterator()
      var place = range.lowerBound
      while true {
        switch decoder.parseScalar(from: &input) {
        case .valid(let scalar):
          append(Unicode.UTF8.decode(scalar), at: place)
          place += scalar.count
        case .error(let length):
          append("\u{FFFD}", width: 1, at: place)
          place += length
        case .emptyInput:
          return
        }
      }
    }

    private mutating func append(_ scalar: Unicode.Scalar, at offset: Int) {
      if scalar == "\t" {
        let width = Self.tabWidth - column % Self.tabWidth
        append(String(repeating: " ", count: width), width: width, at: offset)
      } else if isControl(scalar) {
        append("\u{FFFD}", width: 1, at: offset)
      } else {
        append(String(Character(scalar)), width: width(of: scalar), at: offset)
      }
    }

    private mutating func append(_ shown: String, width: Int, at offset: Int) {
      columns.append((offset, column))
      text += shown
      column += width
    }

    private static func scalarStart(_ offset: Int, in file: SourceFile) -> Int {
      var start = offset
      while start > 0, offset - start < 4, start < file.bytes.count, isContinuation(file.bytes[start]) { start -= 1 }
      return start
    }

    private static func isContinuation(_ byte: UInt8) -> Bool {
      byte & 0b1100_0000 == 0b1000_0000
    }
  }

  /// The columns that a scalar takes: none for marks that combine, two for the wide blocks of East Asian scripts and
  /// for pictographs (UAX #11, the ranges where every assigned character is wide).
  static func width(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default:
      return 1
    }
  }

  /// Control characters, and the formatting ones that change the direction of text.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }
}
