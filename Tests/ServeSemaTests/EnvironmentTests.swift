import ServeDiagnostics
import ServeSema
import Testing

/// Environments, overlays, imports.
@Suite struct EnvironmentTests {
  static let artifacts = """
    model V1 {
      source = "v1.onnx"
      signature {
        in x : f32[N, 4]
        out score : f32[N]
      }
    }
    model V2 {
      source = "v2.onnx"
      signature {
        in x : f32[N, 4]
        out score : f32[N]
      }
    }
    model V3 {
      source = "v3.onnx"
      signature {
        in x : f32[N, 4]
        out score : f32[N]
      }
    }
    """
  static let base = """
    serve 1
    record Request {
      user_id : u64
      x       : f32[4]
    }
    record Response { score : f32 }
    model Ranker {
      version v1 { source = "v1.onnx" }
      version v2 { source = "v2.onnx" }
      version v3 { source = "v3.onnx" }
    }
    pipeline Rank(req: Request) -> Response using ranker: Ranker {
      out = ranker(x: req.x)
      return Response { score = out.score }
    }
    pool big { machine = "c3-standard-8" }
    pool small { machine = "e2-standard-2" }
    service recommender {
      pipeline = Rank
      deadline = 50ms
      scale { replicas = 3...24 }
      placement { try big { cpu = 2, memory = 4GiB } }
    }
    experiment trial on recommender.ranker {
      key = req.user_id
      salt = "s"
      arm control   = 90% Ranker.v1
      arm treatment = 10% Ranker.v2
    }
    env dev { }
    env staging extends dev { }
    env prod { }

    """

  private func run(_ overlay: String, imports: [String: String] = [:]) -> Checked {
    check(Self.base + overlay, imports: imports, artifacts: Self.artifacts)
  }

  private func service(_ name: String, _ result: Checked) -> Service? {
    result.module?.environments.first { $0.name == name }?.services.first
  }

  @Test func `an overlay changes what it names, there only`() {
    let result = run("overlay dev on recommender {\n scale.replicas = 1...2\n placement.big.cpu = 1\n}")
    #expect(result.codes == [])
    #expect(service("dev", result)?.scale.maximum == 2)
    #expect(service("dev", result)?.placement.milliCPU == 1000)
    #expect(service("dev", result)?.placement.memory == 4 << 30)
    #expect(service("prod", result)?.scale.maximum == 24)
    #expect(service("prod", result)?.placement.milliCPU == 2000)
  }

  @Test func `what extends another has its overlays, then its own`() {
    let result = run(
      "overlay dev on recommender {\n scale.replicas = 1...2\n deadline = 200ms\n}\noverlay staging on recommender { deadline = 100ms }"
    )
    #expect(result.codes == [])
    #expect(service("staging", result)?.scale.maximum == 2)
    #expect(service("staging", result)?.deadline == 100_000_000)
  }

  @Test func `numerics are precise until a service asks for fast ones`() {
    #expect(service("dev", run(""))?.numerics == .precise)
    func chosen(_ word: String, _ overlay: String = "") -> Checked {
      check(
        Self.base.replacing("deadline = 50ms", with: "deadline = 50ms\n  numerics = \(word)") + overlay,
        artifacts: Self.artifacts)
    }
    let result = chosen("precise", "overlay dev on recommender { numerics = fast }")
    #expect(result.codes == [])
    #expect(service("dev", result)?.numerics == .fast)
    #expect(service("prod", result)?.numerics == .precise)
    #expect(chosen("quick").errors.map(\.code) == [.unknownName])
  }

  @Test func `only replaces the pools`() {
    let result = run("overlay dev on recommender { placement = only small { cpu = 1 } }")
    #expect(result.codes == [])
    #expect(service("dev", result)?.placement.pool?.name == "small")
    #expect(service("dev", result)?.placement.memory == nil)
  }

  @Test func `arms are edited, added and removed by name`() {
    let result = run(
      """
      overlay dev on trial {
        arm control = 50%
        treatment = 30%
        add arm third = 20% Ranker.v3
      }
      overlay prod on trial {
        remove arm treatment
        arm control = 60%
        add arm third = 40% Ranker.v3
      }
      """)
    #expect(result.diagnostics.map { dump($0, in: result.sources) } == [])
    #expect(service("dev", result)?.experiment?.arms.map(\.basisPoints) == [5000, 3000, 2000])
    #expect(service("dev", result)?.experiment?.arms.map(\.version) == ["v1", "v2", "v3"])
    #expect(service("prod", result)?.experiment?.arms.map(\.name) == ["control", "third"])
    #expect(service("staging", result)?.experiment?.arms.map(\.basisPoints) == [5000, 3000, 2000])
  }

  @Test func `shares are told for the env where they are wrong`() {
    let result = run("overlay prod on trial { arm treatment = 15% }")
    let diagnostic = result.only(.sharesSum)
    #expect(diagnostic?.message == "arms of `trial` add up to 105% in env prod")
    #expect(diagnostic?.primary?.text == "set here for prod only")
    #expect(diagnostic?.values == ["90% + 15% = 105%, must be exactly 100%", "dev: 100% ok", "staging: 100% ok"])
    #expect(diagnostic?.help.map(\.text) == ["set `arm control = 85%` in the same overlay"])
  }

