import Foundation
import ServeDiagnostics
import ServeSyntax
import Testing

/// Each `Invalid….serve` of the corpus has its diagnostics beside it, as text. `RECORD_GOLDENS=1` writes them anew and
/// fails, so that no run passes by recording.
@Suite struct InvalidTests {
  private static let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1"

  @Test(arguments: Corpus.invalidNames) func `An invalid file has the diagnostics beside it`(name: String) throws {
    let source = try Corpus.source(name)
    var files = SourceFiles()
    _ = files.add(path: source.path, bytes: source.bytes)
    let diagnostics = ParsedFile(source).diagnostics
    let rendered = TextRenderer(files: files).render(diagnostics)
    #expect(!diagnostics.isEmpty)

    let golden = Corpus.folder.appending(path: "\(name).diagnostics")
    if Self.isRecording {
      try Data(rendered.utf8).write(to: golden)
      Issue.record("recorded \(name).diagnostics")
      return
    }
    #expect(rendered == (try String(contentsOf: golden, encoding: .utf8)))
  }

  @Test func `Every golden file has its input`() throws {
    let goldens = try FileManager.default.contentsOfDirectory(atPath: Corpus.folder.path)
      .filter { $0.hasSuffix(".diagnostics") }.map { String($0.dropLast(12)) }
    #expect(Set(goldens).subtracting(Corpus.invalidNames) == [])
  }

  @Test(arguments: Corpus.invalidNames) func `Applying all edits of an invalid file leaves no new error`(
    name: String
  ) throws {
    let source = try Corpus.source(name)
    let diagnostics = ParsedFile(source).diagnostics
    let edits = diagnostics.compactMap { $0.help.count == 1 ? $0.help[0].edits.first : nil }
    var bytes = source.bytes
    for edit in edits.sorted(by: { $0.range.start > $1.range.start }) {
      bytes.replaceSubrange(edit.range.bytes, with: Array(edit.replacement.utf8))
    }
    let after = ParsedFile(SourceFile(id: source.id, path: source.path, bytes: bytes)).diagnostics
    #expect(after.count <= diagnostics.count - edits.count)
  }
}
