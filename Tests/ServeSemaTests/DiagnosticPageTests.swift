import Foundation
import ServeDiagnostics
import ServeSema
import ServeSyntax
import Testing

/// Every code has a page, and what the page says happens.
@Suite struct DiagnosticPageTests {
  static let codes = DiagnosticRegistry.all.map(\.code.description)

  @Test func `every code has one page and every page a code`() throws {
    let folder = Repository.root.appending(path: "specs/diagnostics")
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0 != "README.md" }.map { String($0.dropLast(3)) }
    #expect(pages.sorted() == Self.codes.sorted())
  }

  @Test(arguments: DiagnosticRegistry.all) func `a page's examples fail and pass as it says`(
    entry: DiagnosticRegistry.Entry
  ) throws {
    let page = try #require(DiagnosticPages.page(entry.code), "not embedded: run `make record`")
    #expect(page.hasPrefix("# \(entry.code): \(entry.title)\n"))
    let blocks = PageBlock.all(in: page)
    let artifacts = blocks.first { $0.info == "artifacts" }?.text ?? ""
    let needs = blocks.first { $0.info == "needs" }?.text
    #expect(blocks.contains { $0.info.hasPrefix("serve fail") } && blocks.contains { $0.info == "serve ok" })
    for block in blocks where block.info.hasPrefix("serve") {
      let result = Self.run(block, artifacts, needs)
      let shown = result.diagnostics.map { dump($0, in: result.sources) }.joined(separator: "\n")
      if block.info == "serve ok" {
        #expect(result.errors.isEmpty && !result.codes.contains(entry.code.description), "\(shown)")
      } else if entry.code.kind == .lint {
        #expect(result.errors.isEmpty && result.codes.contains(entry.code.description), "\(shown)")
      } else {
        #expect(Set(result.errors.map(\.code)) == [entry.code], "\(shown)")
        #expect(result.module == nil || needs != nil)
      }
    }
  }

  @Test(arguments: DiagnosticRegistry.all) func `an edit that help offers removes the mistake`(
    entry: DiagnosticRegistry.Entry
  ) throws {
    let blocks = PageBlock.all(in: try #require(DiagnosticPages.page(entry.code)))
    let artifacts = blocks.first { $0.info == "artifacts" }?.text ?? ""
    for block in blocks where block.info == "serve fail" {
      let result = check(block.text, artifacts: artifacts)
      guard let diagnostic = result.diagnostics.first(where: { $0.code == entry.code }) else { continue }
      guard let help = diagnostic.help.first, !help.edits.isEmpty else { continue }
      let fixed = block.text.applying(help.edits)
      let again = check(fixed, artifacts: artifacts)
      let isGone = !again.codes.contains(entry.code.description)
      #expect(isGone, "\(help.text):\n\(fixed)\n\(again.diagnostics.map { dump($0, in: again.sources) })")
    }
  }

  private static func run(_ block: PageBlock, _ artifacts: String, _ needs: String?) -> Checked {
    if block.info == "serve fail hex" {
      let bytes = block.text.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
      var sources = SourceFiles()
      let parsed = ParsedFile(sources.add(path: "main.serve", bytes: bytes))
      return Checked(module: nil, diagnostics: parsed.diagnostics, sources: sources)
    }
    var result = check(block.text, artifacts: artifacts)
    guard let needs, let service = result.module?.environments.first?.services.first else { return result }
    let parts = needs.split(separator: "\n").compactMap { line -> (what: String, bytes: Int64)? in
      let words = line.split(separator: " ")
      guard words.count == 3, let mebibytes = Int64(words[2].dropLast(3)) else { return nil }
      return (String(words[0]), mebibytes << 20)
    }
    result.diagnostics += Checker.checkPlacement(service, needs: parts)
    return result
  }
}

extension DiagnosticRegistry.Entry: CustomTestStringConvertible {
  public var testDescription: String { code.description }
}

extension String {
  /// The text with edits applied.
  fileprivate func applying(_ edits: [Edit]) -> String {
    var bytes = Array(utf8)
    for edit in edits.sorted(by: { $0.range.start > $1.range.start }) {
      bytes.replaceSubrange(edit.range.bytes, with: Array(edit.replacement.utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A fenced block of a page.
struct PageBlock {
  /// What follows the fence: `serve fail`.
  let info: String
  let text: String

  static func all(in page: String) -> [PageBlock] {
    var result: [PageBlock] = []
    var open: (info: String, lines: [Substring])?
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if let block = open {
        if line == "```" {
          result.append(PageBlock(info: block.info, text: block.lines.joined(separator: "\n") + "\n"))
          open = nil
        } else {
          open?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        open = (String(line.dropFirst(3)), [])
      }
    }
    return result
  }
}
