/// Diagnostics as workflow commands, which GitHub shows beside the changed lines of a pull request: one line each.
package struct GitHubRenderer: Sendable {
  package let files: SourceFiles

  package init(files: SourceFiles) {
    self.files = files
  }

  package func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(command).joined()
  }

  private func command(_ diagnostic: Diagnostic) -> String {
    var properties: [String] = []
    if let place = diagnostic.primary.flatMap({ Place($0.range, in: files) }) {
      properties = [
        "file=\(property(place.path))", "line=\(place.start.line)", "endLine=\(place.end.line)",
        "col=\(place.start.column)", "endColumn=\(place.end.column)",
      ]
    }
    properties.append("title=\(diagnostic.code)")
    let help = diagnostic.help.map { "help: " + $0.text }
    let lines = [diagnostic.message] + diagnostic.values + diagnostic.notes + help
    return "::\(diagnostic.severity.rawValue) \(properties.joined(separator: ","))::"
      + data(lines.joined(separator: "\n")) + "\n"
  }

  private func data(_ text: String) -> String {
    escaped(text, [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")])
  }

  private func property(_ text: String) -> String {
    escaped(text, [("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")])
  }

  private func escaped(_ text: String, _ table: [(Unicode.Scalar, String)]) -> String {
    text.unicodeScalars.map { scalar in
      table.first { $0.0 == scalar }?.1 ?? String(Character(scalar))
    }.joined()
  }
}
