package import ServeDiagnostics

/// A file after the first stage of a build: its tree, its typed view, and what is wrong with its text.
package struct ParsedFile: Sendable {
  package let tree: SyntaxTree
  package let ast: AST.File
  package let diagnostics: [Diagnostic]

  package var source: SourceFile { tree.source }

  /// Parses a file. Any bytes give a result.
  package init(_ source: SourceFile) {
    tree = Parser.parse(source)
    ast = AST.File(tree)
    diagnostics = tree.diagnostics
  }
}
