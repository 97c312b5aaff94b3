import PlanFormat
import TensorTypes

/// A plan that uses every part of the format: two arms, features, optional and enumerated fields, golden vectors.
enum SamplePlan {
  static let plan = Plan(
    service: "recommender", producer: "servec 0.1",
    symbols: [
      Symbol(name: "batch", minimum: 1, maximum: 4), Symbol(name: "cand", minimum: 1, maximum: 100),
    ],
    request: [
      Field(
        name: "customer_id", kind: .tensor(.u64), shape: .scalar,
        refinement: .integers(minimum: 0, maximum: .max)),
      Field(name: "candidates", kind: .tensor(.u64), shape: [Dim(symbol: "cand")]),
      Field(name: "device", kind: .enumeration(["phone", "desktop"]), shape: .scalar, isOptional: true),
      Field(
        name: "age", kind: .tensor(.f32), shape: .scalar, isOptional: true,
        refinement: .numbers(minimum: 0, maximum: 130)),
      Field(
        name: "query", kind: .tensor(.string), shape: .scalar, isOptional: true,
        refinement: .length(minimum: 0, maximum: 80)),
    ],
    response: [
      Field(name: "scores", kind: .tensor(.f32), shape: [Dim(symbol: "cand") + 1]),
      Field(name: "model", kind: .tensor(.string), shape: .scalar),
    ],
    stores: [Store(name: "shop", kind: .sqlite, path: "shop.sqlite")],
    features: [
      FeatureGroup(
        name: "Customer", store: 0, table: "customers", keyColumn: "customer_id", keyField: 0, onMiss: .useDefault,
        columns: [.init(name: "dense", element: .f32, shape: [2], defaultValue: [UInt8](repeating: 0, count: 8))]),
      FeatureGroup(
        name: "Product", store: 0, table: "products", keyColumn: "product_id", keyField: 1, onMiss: .reject,
        columns: [
          .init(name: "category", element: .i64, shape: [], defaultValue: [UInt8](repeating: 0, count: 8)),
          .init(name: "title", element: .string, shape: [], defaultValue: Array("unknown".utf8)),
        ]),
    ],
    programs: [program("control", batch: 0), program("treatment", batch: nil)],
    experiment: Experiment(
      name: "ranker_v2", salt: "2026-spring", keyField: 0,
      arms: [
        .init(name: "control", threshold: UInt64.max / 10 * 9, program: 0),
        .init(name: "treatment", threshold: .max, program: 1),
      ]),
    kernels: ["gemm_0", "relu_1"],
    golden: [golden(program: 0, requests: 2), golden(program: 1, requests: 1)],
    weightBytes: 5 << 20,
    metadata: #"{"digest":"sha256:00"}"#,
  )

  private static func program(_ arm: String, batch: Int?) -> Program {
    let cand = Dim(symbol: "cand")
    return Program(
      name: "recommender.\(arm)", version: arm == "control" ? "v1" : "v2", batch: batch,
      inputs: [
        .init(port: .request(1), element: .u64, shape: [cand], offset: 0),
        .init(port: .presence(2), element: .bool, shape: .scalar, offset: 3200),
        .init(port: .request(2), element: .u8, shape: .scalar, offset: 3264),
        .init(port: .feature(group: 0, column: 0), element: .f32, shape: [2], offset: 3328),
        .init(port: .feature(group: 1, column: 0), element: .i64, shape: [cand], offset: 3392),
        .init(port: .feature(group: 1, column: 1), element: .string, shape: [cand], offset: 6592),
      ],
      outputs: [.init(port: .response(0), element: .f32, shape: [cand + 1], offset: 12992)],
      literals: [.init(field: 1, text: arm == "control" ? "v1" : "v2")],
      steps: [
        .init(
          kernel: 0, arguments: [.arena(offset: 0), .weights(offset: 64), .arena(offset: 12992)], label: "gemm",
          cost: cand * 22_000 + 60, isSplit: true),
        .init(kernel: 1, arguments: [.arena(offset: 12992), .scratch(offset: 64)], label: "relu"),
      ] + (batch == nil ? [] : [perRequest, perRequest]), requestLoops: batch == nil ? [] : [2..<4],
      foundDims: batch == nil ? [.init(symbol: 0, step: 1, offset: 16376)] : [],
      arenaBytes: 16384, scratchBytes: 128, model: "Ranker",
    )
  }

  private static let perRequest = Program.Step(
    kernel: 1, arguments: [.request(offset: 12992, stride: 404), .local(offset: 64)], label: "relu")

  private static func golden(program: Int, requests: Int) -> GoldenVector {
    let candidates = 3
    func bytes(_ count: Int) -> GoldenVector.Tensor {
      .init(bytes: (0..<count * requests).map { UInt8(truncatingIfNeeded: $0) })
    }
    return GoldenVector(
      program: program, dims: [program == 0 ? requests : 1, candidates],
      inputs: [
        bytes(8 * candidates), bytes(1), bytes(1), bytes(8), bytes(8 * candidates),
        .init(strings: Array(repeating: Array("tea".utf8), count: candidates * requests)),
      ],
      outputs: [bytes(4 * (candidates + 1))], comparisons: [.relative], tolerance: 1e-5,
    )
  }

  /// The plan with code of two families and two weight segments that leave a gap.
  static var image: PlanImage {
    PlanImage(
      plan: plan,
      code: [
        CodeObject(family: .x86v4, elf: Array(repeating: 4, count: 100)),
        CodeObject(family: .x86v3, elf: Array(repeating: 3, count: 5000)),
      ],
      weights: [
        WeightSegment(offset: 4 << 20, byteCount: 1 << 20) { $0.initializeMemory(as: UInt8.self, repeating: 7) },
        WeightSegment(offset: 0, byteCount: 1000) { $0.initializeMemory(as: UInt8.self, repeating: 9) },
      ],
    )
  }

  /// The plan with weights of 256 bytes, for tests that open it many times.
  static var smallImage: PlanImage {
    var image = image
    image.plan.weightBytes = 256
    image.weights = [WeightSegment(offset: 0, byteCount: 256) { $0.initializeMemory(as: UInt8.self, repeating: 9) }]
    return image
  }
}
