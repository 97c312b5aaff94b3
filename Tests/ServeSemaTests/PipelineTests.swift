import ServeDiagnostics
import ServeSema
import TensorTypes
import Testing

/// The types of pipeline expressions.
@Suite struct PipelineTests {
  private func run(_ expression: String) -> Checked {
    check(
      """
      serve 1
      dim cand = 5...100
      enum Device { ios, android }
      record Request {
        id     : u64
        small  : u32(0...1000)
        name   : string
        note   : string?
        device : Device
        flag   : bool
        x      : f32[4]
        n      : i64[4]
        d      : f64
        c      : f32[cand]
        m      : f32[cand, 4]
      }
      record Response {
        x : f32[4]
      }
      stats S4 { source = "s4.json" }
      stats S1 { source = "s1.json" }
      store shop : sqlite { path = "shop.sqlite" }
      features User from shop by id: u64 {
        table = "users"
        field v : f32[3] = zeros
      }
      pipeline Rank(req: Request) -> Response {
        value = \(expression)
        return Response { x = req.x }
      }
      """,
      artifacts: """
        stats S4 {
          source = "s4.json"
          mean = [1, 2, 3, 4]
          std = [1, 1, 1, 1]
        }
        stats S1 {
          source = "s1.json"
          mean = [1]
          std = [2]
        }
        """)
  }

  @Test(arguments: [
    ("req.x + 1", "f32[4]"), ("1 - req.n", "i64[4]"), ("2 * 3", "i64"), ("0.5", "f32"), ("-req.x / 2.0", "f32[4]"),
    ("req.c + req.d", "!SV0402"), ("req.m * req.x", "f32[cand, 4]"), ("req.m * req.c", "!SV0403"),
    ("reshape(req.c, [cand, 1]) * req.x", "f32[cand, 4]"), ("req.x > 0 and req.flag", "bool[4]"),
    ("not req.flag or req.device == .ios", "bool"), ("req.device < .ios", "!SV0302"), ("req.device == .oss", "!SV0203"),
    ("req.name == \"a\"", "bool"), ("req.name < \"a\"", "!SV0402"), ("req.note ?? \"none\"", "string"),
    ("req.note == \"a\"", "!SV0410"), ("req.name ?? \"x\"", "!SV0302"), ("req.note ?? 5", "!SV0402"),
    ("cast(req.device, i64)", "i64"), ("cast(req.id, i32)", "!SV0408"), ("cast(req.small, i16)", "i16"),
    ("cast(req.name, i64)", "!SV0402"), ("cast(req.x, f23)", "!SV0302"), ("normalize(req.m, S4)", "f32[cand, 4]"),
    ("normalize(req.c, S4)", "!SV0407"), ("normalize(req.c, S1)", "f32[cand]"), ("normalize(req.n, S4)", "!SV0402"),
    ("normalize(req.x, User)", "!SV0206"), ("clip(req.x, -1.0...1)", "f32[4]"), ("clip(req.n, 0.5...1)", "!SV0302"),
    ("clip(req.x, 2...1)", "!SV0304"), ("bucketize(req.x, [0, 1.5, 3])", "i64[4]"),
    ("bucketize(req.x, [1, 1])", "!SV0304"), ("hash_bucket(req.name, 100)", "i64"), ("hash_bucket(req.id, 100)", "i64"),
    ("hash_bucket(req.x, 100)", "!SV0402"), ("log1p(req.x)", "f32[4]"), ("log1p(req.n)", "!SV0402"),
    ("abs(req.n)", "i64[4]"), ("sqrt(req.d)", "f64"), ("concat(req.x, req.x)", "f32[8]"),
    ("concat(req.m, req.m)", "f32[cand, 8]"), ("concat(req.m, req.m, axis: 0)", "f32[2*cand, 4]"),
    ("concat(req.m, req.x)", "!SV0403"), ("concat(req.x, req.n)", "!SV0402"), ("concat(req.d)", "!SV0403"),
    ("expand(req.x, cand)", "f32[cand, 4]"), ("expand(req.x, cnad)", "!SV0203"),
    ("reshape(req.m, [4, cand])", "f32[4, cand]"),
    ("reshape(req.m, [2 * cand, 2])", "f32[2*cand, 2]"), ("reshape(req.m, [3, cand])", "!SV0403"),
    ("reshape(req.m, [cand - 5, 2])", "!SV0304"), ("expand(req.d, cand - 4)", "f64[cand - 4]"),
    ("reshape(req.m, [cand * cand * cand * cand * cand, 2])", "!SV0304"),
    ("sum(req.m, axis: 1)", "f32[cand]"), ("sum(req.m, axis: -2)", "f32[4]"), ("sum(req.m, axis: 2)", "!SV0403"),
    ("sum(req.m)", "!SV0209"), ("mean(req.n, axis: 0)", "!SV0402"), ("max(req.m, axis: 0)", "f32[4]"),
    ("max(req.x, 0.0)", "f32[4]"), ("max(req.x)", "!SV0209"), ("softmax(req.m)", "f32[cand, 4]"),
    ("top_k(req.c, k: 5).index", "i64[5]"), ("top_k(req.c, k: 6).index", "!SV0409"),
    ("top_k(req.m, k: 2).value", "f32[cand, 2]"), ("top_k(req.m, k: 2)", "value: f32[cand, 2], index: i64[cand, 2]"),
    ("top_k(req.m, k: 2).valu", "!SV0201"), ("top_k(req.c, k: 50, pad: 0).value", "f32[50]"),
    ("gather(req.m, top_k(req.c, k: 3).index)", "f32[3, 4]"), ("gather(req.x, req.x)", "!SV0402"),
    ("where(req.x > 0.0, req.x, 0.0)", "f32[4]"), ("where(req.x, 1.0, 0.0)", "!SV0402"),
    ("where(req.flag, 1, 0)", "i64"),
    ("User[req.id].v", "f32[3]"), ("User[req.small].v", "!SV0805"), ("User[req.id].w", "!SV0201"),
    ("User[req.id] + 1.0", "!SV0302"), ("User[5]", "!SV0001"), ("req.x[0]", "!SV0001"), ("req.y", "!SV0201"),
    ("req", "!SV0302"), ("rqe.x", "!SV0203"), ("lookup(req.x)", "!SV0001"), ("sigmiod(req.x)", "!SV0204"),
    ("5ms", "!SV0302"), ("req.x + req.x[0].y + rqe", "!SV0001 SV0203"), ("min(req.x, 1, 2)", "!SV0209"),
    ("top_k(req.c, n: 5)", "!SV0209"), ("300 + req.small", "u32"), ("-5 + req.small", "!SV0304"),
  ]) func `expressions have types`(expression: String, wanted: String) throws {
    let result = run(expression)
    let shown = "\(result.diagnostics.map { dump($0, in: result.sources) })"
    if wanted.hasPrefix("!") {
      #expect(result.errors.map { $0.code.description }.joined(separator: " ") == wanted.dropFirst(), "\(shown)")
      return
    }
    #expect(result.errors.isEmpty, "\(shown)")
    let value = try #require(result.module?.pipelines.first?.bindings.first?.value)
    switch value.type {
    case .tensor(let type): #expect(type.description == wanted)
    case .outputs(let ports): #expect(ports.map { "\($0.name): \($0.type)" }.joined(separator: ", ") == wanted)
    case .enumeration, .optional, .row: Issue.record("\(value.type)")
    }
  }

