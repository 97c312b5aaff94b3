import Foundation
import PlanFormat
import TensorTypes

/// Plans over kernels that tests can predict, compiled once with the toolchain's clang.
enum TestPlans {
  private static let source = """
    typedef unsigned long long u64;
    typedef long long i64;
    typedef struct { const unsigned char *bytes; u64 length; } serve_string;
    /* out[i] = in[i] * weight, for dims[0] elements. */
    static void scale(void *const *b, const i64 *d, i64 part, i64 parts) {
      const float *in = b[0], *weight = b[1];
      float *out = b[2];
      for (i64 i = 0; i < d[0]; i++) out[i] = in[i] * weight[0];
    }
    /* The string itself, or an empty one where the flag is not set. */
    static void echo(void *const *b, const i64 *d, i64 part, i64 parts) {
      const serve_string *in = b[0];
      const unsigned char *given = b[1];
      serve_string *out = b[2];
      out->bytes = in->bytes;
      out->length = given[0] ? in->length : 0;
    }
    /* out = in[0] / in[1] for dims[0] requests; a negative divisor takes a million rounds for each unit first. */
    static void divide(void *const *b, const i64 *d, i64 part, i64 parts) {
      const float *in = b[0];
      float *out = b[1];
      for (i64 r = 0; r < d[0]; r++) {
        for (volatile i64 round = (i64)(-in[2 * r + 1] * 1e6f); round > 0; round--) {}
        out[r] = in[2 * r] / in[2 * r + 1];
      }
    }
    /* Where dims[0] numbers are above 0, and how often. */
    static void positives(void *const *b, const i64 *d, i64 part, i64 parts) {
      const float *in = b[0];
      i64 *out = b[1], found = 0;
      for (i64 i = 0; i < d[0]; i++) if (in[i] > 0) out[found++] = i;
      *(i64 *)b[2] = found;
    }
    typedef void (*serve_kernel)(void *const *, const i64 *, i64, i64);
    __attribute__((visibility("default"))) const serve_kernel serve_kernels[] = {scale, echo, divide, positives};
    """

