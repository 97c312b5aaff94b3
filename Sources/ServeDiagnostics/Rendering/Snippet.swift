/// A stretch of one file with the labels on its lines, ready to be printed.
struct Snippet {
  struct Line {
    let number: Int
    let text: String
    var marks: [Mark]
  }

  struct Mark {
    /// The terminal column, from 0, below the line's text.
    let column: Int
    let width: Int
    let text: String
    let isPrimary: Bool
  }

  /// Labels this close to the one before, in lines, share its snippet.
  private static let reach = 3

  /// `rec.serve:101:5`
  let place: String
  private(set) var lines: [Line]
  private let file: FileID

  /// The snippets of a diagnostic, the one of the primary label first.
  static func snippets(of diagnostic: Diagnostic, files: SourceFiles) -> [Snippet] {
    var snippets: [Snippet] = []
    let primary = diagnostic.primary.map { [($0, true)] } ?? []
    for (label, isPrimary) in primary + diagnostic.secondary.map({ ($0, false) }) {
      guard let file = files[label.range.file] else { continue }
      let line = file.line(at: label.range.start)
      let near = snippets.firstIndex { snippet in
        snippet.file == file.id && snippet.lines.contains { abs($0.number - line) <= reach }
      }
      if let near {
        snippets[near].add(label, isPrimary: isPrimary, line: line, of: file)
      } else {
        snippets.append(Snippet(label, isPrimary: isPrimary, line: line, of: file))
      }
    }
    return snippets
  }

  private init(_ label: Label, isPrimary: Bool, line: Int, of file: SourceFile) {
    let position = file.position(at: label.range.start)
    place = "\(Display.line(file.path)):\(position.line):\(position.column)"
    lines = []
    self.file = file.id
    add(label, isPrimary: isPrimary, line: line, of: file)
  }

  private mutating func add(_ label: Label, isPrimary: Bool, line: Int, of file: SourceFile) {
    let shown = Display.Window(of: file, line: line, around: label.range.start)
    let mark = Mark(
      column: shown.column(of: label.range.start),
      width: max(1, shown.column(of: label.range.end) - shown.column(of: label.range.start)),
      text: Display.line(label.text),
      isPrimary: isPrimary,
    )
    if let index = lines.firstIndex(where: { $0.number == line && $0.text == shown.text }) {
      lines[index].marks.append(mark)
    } else {
      let place = lines.firstIndex { $0.number > line } ?? lines.endIndex
      lines.insert(Line(number: line, text: shown.text, marks: [mark]), at: place)
    }
  }
}
