import ServeDiagnostics
import ServeSema
import Testing

/// Nothing is read and ignored: what has no meaning is an error where it stands.
@Suite struct HeadTests {
  @Test(arguments: [
    ("pool p on q { spot = on }", "q"), ("pool p : big { spot = on }", "big"), ("pool p = 5", "5"),
    ("pool p(x: u64) { spot = on }", "x: u64"), ("pool p -> R { spot = on }", "R"), ("dim d { }", "{ }"),
    ("pool p { spot = on, 5 }", "5"), ("pool p { spot }", "spot"),
    ("pool p { spot on }", "spot"), ("pool p { spot : bool }", "spot"), ("pool p { spot <= on }", "<="),
    ("store s : sqlite? { path = \"x\" }", "sqlite?"), ("pool p { return p { } }", "return p { }"),
    ("env a extends b extends b { }\nenv b { }", "b"), ("env a extends b : u64 { }\nenv b { }", "u64"),
    ("record R { x = 5 }", "x = 5"), ("record R { u64 }", "u64"), ("pool p { machine = ? }", "?"),
    ("pool p { zones = [?] }", "?"), ("dim d = ?", "?"), ("dim d = 1...?", "1...?"), ("enum E { a = 5 }", "a = 5"),
  ]) func `what has no meaning is refused`(text: String, place: String) {
    let result = check("serve 1\n\(text)\n")
    let shown = "\(result.diagnostics.map { dump($0, in: result.sources) })"
    #expect(result.errors.count == 1, "\(shown)")
    #expect(result.errors.first?.code == .typeMismatch, "\(shown)")
    #expect(result.text(result.errors.first?.primary?.range) == place, "\(shown)")
  }

  @Test(arguments: [
    ("service s { replicas = 3 }", "write `scale { replicas = 2...10 }`"),
    ("service s { port = 80 }", "write `protocol { http = 8080 }`"),
    ("service s { timeout = 5ms }", "write `deadline = 30s`"),
    ("pool p { preemptible = on }", "write `spot = on`"),
    ("service s { after = 5min }", "write `scale { down { after = 30s } }`"),
    ("service s { deadlien = 5ms }", "did you mean `deadline`?"),
    ("service s { colour = 5 }", "not a field of `service`"),
  ]) func `a setting in the wrong place is sent to the right one`(text: String, label: String) {
    let result = check("serve 1\n\(text)\n")
    #expect(result.only(.unknownField)?.primary?.text == label)
  }

  @Test(arguments: [
    "pool p { gpu = nvidia_l4 x 1 }", "service s { slo { p99 <= 5ms } }", "test \"a\" in dev { }",
    "tokenizer T { length = 64 }", "import \"pkg:acme/slo@2.1\"", "record R { when : date }",
    "record R { x : i32[4, <=64] }", "record R { x : string(/[a-z]+/) }", "model M { source = \"gs://b/m.onnx\" }",
    "model M { source = \"m.safetensors\" }", "store s : postgres { endpoint = \"x\" }",
    "pool p { machine = \"g2-standard-4\" }", "record R { x : i32(-10...-5) }", "record R { x : u64 = 5 }",
  ]) func `what is declared and not built yet says so`(text: String) {
    let result = check("serve 1\n\(text)\n")
    let shown = "\(result.diagnostics.map { dump($0, in: result.sources) })"
    #expect(result.errors.contains { $0.code == .notSupported }, "\(shown)")
    #expect(result.errors.allSatisfy { [.notSupported, .missingField].contains($0.code) }, "\(shown)")
  }
}
