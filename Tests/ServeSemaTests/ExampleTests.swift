import ServeDiagnostics
import ServeSema
import TensorTypes
import Testing

/// The example of the repository, and the smallest file there is.
@Suite struct ExampleTests {
  static let artifacts = """
    model V1 {
      source = "models/v1_trees.onnx"
      signature {
        in dense : f32[N, 29]
        in ids : i64[N, 4]
        out score : f32[N]
      }
    }
    model V2 {
      source = "models/v2_neural.onnx"
      signature {
        in dense : f32[rows, 29]
        in ids : i64[rows, 4]
        out score : f32[rows]
      }
    }
    stats C { 
      source = "models/customer_stats.json"
      mean = [1, 1, 1, 1, 1, 1]
      std = [1, 1, 1, 1, 1, 1]
    }
    stats P { 
      source = "models/product_stats.json"
      mean = [1, 1, 1, 1, 1, 1, 1]
      std = [1, 1, 1, 1, 1, 1, 1]
    }
    """

  @Test func `the recommender checks without a word`() throws {
    var packages: [String: String] = [:]
    for path in ["std/gke.serve", "std/local.serve"] { packages[path] = try Repository.text("specs/\(path)") }
    let result = check(
      try Repository.text("examples/recommender/recommender.serve"), imports: packages, artifacts: Self.artifacts)
    #expect(result.diagnostics.map { dump($0, in: result.sources) } == [])
    let module = try #require(result.module)
    #expect(module.environments.map(\.name) == ["dev", "prod"])
    let pipeline = try #require(module.pipelines.first)
    let shapes = pipeline.bindings.compactMap { binding -> String? in
      guard case .tensor(let type) = binding.value.type else { return nil }
      return "\(binding.name) \(type)"
    }
    #expect(shapes.contains("dense f32[cand, 29]"))
    #expect(shapes.contains("ids i64[cand, 4]"))
    let dev = try #require(module.environments.first?.services.first)
    #expect(dev.placement.pool?.name == "any_node")
    #expect(dev.placement.milliCPU == 1000)
    #expect(dev.scale.minimum == 1 && dev.scale.maximum == 2)
    let prod = try #require(module.environments.last?.services.first)
    #expect(prod.scale.maximum == 24 && prod.scale.cpuTargetPercent == 70)
    #expect(prod.placement.pool?.cpuFamily == "x86-64-v4")
    #expect(prod.deadline == 50_000_000)
    #expect(prod.experiment?.arms.map(\.basisPoints) == [9000, 1000])
    #expect(prod.experiment?.parameter == "ranker")
    #expect(prod.body == .pipeline("Rank", versions: ["ranker": "v1"]))
  }

  @Test func `three lines are a whole program`() throws {
    let result = check(
      """
      serve 1
      model Ranker { source = "models/ranker.onnx" }
      service recommender { model = Ranker }
      """,
      artifacts: """
        model Ranker {
          source = "models/ranker.onnx"
          signature {
            in x : f32[N, 8]
            out y : f32[N]
          }
        }
        """)
    #expect(result.diagnostics.map { dump($0, in: result.sources) } == [])
    let module = try #require(result.module)
    let model = try #require(module.models.first)
    #expect(model.batches && model.maximumBatch == nil)
    #expect(model.signature.inputs.map(\.type.description) == ["f32[batch, 8]"])
    let environment = try #require(module.environments.first)
    #expect(module.environments.count == 1 && environment.name == "default" && environment.cluster == nil)
    let service = try #require(environment.services.first)
    #expect(service.body == .model("Ranker", version: "1"))
    #expect(service.httpPort == 8080)
    #expect(service.scale == Service.Scale(minimum: 2, maximum: 10, cpuTargetPercent: 70, downAfter: 300_000_000_000))
    #expect(service.placement.pool == nil && service.placement.milliCPU == 1000)
    #expect(service.batching == Service.Batching(maximumSize: 32, maximumWait: 0, queue: 512))
    #expect(service.startup == 60_000_000_000 && service.drain == 10_000_000_000)
    #expect(service.disruption == .maximumUnavailable(1))
  }
}
