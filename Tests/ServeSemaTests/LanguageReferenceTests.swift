import ServeDiagnostics
import Testing

@testable import ServeSema

/// `specs/language.md` says what the checker does.
@Suite struct LanguageReferenceTests {
  @Test func `every example checks without a word`() throws {
    let blocks = PageBlock.all(in: try Repository.text("specs/language.md"))
    #expect(blocks.contains { $0.info == "serve ok" })
    for (index, block) in blocks.enumerated() where block.info == "serve ok" {
      // The artifacts of an example stand beside it.
      let around = [index - 1, index + 1].filter(blocks.indices.contains).map { blocks[$0] }
      let artifacts = around.filter { $0.info == "artifacts" }.map(\.text).joined()
      let result = check(block.text, artifacts: artifacts)
      let notable = result.diagnostics.filter { $0.code != .unused }
      #expect(notable.map { dump($0, in: result.sources) } == [], "\(block.text)")
    }
  }

  static let schemas: [Schema] = [
    .model, .stats, .store, .features, .cluster, .pool, .service, .experiment, .env,
  ]

  @Test(arguments: schemas) func `every setting is described`(schema: Schema) throws {
    let page = try Repository.text("specs/language.md")
    for entry in Self.entries(of: schema) {
      let word = entry.keyword
      let isNamed = ["`\(word)", "{ \(word) ", "{ \(word) }", "`\(word) "].contains { page.contains($0) }
      #expect(isNamed, "`\(word)` of \(schema.name)")
    }
  }

  @Test func `every function is described`() throws {
    let page = try Repository.text("specs/language.md")
    for name in PipelineFunction.allCases.map(\.rawValue) + PipelineFunction.planned {
      #expect(page.contains("`\(name)(") || page.contains("`\(name)`"), "\(name)")
    }
  }

  private static func entries(of schema: Schema) -> [Schema.Entry] {
    schema.entries.flatMap { entry -> [Schema.Entry] in
      switch entry.form {
      case .section(let inner), .entries(let inner): [entry] + entries(of: inner)
      case .setting, .bound, .rule: [entry]
      }
    }
  }
}
