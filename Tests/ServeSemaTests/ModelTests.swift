import ServeDiagnostics
import ServeSema
import TensorTypes
import Testing

/// Signatures: declared and found, batches, symbols.
@Suite struct ModelTests {
  private func model(_ body: String, _ artifacts: String) -> (ModelDeclaration?, Checked) {
    let text = "serve 1\nmodel Ranker {\n\(body)\n}\n"
    let result = check(text, artifacts: artifacts)
    return (result.module?.models.first, result)
  }

  private func file(_ name: String, _ ports: String...) -> String {
    "model M { \n source = \"\(name)\"\n signature {\n" + ports.joined(separator: "\n") + "\n}\n}\n"
  }

  @Test func `a shared leading symbol is the batch`() throws {
    let (found, _) = model(
      #"source = "m.onnx""#, file("m.onnx", "in a : f32[N, 4]", "in b : i64[N]", "out y : f32[N, 2]"))
    let declaration = try #require(found)
    #expect(declaration.batches && declaration.maximumBatch == nil)
    #expect(declaration.signature.inputs.map(\.type.description) == ["f32[batch, 4]", "i64[batch]"])
  }

  @Test func `a fixed leading one is a batch of one`() throws {
    let (found, _) = model(#"source = "m.onnx""#, file("m.onnx", "in a : f32[1, 4]", "out y : f32[1, 2]"))
    let declaration = try #require(found)
    #expect(declaration.batches && declaration.maximumBatch == 1)
    #expect(declaration.signature.outputs.map(\.type.description) == ["f32[batch, 2]"])
  }

  @Test func `different leading sizes are no batch`() throws {
    let (found, _) = model(#"source = "m.onnx""#, file("m.onnx", "in a : f32[N, 4]", "in b : f32[4]", "out y : f32[N]"))
    let declaration = try #require(found)
    #expect(!declaration.batches)
  }

  @Test func `a symbol that stands elsewhere too is no batch`() throws {
    let (found, result) = model(#"source = "m.onnx""#, file("m.onnx", "in a : f32[N, N]", "out y : f32[N]"))
    #expect(result.errors.isEmpty)
    #expect(found?.batches == false)
  }

  @Test func `a symbol of the model takes the file's number`() throws {
    let (found, result) = model(
      "signature {\n in x : f32[rows, D]\n out y : f32[rows]\n}\nsource = \"m.onnx\"",
      file("m.onnx", "in x : f32[N, 29]", "out y : f32[N]"))
    #expect(result.errors.isEmpty, "\(result.diagnostics)")
    #expect(found?.signature.inputs.map(\.type.description) == ["f32[rows, 29]"])
    #expect(found?.batches == false)
  }

  @Test func `a version has its own precision of weights`() throws {
    let ports = ["in x : f32[N, 4]", "out y : f32[N]"]
    let (found, result) = model(
      "version a { source = \"m.onnx\" }\nversion b { source = \"m.onnx\", weights = f16 { max_drift = 0.002 } }",
      file("m.onnx", ports[0], ports[1]))
    #expect(result.errors.isEmpty, "\(result.diagnostics)")
    #expect(
      found?.versions.map(\.weights) == [.init(), .init(format: .f16, maximumDrift: 0.002)])
  }

  @Test func `rounded weights need a bound on their drift`() {
    func only(_ weights: String) -> Diagnostic? {
      let (_, result) = model(
        "source = \"m.onnx\"\nweights = \(weights)", file("m.onnx", "in x : f32[N, 4]", "out y : f32[N]"))
      return result.errors.count == 1 ? result.errors[0] : nil
    }
    #expect(only("bf16")?.code == .missingField)
    #expect(only("bf16 { }")?.code == .missingField)
    #expect(only("f8 { max_drift = 0.1 }")?.code == .unknownName)
    #expect(only("int8 { max_drift = 1.5 }")?.code == .outOfRange)
    #expect(only("int8 { max_drift = 0.1, calibration = \"c.npz\" }")?.code == .notSupported)
    #expect(only("3")?.code == .typeMismatch)
  }

  @Test func `versions with different sizes are told apart`() {
    let (_, result) = model(
      "signature {\n in x : f32[rows, D]\n out y : f32[rows]\n}\nversion a { source = \"a.onnx\" }\nversion b { source = \"b.onnx\" }",
      file("a.onnx", "in x : f32[N, 29]", "out y : f32[N]") + file("b.onnx", "in x : f32[N, 30]", "out y : f32[N]"))
    let diagnostic = result.only(.versionMismatch)
    #expect(diagnostic?.message == "version b has another `D` than version a")
  }

  @Test func `without a signature the first version sets it`() {
    let (_, result) = model(
      "version a { source = \"a.onnx\" }\nversion b { source = \"b.onnx\" }",
      file("a.onnx", "in x : f32[N, 29]", "out y : f32[N]") + file("b.onnx", "in x : f64[M, 29]", "out y : f32[M]"))
    let diagnostic = result.only(.versionMismatch)
    #expect(result.text(diagnostic?.primary?.range) == "\"b.onnx\"")
    #expect(result.text(diagnostic?.secondary.first?.range) == "\"a.onnx\"")
  }

  @Test(arguments: [
    ("in x : f32[rows, 4]", "in x : f32[N]"), ("in x : f32[rows, 4]", "in x : f32[N, 5]"),
    ("in x : f32[rows, 4]", "in z : f32[N, 4]"), ("in x : f32[rows, rows]", "in x : f32[4, 5]"),
    ("in x : f32[batch, 4]", "in x : f32[2, 4]"), ("in x : f32[4, 4]", "in x : f32[N, N]\nin more : f32[N]"),
  ]) func `a file of another shape is refused`(declared: String, found: String) {
    let (_, result) = model(
      "signature {\n \(declared)\n out y : f32[4]\n}\nsource = \"m.onnx\"", file("m.onnx", found, "out y : f32[4]"))
    #expect(result.errors.contains { $0.code == .versionMismatch }, "\(result.codes)")
  }

  @Test func `a port under another name is one mistake`() {
    let (_, result) = model(
      "signature {\n in X : f32[rows, 4]\n out Y : f32[rows]\n}\nsource = \"m.onnx\"",
      file("m.onnx", "in x : f32[N, 4]", "out scores : f32[N]"))
    #expect(result.errors.map(\.code) == [.versionMismatch, .missingOutput])
    #expect(
      result.errors.flatMap(\.help).map(\.text) == ["write `in x : f32[rows, 4]`", "write `out scores : f32[rows]`"])
  }

  @Test func `a declared dim is not a number of the file's`() {
    let result = check(
      "serve 1\ndim cand = 1...100\nmodel M {\n signature {\n in x : f32[cand]\n out y : f32[cand]\n }\n source = \"m.onnx\"\n}",
      artifacts: file("m.onnx", "in x : f32[100]", "out y : f32[100]"))
    #expect(result.errors.map(\.code) == [.versionMismatch, .versionMismatch])
  }

  @Test func `a dim that a file leaves open is used`() {
    let dims = "dim tokens = 1...100\ndim other = 1...2\n"
    let text = "serve 1\n\(dims)model M { source = \"m.onnx\" }\nservice m { model = M }"
    let result = check(text, artifacts: file("m.onnx", "in x : f32[batch, tokens]", "out y : f32[batch]"))
    #expect(result.diagnostics.filter { $0.code == .unused }.map(\.message) == ["nothing uses dim `other`"])
  }

  @Test func `a missing file and a damaged one say which`() {
    let missing = check("serve 1\nmodel M { source = \"sub/../m.onnx\" }")
    #expect(missing.only(.unreadableArtifact)?.primary?.text == "looked for m.onnx")
    let damaged = check(
      "serve 1\nmodel M { source = \"m.onnx\" }",
      artifacts: "model M {\n source = \"m.onnx\"\n failure = \"m.onnx: byte 12 is damaged\"\n}")
    #expect(damaged.only(.unreadableArtifact)?.message == "m.onnx: byte 12 is damaged")
  }
}
