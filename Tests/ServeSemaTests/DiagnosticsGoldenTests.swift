import Foundation
import ServeDiagnostics
import ServeSema
import Testing

/// All that is said of the files of `Golden`; `RECORD_GOLDENS=1` writes it anew.
@Suite struct DiagnosticsGoldenTests {
  static let folder = Repository.root.appending(path: "Tests/ServeSemaTests/Golden")
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".serve") }.map { String($0.dropLast(6)) }.sorted()

  @Test(arguments: names) func `all independent mistakes are told at once`(name: String) throws {
    func text(_ ending: String) -> String {
      (try? String(contentsOf: Self.folder.appending(path: name + ending), encoding: .utf8)) ?? ""
    }
    let packages = Dictionary(
      uniqueKeysWithValues: StandardPackages.names.compactMap { name in StandardPackages.text(name).map { (name, $0) } }
    )
    let result = check(text(".serve"), imports: packages, artifacts: text(".artifacts"))
    let found = result.diagnostics.map { dump($0, in: result.sources) + "\n" }.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try found.write(to: Self.folder.appending(path: name + ".diagnostics"), atomically: true, encoding: .utf8)
      Issue.record("recorded \(name); run again without RECORD_GOLDENS")
    }
    let recorded = text(".diagnostics").split(separator: "\n", omittingEmptySubsequences: false)
    let lines = found.split(separator: "\n", omittingEmptySubsequences: false)
    let isSame = found == text(".diagnostics")
    let at = zip(lines, recorded).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(isSame, "line \(at.map { "\($0.offset + 1): \($0.element.0)" } ?? "\(lines.count) of \(recorded.count)")")
    let again = check(text(".serve"), imports: packages, artifacts: text(".artifacts"))
    #expect(again.diagnostics == result.diagnostics, "not the same twice")
    #expect(result.errors.isEmpty == !name.hasPrefix("Invalid"))
  }
}
