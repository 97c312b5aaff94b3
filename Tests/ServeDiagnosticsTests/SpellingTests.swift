import ServeDiagnostics
import Testing

@Suite struct SpellingTests {
  @Test func `A transposition is near enough for a short name`() {
    #expect(Spelling.nearest(to: "mxa", among: ["min", "max"]) == "max")
  }

  @Test func `A misspelt field is found among many`() {
    #expect(Spelling.nearest(to: "replcias", among: ["down", "replicas", "up"]) == "replicas")
  }

  @Test func `Case does not count as a difference`() {
    #expect(Spelling.suggestions(for: "ranker", among: ["Ranked", "Ranker"]) == ["Ranker", "Ranked"])
  }

  @Test func `A name out of reach, and the name itself, are not suggested`() {
    #expect(Spelling.suggestions(for: "abc", among: ["abc", "xyz", "axyz"]) == [])
  }
}
