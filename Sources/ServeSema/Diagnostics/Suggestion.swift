import ServeDiagnostics
import ServeSyntax

/// What a name that means nothing may have meant: the label and the help of its diagnostic.
struct Suggestion {
  let nearest: String?
  /// Of the name, to be replaced.
  let range: SourceRange

  init(for name: AST.Name, among candidates: some Sequence<String>) {
    self.init(for: name.text, at: name.range, among: candidates)
  }

  init(for text: String, at range: SourceRange, among candidates: some Sequence<String>) {
    nearest = Spelling.nearest(to: text, among: candidates)
    self.range = range
  }

  /// ``did you mean `replicas`?``, or what is said when nothing is near.
  func label(_ otherwise: String) -> Label {
    Label(range, nearest.map { "did you mean `\($0)`?" } ?? otherwise)
  }

  /// The edit that replaces the name.
  var help: [Help] {
    help("write")
  }

  /// As ``help``, with the verb that fits.
  func help(_ verb: String) -> [Help] {
    nearest.map { [Help("\(verb) `\($0)`", replacing: range, with: $0)] } ?? []
  }

  /// A line for when nothing is near: what there is.
  func values(_ known: String) -> [String] {
    nearest == nil ? [known] : []
  }
}
