import Foundation
import ServeDiagnostics
import ServeSyntax

/// The files of `Corpus`, and short ways to parse.
enum Corpus {
  static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(
    path: "Corpus")
  static let repository = folder.appending(path: "../../..").standardized

  /// The names of the corpus files, without their ending.
  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".serve") }.map { String($0.dropLast(6)) }.sorted()

  static let invalidNames = names.filter { $0.hasPrefix("Invalid") }
  static let validNames = names.filter { !$0.hasPrefix("Invalid") }

  /// The `.serve` files below `examples` and `specs`.
  static let projectFiles: [String] = ["examples", "specs"].flatMap { folder in
    let paths = FileManager.default.enumerator(atPath: repository.appending(path: folder).path)?.allObjects ?? []
    return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".serve") }.map { "\(folder)/\($0)" }
  }.sorted()

  static func source(_ name: String) throws -> SourceFile {
    let data = try Data(contentsOf: folder.appending(path: "\(name).serve"))
    return SourceFile(id: FileID(index: 0), path: "\(name).serve", bytes: Array(data))
  }

  static func text(at path: String) throws -> String {
    try String(contentsOf: repository.appending(path: path), encoding: .utf8)
  }
}

func parse(_ text: String) -> ParsedFile {
  ParsedFile(SourceFile(path: "test.serve", text: text))
}

/// The diagnostics of a text as `code message`.
func messages(_ text: String) -> [String] {
  parse(text).diagnostics.map { "\($0.code) \($0.message)" }
}
