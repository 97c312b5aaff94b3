import ServeDiagnostics
import ServeSyntax

/// Parses any bytes, and stops where the tree does not print them back or a diagnostic cannot be rendered.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  var files = SourceFiles()
  let file = ParsedFile(files.add(path: "fuzz.serve", bytes: bytes))
  precondition(file.tree.printed == bytes, "the tree does not print its source")
  precondition(file.tree.root.height <= Parser.maxHeight, "the tree is too high")
  let isWhole = zip(file.tree.tokens, file.tree.tokens.dropFirst()).allSatisfy { $0.trailingEnd == $1.leadingStart }
  precondition(isWhole, "there is a gap between two tokens")
  if file.diagnostics.count < 20 {
    let text = TextRenderer(files: files).render(file.diagnostics)
    precondition(text.isEmpty == file.diagnostics.isEmpty, "a diagnostic renders to nothing")
  }
  return 0
}
