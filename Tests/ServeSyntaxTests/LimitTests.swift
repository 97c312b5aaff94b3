import Foundation
import ServeDiagnostics
import ServeSyntax
import Testing

@Suite struct LimitTests {
  /// The processor time that the calling thread takes for some work.
  private func cpuSeconds(_ work: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    work()
    return now() - start
  }

  @Test(arguments: [
    "(", "[", "f(", "x[", "- ", "not ", "x.", "x = a { ", "service s { ", "u8(", "/* ", "a.b(c)[", "0.",
  ])
  func `Deep nesting is an error and never a crash`(unit: String) {
    let deep = "serve 1\nservice s {\n x = " + String(repeating: unit, count: 5_000)
    let file = parse(deep)
    #expect(file.tree.printed == file.source.bytes)
    #expect(file.tree.root.height <= Parser.maxHeight)
    #expect(!file.diagnostics.isEmpty && file.diagnostics.count < 10)
  }

  @Test(arguments: [" + a", " or a", ".b()", "(1)", "[1]", " ?? a", " a"])
  func `A chain of any length has a tree of bounded height`(link: String) {
    let file = parse("serve 1\nservice s {\n  x = a" + String(repeating: link, count: 4_000) + "\n  y = 1\n}\n")
    #expect(file.tree.printed == file.source.bytes)
    #expect(file.tree.root.height <= Parser.maxHeight)
    #expect(file.diagnostics.allSatisfy { $0.code == .sv(0109) } && file.diagnostics.count <= 1)
  }

  @Test func `Nesting up to the limit is no error`() {
    let file = parse("serve 1\ndim a = " + String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60))
    #expect(file.diagnostics.isEmpty)
  }

  @Test func `A megabyte is parsed, printed back and understood`() throws {
    let body = try Corpus.text(at: "Tests/ServeSyntaxTests/Corpus/realistic.serve").drop { !$0.isNewline }
    let copies = 1_000_000 / body.utf8.count + 1
    let file = parse("serve 1" + String(repeating: String(body), count: copies))
    #expect(file.source.bytes.count >= 1_000_000)
    #expect(file.diagnostics.isEmpty)
    #expect(file.tree.printed == file.source.bytes)
    #expect(file.ast.declarations.count == 22 * copies)
  }

  /// Eight times the input must not take sixty-four times as long. It is the thread's own time that counts, since
  /// other work shares the machine, and the bound is loose.
  @Test(arguments: [
    "  a = f(b, c: 1...2) // comment\n", "(", "\"", "`", "/*", "'", "\u{FF}", "a.", "{", "}", "=", "#", "1_", "///\n",
  ]) func `The work grows with the text and not faster`(unit: String) {
    func seconds(_ bytes: Int) -> Double {
      let text = "serve 1\nservice s {\n" + String(repeating: unit, count: bytes / unit.utf8.count)
      return (0..<3).map { _ in cpuSeconds { _ = parse(text) } }.min() ?? 0
    }
    let (small, large) = (seconds(5_000), seconds(40_000))
    #expect(large < 40 * max(small, 0.002), "5 kB take \(small) s, 40 kB \(large) s")
  }
}
