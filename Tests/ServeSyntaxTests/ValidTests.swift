import ServeDiagnostics
import ServeSyntax
import Testing

@Suite struct ValidTests {
  private func problems(_ source: SourceFile) -> [String] {
    let file = ParsedFile(source)
    var files = SourceFiles()
    _ = files.add(path: source.path, bytes: source.bytes)
    let rendered = file.diagnostics.map(TextRenderer(files: files).render)
    return file.ast.isComplete ? rendered : rendered + ["incomplete"]
  }

  @Test(arguments: Corpus.validNames) func `A valid file has no diagnostics and nothing left out`(name: String) throws {
    #expect(problems(try Corpus.source(name)) == [])
  }

  @Test(arguments: Corpus.projectFiles) func `The project's own files are valid`(path: String) throws {
    #expect(problems(SourceFile(path: path, text: try Corpus.text(at: path))) == [])
  }
}
