import ServeSyntax

/// The bodies of declarations: every setting of the language is a line here.
extension Schema {
  private static let second: Int64 = 1_000_000_000
  private static let anyDuration: ClosedRange<Int64> = 0...(365 * 86_400 * second)
  private static let someDuration: ClosedRange<Int64> = 1...(365 * 86_400 * second)
  private static let someBytes: ClosedRange<Int64> = 1...(Int64(1) << 50)

  static let model = Schema(
    name: "model",
    entries: [
      .setting("source", .string),
      .setting("digest", .string).final,
      .section("signature", [.rule("in", "NAME : type"), .rule("out", "NAME : type")]),
      .entries(
        "version",
        [
          .setting("source", .string).required, .setting("digest", .string).final, weightsEntry, .planned("cast"),
        ]),
      .planned("engine"), weightsEntry,
    ],
  )

  private static let weightsEntry = Entry.setting("weights", .expression("f32 | f16 { } | bf16 { } | int8 { }"))

  /// What stands behind a precision of weights: `f16 { max_drift = 0.002 }`.
  static let weights = Schema(
    name: "weights", entries: [.setting("max_drift", .number(0...1)).required, .planned("calibration")])

  static let stats = Schema(name: "stats", entries: [.setting("source", .string).required, .planned("digest")])

  static let store = Schema(
    name: "store",
    entries: [
      .setting("path", .string).required,
      .planned("endpoint"), .planned("tls"), .planned("auth"), .planned("timeout"), .planned("pool"),
      .planned("cache"),
    ],
  )

  static let features = Schema(
    name: "features",
    entries: [
      .setting("table", .string).required,
      .rule("field", "NAME : type = default"),
      .setting("on_miss", .word(["default", "reject"])),
      .planned("prefix"), .planned("freshness"),
    ],
  )

  static let cluster = Schema(
    name: "cluster",
    entries: [
      .setting("provider", .word(["gke"], planned: ["eks", "aks"])),
      .setting("image", .string).required,
      .setting("artifacts", .string).required,
      .setting("namespace", .string),
      .setting("region", .string),
      .setting("zones", .strings),
      .planned("project"), .planned("platform"), .planned("monitoring"), .planned("gateway"), .planned("registry"),
    ],
  )

  static let pool = Schema(
    name: "pool",
    entries: [
      .setting("machine", .string),
      .setting("spot", .bool),
      .setting("zones", .strings),
      .planned("gpu"), .planned("tpu"), .planned("nodes"), .planned("provision"),
    ],
  )

  /// The request of one pod on a pool.
  private static let podEntries: [Entry] = [
    .setting("cpu", .cpu(1...1_000_000)), .setting("memory", .bytes(someBytes)), .planned("gpu"), .planned("tpu"),
    .planned("share"),
  ]

  static let service = Schema(
    name: "service",
    entries: [
      .setting("pipeline", .reference([.pipeline])),
      .setting("model", .reference([.model])),
      .section("protocol", [.setting("http", .integer(1...65_535)), .planned("grpc")]),
      .section(
        "batching",
        [
          .setting("max_size", .integer(1...4096)), .setting("max_wait", .duration(anyDuration)),
          .setting("queue", .integer(1...1_000_000)),
          .setting("on_full", .word(["shed"], planned: ["wait"])),
        ]),
      .setting("deadline", .duration(someDuration)),
      .section(
        "placement",
        [
          .entries("try", podEntries), .entries("only", podEntries), .planned("then"), .planned("else"),
          .setting("spread", .word(["zone", "host"])),
        ]),
      .section(
        "scale",
        [
          .setting("replicas", .integerRange(1...10_000)), .rule("on", "cpu target PERCENT"),
          .section("down", [.setting("after", .duration(anyDuration)), .planned("step")]), .planned("up"),
        ]),
      .section(
        "health",
        [.bound("startup", .atMost, .duration(someDuration)), .setting("drain", .duration(anyDuration))]),
      .section(
        "disruption",
        [.setting("max_unavailable", .integer(0...10_000)), .setting("min_available", .integer(0...10_000))]),
      .planned("slo"), .planned("expose"), .planned("logs"), .planned("warmup"),
    ],
  )

  static let experiment = Schema(
    name: "experiment",
    entries: [
      Entry.setting("key", .expression("a field of the request")).required.final,
      Entry.setting("salt", .string).required.final,
      .rule("arm", "NAME = PERCENT VERSION"),
      .planned("shadow"), .planned("abort"), .planned("on_no_data"), .planned("ramp"), .planned("owner"),
      .planned("expires"),
    ],
  )

  static let env = Schema(
    name: "env",
    entries: [.setting("cluster", .reference([.cluster])), .setting("protected", .bool), .planned("budget")],
  )
}
