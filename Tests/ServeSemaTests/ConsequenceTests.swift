import ServeDiagnostics
import Testing

@testable import ServeSema

/// What follows from a mistake in the text is not told again.
@Suite struct ConsequenceTests {
  private func syntaxErrors(_ text: String) -> [String] {
    check("serve 1\n" + text).errors.map(\.code.description)
  }

  @Test(arguments: [
    "store shop : { path = \"x\" }",
    "record R { a : , b : u64 }",
    "record R { a : u64 }\npipeline P(req:) -> R { return req }",
    "record R { a : u64 }\npipeline P(req: R) -> { return req }",
    "store shop : sqlite { path = \"x\" }\nfeatures F from by id: u64 { table = \"t\", field a : u64 = 0 }",
  ]) func `a head that was not understood has one diagnostic`(text: String) {
    #expect(syntaxErrors(text) == ["SV0103"])
  }

  @Test func `a name that may be in what was not understood is not unknown`() {
    #expect(syntaxErrors("modle Ranker { source = \"a.onnx\" }\nservice s { model = Ranker }") == ["SV0110"])
  }

  @Test func `a name that resembles a known one is still told`() {
    let codes = syntaxErrors("modle A { source = \"a.onnx\" }\nmodel Ranker { }\nservice s { model = Rankr }")
    #expect(codes.contains("SV0203"))
  }
}
