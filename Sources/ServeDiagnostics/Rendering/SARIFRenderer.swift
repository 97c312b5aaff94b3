/// Diagnostics as one SARIF 2.1.0 log (OASIS), for code scanning services.
package struct SARIFRenderer: Sendable {
  package let files: SourceFiles

  package init(files: SourceFiles) {
    self.files = files
  }

  package func render(_ diagnostics: [Diagnostic]) -> String {
    let codes = Set(diagnostics.map(\.code)).sorted()
    let driver: JSON = .object([
      ("name", .string("servec")),
      ("rules", .array(codes.map { .object([("id", .string($0.description))]) })),
    ])
    let run: JSON = .object([
      ("tool", .object([("driver", driver)])),
      ("columnKind", .string("unicodeCodePoints")),
      ("results", .array(diagnostics.map(result))),
    ])
    let log: JSON = .object([
      ("version", .string("2.1.0")),
      ("$schema", .string("https://json.schemastore.org/sarif-2.1.0.json")),
      ("runs", .array([run])),
    ])
    return log.text + "\n"
  }

  private func result(_ diagnostic: Diagnostic) -> JSON {
    let help = diagnostic.help.map { "help: " + $0.text }
    let text = ([diagnostic.message] + diagnostic.values + diagnostic.notes + help).joined(separator: "\n")
    var members: [(String, JSON)] = [
      ("ruleId", .string(diagnostic.code.description)),
      ("level", .string(diagnostic.severity.rawValue)),
      ("message", .object([("text", .string(text))])),
      ("locations", .array([diagnostic.primary].compactMap { $0 }.compactMap(location))),
      ("relatedLocations", .array(diagnostic.secondary.compactMap(location))),
    ]
    let fixes = diagnostic.help.filter { !$0.edits.isEmpty }.map(fix)
    if !fixes.isEmpty { members.append(("fixes", .array(fixes))) }
    return .object(members)
  }

  private func location(_ label: Label) -> JSON? {
    guard let place = Place(label.range, in: files) else { return nil }
    var members: [(String, JSON)] = [
      ("physicalLocation", .object([artifact(place), ("region", region(place))]))
    ]
    if !label.text.isEmpty { members.append(("message", .object([("text", .string(label.text))]))) }
    return .object(members)
  }

  private func fix(_ help: Help) -> JSON {
    let changes = help.edits.compactMap { edit -> JSON? in
      guard let place = Place(edit.range, in: files) else { return nil }
      let replacement: JSON = .object([
        ("deletedRegion", region(place)),
        ("insertedContent", .object([("text", .string(edit.replacement))])),
      ])
      return .object([artifact(place), ("replacements", .array([replacement]))])
    }
    return .object([
      ("description", .object([("text", .string(help.text))])),
      ("artifactChanges", .array(changes)),
    ])
  }

  private func artifact(_ place: Place) -> (String, JSON) {
    ("artifactLocation", .object([("uri", .string(place.path))]))
  }

  private func region(_ place: Place) -> JSON {
    .object([
      ("startLine", .integer(place.start.line)),
      ("startColumn", .integer(place.start.column)),
      ("endLine", .integer(place.end.line)),
      ("endColumn", .integer(place.end.column)),
    ])
  }
}
