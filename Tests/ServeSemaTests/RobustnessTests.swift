import Foundation
import ServeDiagnostics
import ServeSema
import ServeSyntax
import Testing

/// Whatever a file says, the checker answers: a module, or at least one error.
@Suite struct RobustnessTests {
  static let texts: [(text: String, artifacts: Artifacts)] = {
    let example = (try? Repository.text("examples/recommender/recommender.serve")) ?? ""
    let golden = "Tests/ServeSemaTests/Golden/InvalidRecommender"
    return [
      (example, FakeArtifacts.parse(ExampleTests.artifacts)),
      (
        (try? Repository.text(golden + ".serve")) ?? "",
        FakeArtifacts.parse((try? Repository.text(golden + ".artifacts")) ?? "")
      ),
    ]
  }()

  @Test(arguments: texts.indices) func `a file cut off anywhere gets an answer`(index: Int) {
    let (text, artifacts) = Self.texts[index]
    let bytes = Array(text.utf8)
    for end in stride(from: 0, to: bytes.count, by: 173) {
      expectAnswer(String(decoding: bytes[..<end], as: UTF8.self), artifacts)
    }
  }

  @Test(arguments: texts.indices) func `a file with a line missing, doubled or swapped gets an answer`(index: Int) {
    let (text, artifacts) = Self.texts[index]
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for at in stride(from: 0, to: lines.count - 1, by: 5) {
      var missing = lines
      missing.remove(at: at)
      expectAnswer(missing.joined(separator: "\n"), artifacts)
      var doubled = lines
      doubled.insert(lines[at], at: at)
      expectAnswer(doubled.joined(separator: "\n"), artifacts)
      var swapped = lines
      swapped.swapAt(at, at + 1)
      expectAnswer(swapped.joined(separator: "\n"), artifacts)
    }
  }

  @Test(arguments: texts.indices) func `a file with a word replaced by another gets an answer`(index: Int) {
    let (text, artifacts) = Self.texts[index]
    let words = text.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." && $0 != "%" })
    var state: UInt64 = 42
    func random(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<40 {
      let from = words[random(below: words.count)]
      let to = words[random(below: words.count)]
      expectAnswer(text.replacingCharacters(in: from.startIndex..<from.endIndex, with: to), artifacts)
    }
  }

  private func expectAnswer(_ text: String, _ artifacts: Artifacts) {
    let result = check(text, artifacts)
    #expect(result.module != nil || !result.errors.isEmpty, "\(text)")
  }
}
