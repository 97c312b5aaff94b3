import CYAML
import Testing

@testable import KubernetesManifests

@Suite struct YAMLTests {
  @Test(arguments: [
    "on", "Off", "yes", "NO", "y", "n", "true", "False", "null", "~", "", "1", "1e3", "0x1", "0o17", "017", "1_000",
    "190:20:30", "+1", "-1", ".5", ".inf", "-.INF", ".nan", "2026-12-15", "<<", "=", "- a", "a: b", "a #b", " a", "a ",
    "#a", "&a", "*a", "!a", "@a", "`a", "%a", "{a", "[a", "'a", "\"a", "|", ">", "é", "a\tb", "\u{0}", "\u{7f}",
    "\u{85}",
  ])
  func `a string that looks like something else stays a string`(text: String) throws {
    let scalar = try readBack(YAMLEmitter.text(["key": .string(text)]))
    #expect(scalar.last?.text == text)
    #expect(scalar.last?.isQuoted == true || !looksLikeAnotherType(text))
  }

  @Test(arguments: ["prod", "apps/v1", "/plans/a.plan", "--plan", "None", "Rank2", "kubernetes.io/arch", "yesterday"])
  func `a plain word has no quotes`(text: String) throws {
    #expect(try YAMLEmitter.text(["key": .string(text)]) == "key: \(text)\n")
  }

  @Test func `lines are a literal block`() throws {
    #expect(try YAMLEmitter.text(["a": "{\n  \"b\": 1\n}\n"]) == "a: |\n  {\n    \"b\": 1\n  }\n")
    let trailingSpace = "a \nb\n"
    #expect(try readBack(YAMLEmitter.text(["a": .string(trailingSpace)])).last?.text == trailingSpace)
  }

  @Test func `collections keep their order and print as blocks`() throws {
    let node: YAMLNode = ["z": [1, true, ["b": "x", "a": []]], "left out": nil, "e": [:]]
    #expect(try YAMLEmitter.text(node) == "z:\n- 1\n- true\n- b: x\n  a: []\ne: {}\n")
  }

  @Test func `equal parts are written out, never shared`() throws {
    let part: YAMLNode = ["cpu": "2"]
    let text = try YAMLEmitter.text(["requests": part, "limits": part])
    #expect(!text.contains("&") && !text.contains("*"))
  }

  @Test func `long lines are not folded`() throws {
    let words = Array(repeating: "word", count: 100).joined(separator: " ")
    #expect(try YAMLEmitter.text(["a": .string(words)]) == "a: \(words)\n")
  }

  private struct Scalar {
    var text: String
    var isQuoted: Bool
  }

  private func looksLikeAnotherType(_ text: String) -> Bool { ScalarStyle(for: text) == .doubleQuoted }

  /// The scalars of a document, as libyaml's own parser sees them.
  private func readBack(_ text: String) throws -> [Scalar] {
    var parser = yaml_parser_t()
    try #require(yaml_parser_initialize(&parser) == 1)
    defer { yaml_parser_delete(&parser) }
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { input in
      yaml_parser_set_input_string(&parser, input.baseAddress, input.count)
      var scalars: [Scalar] = []
      while true {
        var event = yaml_event_t()
        try #require(yaml_parser_parse(&parser, &event) == 1)
        defer { yaml_event_delete(&event) }
        if event.type == YAML_STREAM_END_EVENT { return scalars }
        if event.type == YAML_SCALAR_EVENT {
          let value = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
          scalars.append(
            Scalar(
              text: String(decoding: value, as: UTF8.self), isQuoted: event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE
            ))
        }
      }
    }
  }
}
