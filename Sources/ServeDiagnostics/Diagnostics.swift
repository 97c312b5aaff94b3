/// The diagnostics of a run, as they are found; read them with ``sorted``.
package struct Diagnostics: Sendable {
  private var found: [Diagnostic] = []

  package init(_ found: [Diagnostic] = []) {
    self.found = found
  }

  package mutating func add(_ diagnostic: Diagnostic) {
    found.append(diagnostic)
  }

  package mutating func add(contentsOf others: some Sequence<Diagnostic>) {
    found.append(contentsOf: others)
  }

  package mutating func add(contentsOf others: Diagnostics) {
    found.append(contentsOf: others.found)
  }

  package var isEmpty: Bool {
    found.isEmpty
  }

  package var hasErrors: Bool {
    found.contains { $0.severity == .error }
  }

  /// Each diagnostic once, by file, place and code; those without a place come first.
  package var sorted: [Diagnostic] {
    var seen: Set<Diagnostic> = []
    let unique = found.filter { seen.insert($0).inserted }
    return unique.enumerated().sorted { Self.order($0) < Self.order($1) }.map(\.element)
  }

  private static func order(_ entry: (offset: Int, element: Diagnostic)) -> (Int, Int, DiagnosticCode, Int) {
    let range = entry.element.primary?.range
    return (range?.file.index ?? -1, range?.start ?? 0, entry.element.code, entry.offset)
  }
}