  @Test(arguments: [
    ("overlay dev on recommender { sclae.replicas = 1...2 }", DiagnosticCode.unknownOverlayPath, "sclae"),
    ("overlay dev on recommender { batching.queue = 5 }", .unknownOverlayPath, "batching"),
    ("overlay dev on recommender { placement.huge.cpu = 1 }", .unknownOverlayPath, "huge"),
    ("overlay dev on trial { arm cntrol = 90% }", .unknownOverlayPath, "cntrol"),
    ("overlay dev on trial { remove arm third }", .unknownOverlayPath, "third"),
    ("overlay dev on trial { add arm control = 5% Ranker.v1 }", .duplicateName, "control"),
    ("overlay dev on trial { key = req.x }", .finalOverlay, "key"),
    ("overlay dev on recommender { slo.p99 = 5ms }", .notSupported, "slo"),
    ("overlay dve on recommender { deadline = 5ms }", .unknownName, "dve"),
    ("overlay dev on recomender { deadline = 5ms }", .unknownName, "recomender"),
    ("overlay dev on big { spot = on }", .notSupported, "big"),
    ("overlay dev on recommender { deadline = 5 }", .unitMismatch, "5"),
    ("overlay dev on recommender { scale.replicas = 9...2 }", .badReplicas, "9...2"),
    ("env four extends staging { }\nenv five extends four { }", .outOfRange, "five"),
  ]) func `an overlay that cannot be applied is told at the place`(text: String, code: DiagnosticCode, place: String) {
    let result = run(text)
    #expect(result.errors.map(\.code) == [code], "\(result.diagnostics.map { dump($0, in: result.sources) })")
    #expect(result.text(result.errors.first?.primary?.range) == place)
  }

  @Test func `an overlay may lie in a file of its own`() {
    let result = check(
      "serve 1\nimport \"overlays/prod.serve\"\n" + Self.base.dropFirst(8),
      imports: ["overlays/prod.serve": "serve 1\noverlay prod on recommender { deadline = 20ms }\n"],
      artifacts: Self.artifacts)
    #expect(result.codes == [])
    #expect(service("prod", result)?.deadline == 20_000_000)
  }

  @Test func `files may import one another`() {
    let result = check(
      "serve 1\nimport \"./lib.serve\" { big }\nmodel M { source = \"v1.onnx\" }\nservice a {\n model = M\n placement { try big { cpu = 1 } }\n}\n",
      imports: [
        "lib.serve": "serve 1\nimport \"main.serve\" { M }\npool big { machine = \"c3-standard-8\" }\nenv dev { }\n"
      ],
      artifacts: Self.artifacts)
    #expect(result.codes == [])
    #expect(result.module?.environments.map(\.name) == ["default"])
    #expect(SourceUnit(path: "./a/../main.serve", file: parsed("x", "serve 1\n")).path == "main.serve")
  }

  @Test func `names in braces are seen, others are not`() {
    let library =
      "serve 1\npool big { machine = \"c3-standard-8\" }\npool small { machine = \"e2-standard-2\" }\nservice other { model = M }\n"
    let text =
      "serve 1\nimport \"lib.serve\" { big }\nmodel M { source = \"v1.onnx\" }\nservice a {\n model = M\n placement { try POOL { cpu = 1 } }\n}\n"
    let good = check(text.replacing("POOL", with: "big"), imports: ["lib.serve": library], artifacts: Self.artifacts)
    #expect(good.codes == [])
    #expect(good.module?.environments[0].services.map(\.name) == ["a"])
    let bad = check(text.replacing("POOL", with: "small"), imports: ["lib.serve": library], artifacts: Self.artifacts)
    #expect(bad.errors.map(\.code) == [.unknownName])
  }

  @Test(arguments: StandardPackages.names) func `the standard packages check`(name: String) throws {
    let text = try #require(StandardPackages.text(name))
    let result = check(text)
    #expect(result.diagnostics.map { dump($0, in: result.sources) } == [])
    let imported = check("serve 1\nimport \"\(name)\"\n", imports: [name: text])
    #expect(imported.codes == [])
  }

  @Test func `artifacts are found beside the file that names them`() {
    let unit = { (path: String, text: String) in SourceUnit(path: path, file: parsed(path, text)) }
    let references = Checker.artifactReferences([
      unit(
        "app/main.serve",
        "serve 1\nmodel M { source = \"models/m.onnx\" }\nstore s : sqlite { path = \"/abs/s.sqlite\" }"),
      unit(
        "lib/x.serve", "serve 1\nmodel N {\n version a { source = \"../a.onnx\" }\n}\nstats S { source = \"s.json\" }"),
    ])
    #expect(references.map(\.path) == ["app/models/m.onnx", "/abs/s.sqlite", "a.onnx", "lib/s.json"])
    #expect(references.map(\.kind) == [.model, .store, .model, .stats])
  }
}
