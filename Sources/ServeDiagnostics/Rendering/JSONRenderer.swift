/// Diagnostics for programs: one JSON object a line, always with the same members in the same order.
///
/// `code severity message file line column endLine endColumn label related values notes help`. Lines and columns count
/// from 1, columns in Unicode scalars, the end is the place behind the last character. `related` has the secondary
/// labels, `help` has `text` and `edits`; an edit adds the byte offsets `start` and `end` and the `replacement`. Without
/// a place in a source, the members from `file` to `label` are null.
package struct JSONRenderer: Sendable {
  package let files: SourceFiles

  package init(files: SourceFiles) {
    self.files = files
  }

  package func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { object($0).text + "\n" }.joined()
  }

  private func object(_ diagnostic: Diagnostic) -> JSON {
    let head: [(String, JSON)] = [
      ("code", .string(diagnostic.code.description)),
      ("severity", .string(diagnostic.severity.rawValue)),
      ("message", .string(diagnostic.message)),
    ]
    let rest: [(String, JSON)] = [
      ("label", diagnostic.primary.map { .string($0.text) } ?? .null),
      ("related", .array(diagnostic.secondary.map { .object(place($0.range) + [("label", .string($0.text))]) })),
      ("values", .strings(diagnostic.values)),
      ("notes", .strings(diagnostic.notes)),
      ("help", .array(diagnostic.help.map(help))),
    ]
    return .object(head + place(diagnostic.primary?.range) + rest)
  }

  private func help(_ help: Help) -> JSON {
    .object([("text", .string(help.text)), ("edits", .array(help.edits.map(edit)))])
  }

  private func edit(_ edit: Edit) -> JSON {
    .object(
      place(edit.range) + [
        ("start", .integer(edit.range.start)),
        ("end", .integer(edit.range.end)),
        ("replacement", .string(edit.replacement)),
      ])
  }

  private func place(_ range: SourceRange?) -> [(String, JSON)] {
    let place = range.flatMap { Place($0, in: files) }
    return [
      ("file", place.map { .string($0.path) } ?? .null),
      ("line", place.map { .integer($0.start.line) } ?? .null),
      ("column", place.map { .integer($0.start.column) } ?? .null),
      ("endLine", place.map { .integer($0.end.line) } ?? .null),
      ("endColumn", place.map { .integer($0.end.column) } ?? .null),
    ]
  }
}

/// A range as other tools take it.
struct Place {
  let path: String
  let start: SourcePosition
  let end: SourcePosition

  init?(_ range: SourceRange, in files: SourceFiles) {
    guard let file = files[range.file] else { return nil }
    path = file.path
    start = file.position(at: range.start)
    end = file.position(at: range.end)
  }
}
