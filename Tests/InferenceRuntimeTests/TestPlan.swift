import Foundation
import InferenceRuntime
import PlanFormat
import TensorTypes

/// A plan over `TestKernels`: the response's numbers are the request's times the weight, and its text is the request's.
enum TestPlan {
  static let weight: Float = 3

  static var plan: Plan {
    let numbers = Shape([Dim(symbol: "n")])
    return Plan(
      service: "echo", producer: "test",
      symbols: [Symbol(name: "batch", minimum: 1, maximum: 4), Symbol(name: "n", minimum: 1, maximum: 16)],
      request: [
        Field(name: "user", kind: .tensor(.u64), shape: .scalar),
        Field(name: "numbers", kind: .tensor(.f32), shape: numbers),
      ],
      response: [Field(name: "scaled", kind: .tensor(.f32), shape: numbers)],
      programs: [program("echo.a"), program("echo.b")],
      experiment: Experiment(
        name: "trial", salt: "s", keyField: 0,
        arms: [
          .init(name: "a", threshold: UInt64.max / 2, program: 0), .init(name: "b", threshold: .max, program: 1),
        ]),
      kernels: TestKernels.names,
      golden: [golden(program: 0), golden(program: 1)],
      weightBytes: 64,
    )
  }

  private static func program(_ name: String) -> Program {
    let numbers = Shape([Dim(symbol: "n")])
    return Program(
      name: name, version: "1", batch: 0,
      inputs: [.init(port: .request(1), element: .f32, shape: numbers, offset: 0)],
      outputs: [.init(port: .response(0), element: .f32, shape: numbers, offset: 256)],
      literals: [],
      steps: [
        .init(kernel: 0, arguments: [.arena(offset: 0), .weights(offset: 0), .arena(offset: 256)], label: "scale")
      ],
      arenaBytes: 512, model: "Echo",
    )
  }

  static func golden(program: Int) -> GoldenVector {
    let numbers = (0..<6).map { Float($0) - 2.5 }
    return GoldenVector(
      program: program, dims: [2, 3], inputs: [.init(bytes: bytes(numbers))],
      outputs: [.init(bytes: bytes(numbers.map { $0 * weight }))], comparisons: [.relative], tolerance: 1e-6)
  }

  static func bytes(_ numbers: [Float]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

  static func image(_ plan: Plan, families: [CPUFamily] = [.x86v3]) throws -> PlanImage {
    let elf = try TestKernels.elf.get()
    return PlanImage(
      plan: plan, code: families.map { CodeObject(family: $0, elf: elf) },
      weights: [WeightSegment(offset: 0, byteCount: 4) { $0.storeBytes(of: weight, as: Float.self) }])
  }

  /// Writes, opens and forgets the file: the mapping keeps it.
  static func open(_ plan: Plan = plan, families: [CPUFamily] = [.x86v3]) throws -> PlanFile {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try PlanWriter.write(image(plan, families: families), to: path)
    defer { unlink(path) }
    return try PlanFile.open(path)
  }

  static func load(_ plan: Plan = plan) throws -> LoadedPlan { try LoadedPlan(file: open(plan)) }
}
