import ServeDiagnostics
import Testing

@Suite struct DiagnosticsTests {
  private func diagnostic(_ code: Int, file: Int, at offset: Int) -> Diagnostic {
    Diagnostic(
      .sv(code), "m", at: Label(SourceRange(file: FileID(index: file), bytes: offset..<offset + 1)))
  }

  @Test func `They are sorted by file, place and code, and each is there once`() {
    var found = Diagnostics()
    found.add(diagnostic(2, file: 1, at: 0))
    found.add(diagnostic(3, file: 0, at: 9))
    found.add(diagnostic(1, file: 0, at: 9))
    found.add(diagnostic(3, file: 0, at: 9))
    found.add(Diagnostic(.w(5), "no place", at: nil))
    #expect(found.sorted.map(\.code.description) == ["W0005", "SV0001", "SV0003", "SV0002"])
    #expect(found.hasErrors)
  }

  @Test func `Lints alone are no errors`() {
    #expect(!Diagnostics([Diagnostic(.w(906), "equal", at: nil)]).hasErrors)
  }

  @Test(arguments: ["SV0001", "SV0303", "W0906", "SV1008"]) func `A code is read from what it prints`(text: String) {
    #expect(DiagnosticCode(text)?.description == text)
  }

  @Test(arguments: ["", "SV", "SV1", "SV00001", "X0001", "W-001", "sv0001"])
  func `Anything else is no code`(text: String) {
    #expect(DiagnosticCode(text) == nil)
  }

  @Test func `Lines and columns count from 1, columns in scalars`() {
    let file = SourceFile(path: "a", text: "ab\r\ncé日x\n")
    #expect(file.position(at: 0) == SourcePosition(line: 1, column: 1))
    #expect(file.position(at: 4) == SourcePosition(line: 2, column: 1))
    #expect(file.position(at: 10) == SourcePosition(line: 2, column: 4))
    #expect(file.position(at: 999) == SourcePosition(line: 3, column: 1))
    #expect(file.text(in: file.extent(ofLine: 1)) == "ab")
    #expect(file.text(in: file.extent(ofLine: 2)) == "cé日x")
    #expect(file.text(in: file.extent(ofLine: 9)) == "")
  }
}
