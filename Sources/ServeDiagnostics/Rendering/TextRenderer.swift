/// Diagnostics for people: the source with marks under it, then values, notes and help.
///
///     error[SV0201]: `scale` has no field `replcias`
///       --> rec.serve:101:5
///     101 |     replcias = 3...24
///         |     ^^^^^^^^ did you mean `replicas`?
///         = fields of `scale`: replicas, on, down
///         = help: rename to `replicas`
package struct TextRenderer: Sendable {
  package let files: SourceFiles
  /// With ANSI escapes; ask for them only where the output is a terminal.
  package let inColour: Bool

  package init(files: SourceFiles, inColour: Bool = false) {
    self.files = files
    self.inColour = inColour
  }

  /// All of them, an empty line between two.
  package func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(render).joined(separator: "\n")
  }

  /// One of them, with a line break at its end.
  package func render(_ diagnostic: Diagnostic) -> String {
    let snippets = Snippet.snippets(of: diagnostic, files: files)
    let numbers = snippets.flatMap { $0.lines.map(\.number) }
    let gutter = max(3, String(numbers.max() ?? 0).utf8.count)
    let margin = String(repeating: " ", count: gutter)
    var lines = [headline(diagnostic)]
    for (index, snippet) in snippets.enumerated() {
      let arrow = index == 0 ? "-->" : ":::"
      lines.append(margin.dropLast() + paint(arrow, .frame) + " " + snippet.place)
      for line in snippet.lines { lines += source(line, gutter: gutter, severity: diagnostic.severity) }
    }
    let sign = margin + " " + paint("=", .frame) + " "
    lines += diagnostic.values.map { sign + Display.line($0) }
    lines += diagnostic.notes.map { sign + paint("note:", .strong) + " " + Display.line($0) }
    lines += diagnostic.help.map { sign + paint("help:", .help) + " " + Display.line($0.text) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func headline(_ diagnostic: Diagnostic) -> String {
    let head = "\(diagnostic.severity.rawValue)[\(diagnostic.code)]"
    return paint(head, .of(diagnostic.severity)) + paint(": " + Display.line(diagnostic.message), .strong)
  }

  private func source(_ line: Snippet.Line, gutter: Int, severity: Severity) -> [String] {
    let digits = String(line.number)
    let padding = String(repeating: " ", count: gutter - digits.utf8.count)
    let bar = String(repeating: " ", count: gutter) + paint(" |", .frame)
    let marks = line.marks.map { mark in
      let sign = String(repeating: mark.isPrimary ? "^" : "-", count: mark.width)
      let text = mark.text.isEmpty ? sign : sign + " " + mark.text
      return bar + String(repeating: " ", count: 1 + mark.column)
        + paint(text, mark.isPrimary ? .of(severity) : .frame)
    }
    let text = line.text.isEmpty ? "" : " " + line.text
    return [padding + paint(digits + " |", .frame) + text] + marks
  }

  // MARK: - Colour

  private enum Paint: String {
    case error = "1;31"
    case warning = "1;33"
    case frame = "1;34"
    case help = "1;36"
    case strong = "1"

    static func of(_ severity: Severity) -> Paint {
      switch severity {
      case .error: .error
      case .warning: .warning
      }
    }
  }

  private func paint(_ text: String, _ paint: Paint) -> String {
    inColour ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }
}