  private static let elf: Result<[UInt8], any Error> = Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("kernels.c")
    let output = folder.appendingPathComponent("kernels.so")
    try source.write(to: input, atomically: true, encoding: .utf8)
    let clang = Process()
    clang.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    clang.arguments = [
      ProcessInfo.processInfo.environment["SERVEC_CLANG"] ?? "clang", "-O1", "-shared", "-fPIC", "-ffreestanding",
      "-nostdlib", "-fvisibility=hidden", "-fuse-ld=lld", "-Wl,-z,defs", input.path, "-o", output.path,
    ]
    try clang.run()
    clang.waitUntilExit()
    return Array(try Data(contentsOf: output))
  }

  /// Writes `plan` to a temporary file, which the caller removes.
  static func write(_ plan: Plan) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).plan").path
    let weights: [Float] = [2, 3]
    let image = PlanImage(
      plan: plan, code: [CodeObject(family: .x86v3, elf: try elf.get())],
      weights: weights.enumerated().map { index, value in
        WeightSegment(offset: UInt64(index * 64), byteCount: 4) { $0.storeBytes(of: value, as: Float.self) }
      })
    _ = try PlanWriter.write(image, to: path)
    return path
  }

  private static let kernels = ["scale", "echo", "divide", "positives"]

  /// Two arms, one request a call: `ys` is `xs` times 2 on the control arm and times 3 on the other.
  static let experiment: Plan = {
    let n = Shape([Dim(symbol: "n")])
    return Plan(
      service: "shop", producer: "test", symbols: [Symbol(name: "n", minimum: 1, maximum: 8)],
      request: [
        Field(name: "user", kind: .tensor(.u64), shape: .scalar),
        Field(name: "xs", kind: .tensor(.f32), shape: n),
        Field(name: "note", kind: .tensor(.string), shape: .scalar, isOptional: true),
      ],
      response: [
        Field(name: "ys", kind: .tensor(.f32), shape: n),
        Field(name: "note", kind: .tensor(.string), shape: .scalar),
        Field(name: "model", kind: .tensor(.string), shape: .scalar),
      ],
      programs: [arm("control", "v1", weights: 0), arm("treatment", "v2", weights: 64)],
      experiment: Experiment(
        name: "trial", salt: "s", keyField: 0,
        arms: [
          .init(name: "control", threshold: 1 << 63, program: 0), .init(name: "treatment", threshold: .max, program: 1),
        ]),
      kernels: kernels, golden: [armGolden(0, 2), armGolden(1, 3)], weightBytes: 128)
  }()

  private static func arm(_ name: String, _ version: String, weights: UInt64) -> Program {
    let n = Shape([Dim(symbol: "n")])
    return Program(
      name: "shop.\(name)", version: version, batch: nil,
      inputs: [
        .init(port: .request(1), element: .f32, shape: n, offset: 0),
        .init(port: .request(2), element: .string, shape: .scalar, offset: 64),
        .init(port: .presence(2), element: .bool, shape: .scalar, offset: 128),
      ],
      outputs: [
        .init(port: .response(0), element: .f32, shape: n, offset: 192),
        .init(port: .response(1), element: .string, shape: .scalar, offset: 256),
      ],
      literals: [.init(field: 2, text: version)],
      steps: [
        .init(
          kernel: 0, arguments: [.arena(offset: 0), .weights(offset: weights), .arena(offset: 192)], label: "scale"),
        .init(kernel: 1, arguments: [.arena(offset: 64), .arena(offset: 128), .arena(offset: 256)], label: "echo"),
      ],
      arenaBytes: 320)
  }

  private static func armGolden(_ program: Int, _ weight: Float) -> GoldenVector {
    GoldenVector(
      program: program, dims: [1], inputs: [.init(bytes: bytes([1.5])), .init(strings: [[65]]), .init(bytes: [1])],
      outputs: [.init(bytes: bytes([1.5 * weight])), .init(strings: [[65]])], comparisons: [.relative, .exact],
      tolerance: 1e-6)
  }

  /// One program that batches up to 4 requests: `y` is `x[0] / x[1]`.
  static let batched = Plan(
    service: "divide", producer: "test", symbols: [Symbol(name: "batch", minimum: 1, maximum: 4)],
    request: [Field(name: "x", kind: .tensor(.f32), shape: [2])],
    response: [Field(name: "y", kind: .tensor(.f32), shape: .scalar)],
    programs: [
      Program(
        name: "divide", version: "1", batch: 0,
        inputs: [.init(port: .request(0), element: .f32, shape: [2], offset: 0)],
        outputs: [.init(port: .response(0), element: .f32, shape: .scalar, offset: 64)], literals: [],
        steps: [.init(kernel: 2, arguments: [.arena(offset: 0), .arena(offset: 64)], label: "divide")], arenaBytes: 128)
    ],
    kernels: kernels,
    golden: [
      GoldenVector(
        program: 0, dims: [2], inputs: [.init(bytes: bytes([1, 2, 3, 4]))],
        outputs: [.init(bytes: bytes([0.5, 0.75]))], comparisons: [.relative], tolerance: 1e-6)
    ],
    weightBytes: 128)

  /// Where the numbers of `xs` are above 0: as many as there are.
  static let positives: Plan = {
    let (n, found) = (Shape([Dim(symbol: "n")]), Shape([Dim(symbol: "found.1")]))
    return Plan(
      service: "positives", producer: "test",
      symbols: [Symbol(name: "n", minimum: 1, maximum: 8), Symbol(name: "found.1", minimum: 0, maximum: 8)],
      request: [Field(name: "xs", kind: .tensor(.f32), shape: n)],
      response: [Field(name: "at", kind: .tensor(.i64), shape: found)],
      programs: [
        Program(
          name: "positives", version: "1", batch: nil,
          inputs: [.init(port: .request(0), element: .f32, shape: n, offset: 0)],
          outputs: [.init(port: .response(0), element: .i64, shape: found, offset: 64)], literals: [],
          steps: [
            .init(
              kernel: 3, arguments: [.arena(offset: 0), .arena(offset: 64), .arena(offset: 128)], label: "positives")
          ],
          foundDims: [.init(symbol: 1, step: 0, offset: 128)], arenaBytes: 192)
      ],
      kernels: kernels,
      golden: [
        GoldenVector(
          program: 0, dims: [3, 1], inputs: [.init(bytes: bytes([-1, 2, 0]))],
          outputs: [.init(bytes: [Int64(1)].withUnsafeBytes { Array($0) })], comparisons: [.exact], tolerance: 0)
      ],
      weightBytes: 128)
  }()

  private static func bytes(_ numbers: [Float]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }
}
