import ServeDiagnostics
import ServeSyntax

/// What follows from text that the parser could not read, and has reported.
enum Consequences {
  /// The diagnostics that are mistakes of their own: not the ones about the head of a declaration that was not
  /// understood, and no unknown name that resembles no known one while some declarations could not be read.
  static func removed(from found: Diagnostics, files: [AST.File]) -> Diagnostics {
    let heads = files.flatMap(\.brokenHeads)
    let isIncomplete = files.contains { !$0.isComplete }
    guard !heads.isEmpty || isIncomplete else { return found }
    return Diagnostics(
      found.sorted.filter { diagnostic in
        guard let place = diagnostic.primary?.range else { return true }
        if isIncomplete, diagnostic.code == .unknownName, diagnostic.help.isEmpty { return false }
        return !heads.contains { $0.file == place.file && $0.start <= place.start && place.start <= $0.end }
      })
  }
}
