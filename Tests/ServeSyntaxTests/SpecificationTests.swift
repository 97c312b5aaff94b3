import ServeDiagnostics
import ServeSyntax
import Testing

/// The examples of `specs/language.md` are read as what they are.
@Suite struct SpecificationTests {
  private static func blocks(_ info: String) throws -> [String] {
    try Corpus.text(at: "specs/language.md").matches(of: /(?m)^```(\w[^\n]*)\n([\s\S]*?)^```$/)
      .filter { $0.1 == info }.map { String($0.2) }
  }

  @Test(arguments: ["serve syntax", "serve ok"]) func `Every example is understood`(info: String) throws {
    let blocks = try Self.blocks(info)
    #expect(!blocks.isEmpty)
    for block in blocks { #expect(messages(block) == [], "\(block)") }
  }
}