  @Test func `a size that no request tells is refused`() {
    let result = check(
      """
      serve 1
      dim cand = 1...100
      record Request { x : f32[4] }
      record Response { y : f32[4] }
      pipeline Rank(req: Request) -> Response {
        wide = expand(req.x, cand)
        return Response { y = sum(wide, axis: 0) }
      }
      """)
    #expect(result.only(.shapeRule)?.message == "no request tells how large `cand` is")
  }

  @Test func `one mistake is one error`() {
    let result = check(
      """
      serve 1
      record Request { x : f32[4] }
      record Response { y : f32[4] }
      pipeline Rank(req: Request) -> Response {
        a = req.z + 1.0
        b = a * 2.0
        c = concat(a, b)
        return Response { y = c }
      }
      service s { pipeline = Rank }
      """)
    #expect(result.codes == ["SV0201"])
  }

  @Test func `a size inside of a sum is solved for`() throws {
    let result = check(
      """
      serve 1
      dim cand = 1...100
      record Request {
        a : f32[cand]
        b : f32[2 * cand + 3]
      }
      record Response { y : f32[cand] }
      model M {
        signature {
          in wide : f32[2 * n + 3]
          out y   : f32[n]
        }
        source = "m.onnx"
      }
      pipeline P(req: Request) -> Response using m: M {
        out = m(wide: req.b)
        return Response { y = out.y + req.a }
      }
      service s { pipeline = P }
      """,
      artifacts: "model M {\n source = \"m.onnx\"\n signature {\n in wide : f32[W]\n out y : f32[Y]\n }\n}")
    #expect(result.diagnostics.map { dump($0, in: result.sources) } == [])
  }
}
