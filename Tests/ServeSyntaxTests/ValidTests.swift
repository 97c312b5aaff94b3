import ServeDiagnostics
import ServeSyntax
import Testing

@Suite struct ValidTests {
  @Test(arguments: Corpus.validNames) func `A valid file has no diagnostics and nothing left out`(name: String) throws {
    let source = try Corpus.source(name)
    let file = ParsedFile(source)
    var files = SourceFiles()
    _ = files.add(path: source.path, bytes: source.bytes)
    #expect(file.diagnostics.map { "\($0.code) \($0.message) \($0.primary?.range.bytes ?? 0..<0)" } == [])
    #expect(file.ast.isComplete)
  }
}
