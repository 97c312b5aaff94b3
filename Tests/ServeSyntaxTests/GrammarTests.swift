import Foundation
import ServeDiagnostics
import Testing

@testable import ServeSyntax

/// `grammar/serve.ebnf` and the compiler say the same.
@Suite struct GrammarTests {
  private let grammar: String
  private let productions: Set<String>

  init() throws {
    grammar = try Corpus.text(at: "grammar/serve.ebnf").replacing(/\(\*[\s\S]*?\*\)/, with: "")
    productions = Set(grammar.matches(of: /(?m)^(\w+)\s*=/).map { String($0.1) })
  }

  private func found(_ pattern: Regex<(Substring, Substring)>) -> Set<String> {
    Set(grammar.matches(of: pattern).map { String($0.1) })
  }

  @Test func `Every production has its function in the parser, and every function its production`() throws {
    let folder = Corpus.repository.appending(path: "Sources/ServeSyntax/Parser")
    let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
    }
    let functions = sources.joined().matches(of: /func parse(\w+)/).map {
      $0.1.prefix(1).lowercased() + $0.1.dropFirst()
    }
    // One loop reads all levels of operators; the last four are read where they stand.
    let levels = Operator.Precedence.allCases.map { "\($0)" }
    let inPlace = ["keyword", "preposition", "separator", "name"]
    #expect(productions == Set(functions + levels + inPlace))
  }

  @Test func `Every node of the tree is a production`() {
    let kinds = Set(SyntaxKind.allCases.map(\.rawValue))
    #expect(kinds.subtracting(productions) == ["binary", "unexpected"])
  }

  @Test func `The keywords are those of the lexer's table`() {
    #expect(found(/"([^"]+)"/) == Set(Keyword.allCases.map(\.rawValue)))
  }

  @Test func `The declarations and prepositions are those of the typed view`() {
    func alternatives(_ production: String) -> Set<String> {
      let body = grammar.split(separator: "\n\(production)").dropFirst().first?.prefix { $0 != ";" } ?? ""
      return Set(body.matches(of: /"(\w+)"/).map { String($0.1) })
    }
    #expect(alternatives("keyword ") == Set(AST.DeclarationKind.allCases.map(\.rawValue)))
    #expect(alternatives("preposition ") == Set(AST.Preposition.allCases.map(\.rawValue)))
  }

  @Test func `The punctuation and the terminals are the lexer's kinds of tokens`() {
    let kinds = Set(TokenKind.allCases.map(\.rawValue))
    let terminals = Set(
      grammar.replacing(/'[^']+'|"[^"]+"/, with: "").matches(of: /\b[A-Z_]{2,}\b/).map { String($0.0) })
    #expect(found(/'([^']+)'/).union(terminals).subtracting(["NEWLINE", "CURRENCY"]) == kinds)
  }

  @Test func `The levels of operators stand in the grammar in the parser's order`() {
    let places = Operator.Precedence.allCases.map { grammar.range(of: "\n\($0) ")?.lowerBound }
    #expect(!places.contains(nil))
    #expect(places.compactMap { $0 }.sorted() == places.compactMap { $0 })
  }

  @Test func `The valid files of the corpus use every production, token and keyword`() throws {
    var kinds: Set<SyntaxKind> = []
    var tokens: Set<TokenKind> = []
    var keywords: Set<Keyword> = []
    func visit(_ node: SyntaxNode) {
      kinds.insert(node.kind)
      for child in node.children { if let child = child.node { visit(child) } }
    }
    for name in Corpus.validNames {
      let tree = Parser.parse(try Corpus.source(name))
      visit(tree.root)
      tokens.formUnion(tree.tokens.map(\.kind))
      keywords.formUnion(tree.tokens.compactMap(\.keyword))
    }
    #expect(Set(SyntaxKind.allCases).subtracting(kinds) == [.unexpected])
    #expect(Set(TokenKind.allCases).subtracting(tokens) == [])
    #expect(Set(Keyword.allCases).subtracting(keywords) == [])
  }
}
