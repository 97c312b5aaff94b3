package import ServeDiagnostics

/// The page of each diagnostic, `specs/diagnostics/SVnnnn.md`, as `servec explain` prints it.
package enum DiagnosticPages {
  /// The Markdown of a code's page.
  package static func page(_ code: DiagnosticCode) -> String? {
    texts[code.description]
  }

  private static let texts = Dictionary(EmbeddedDiagnostics.files.map { ($0.name, $0.text) }) { first, _ in first }
}

/// The packages that come with the compiler, `specs/std`, under the names that they are imported by.
package enum StandardPackages {
  /// `std/gke.serve` and the like, sorted.
  package static let names: [String] = EmbeddedPackages.files.map { "std/\($0.name).serve" }.sorted()

  /// The text of a package.
  package static func text(_ name: String) -> String? {
    EmbeddedPackages.files.first { "std/\($0.name).serve" == name }?.text
  }
}
