import CHost
import CPlanABI
import Glibc
import InferenceRuntime
import PlanFormat
import TensorTypes
import Testing

@Suite struct ExecutorTests {
  @Test func `each request of a call has its part of inputs and outputs`() throws {
    let executor = try Executor(TestPlan.load())
    try executor.setDim(0, to: 3)
    try executor.setDim(1, to: 2)
    for request in 0..<3 {
      let input = executor.input(0, of: 1, request: request)
      #expect(input.count == 8)
      input.copyBytes(from: TestPlan.bytes([Float(request), 10]))
    }
    executor.run(1)
    for request in 0..<3 {
      let expected = [Float(request) * TestPlan.weight, 10 * TestPlan.weight]
      #expect(Array(executor.output(0, of: 1, request: request)) == TestPlan.bytes(expected))
    }
    #expect(executor.extent(0, ofOutput: 0, of: 1) == 2)
    #expect(executor.extent(0, ofInput: 0, of: 1) == 2)
  }

  @Test func `dimensions begin at their minimum and stay in their range`() throws {
    let executor = try Executor(TestPlan.load())
    #expect(executor.dim(1) == 1)
    for value in [0, 17, -1] {
      #expect(throws: RuntimeError.dimension(symbol: "n", value: value, minimum: 1, maximum: 16)) {
        try executor.setDim(1, to: value)
      }
    }
    try executor.setDim(1, to: 16)
    #expect(executor.dim(1) == 16)
  }

  @Test func `executors of one plan do not see each other's memory`() throws {
    let plan = try TestPlan.load()
    let (first, second) = (try Executor(plan), try Executor(plan))
    first.input(0, of: 0).copyBytes(from: TestPlan.bytes([1]))
    second.input(0, of: 0).copyBytes(from: TestPlan.bytes([2]))
    first.run(0)
    second.run(0)
    #expect(Array(first.output(0, of: 0)) == TestPlan.bytes([3]))
    #expect(Array(second.output(0, of: 0)) == TestPlan.bytes([6]))
  }

  @Test func `the time of every step is measured`() throws {
    let executor = try Executor(TestPlan.load())
    var times: [UInt64] = [0]
    executor.run(0, timingInto: &times)
    #expect(times[0] > 0)
  }
}

@Suite struct LoadedPlanTests {
  @Test func `a plan without code for this CPU says what it has and where to run it`() throws {
    let file = try TestPlan.open(families: [.arm64])
    let error = #expect(throws: RuntimeError.self) { try LoadedPlan(file: file) }
    let words = error?.description ?? ""
    #expect(words.contains("it holds arm64"))
    #expect(words.contains(HostCPU.features.joined(separator: ", ")))
    #expect(words.contains("pool of t2a, c4a"))
  }

  @Test func `the fastest code that this CPU runs is taken`() throws {
    let file = try TestPlan.open(families: [.x86v3, .x86v4])
    #expect(try LoadedPlan(file: file).family == HostCPU.families[0])
    #expect(try LoadedPlan(file: file, family: .x86v3).family == .x86v3)
  }

  @Test func `code with another number of kernels is refused`() throws {
    var plan = TestPlan.plan
    plan.kernels.append("missing")
    let file = try TestPlan.open(plan)
    #expect(throws: RuntimeError.kernelTable(expected: 4, found: 3)) { try LoadedPlan(file: file) }
  }

  @Test func `code that is no shared object is refused in the loader's words`() throws {
    var image = try TestPlan.image(TestPlan.plan)
    image.code = [CodeObject(family: .x86v3, elf: Array("not ELF".utf8))]
    let path = "/tmp/serve-test-\(UInt64.random(in: 0 ... .max)).plan"
    defer { remove(path) }
    try PlanWriter.write(image, to: path)
    #expect { try LoadedPlan(path: path) } throws: { "\($0)".contains("the plan's code cannot be loaded") }
  }
}

@Suite struct SelfTestTests {
  @Test func `a plan that computes what the build did passes`() throws { try TestPlan.load().selfTest() }

  @Test func `a difference names program, output and size`() throws {
    var plan = TestPlan.plan
    plan.golden[1].outputs[0] = .init(bytes: TestPlan.bytes([-7.5, -4.5, -1.5, 1.5, 4.5, 7.6]))
    let loaded = try TestPlan.load(plan)
    let error = #expect(throws: RuntimeError.self) { try loaded.selfTest() }
    let words = error?.description ?? ""
    #expect(words.contains("program echo.b: output scaled differs by 0.013"))
    #expect(words.contains("element 5"))
  }

  @Test func `exact outputs must agree in every bit, and ignored ones need not`() throws {
    var plan = TestPlan.plan
    plan.golden[0].comparisons = [.exact]
    try TestPlan.load(plan).selfTest()
    plan.golden[0].outputs[0].bytes[0] ^= 1
    let changed = try TestPlan.load(plan)
    #expect(throws: RuntimeError.golden(program: "echo.a", output: "scaled", problem: "differs in element 0")) {
      try changed.selfTest()
    }
    plan.golden[0].comparisons = [.ignored]
    try TestPlan.load(plan).selfTest()
  }

  @Test func `NaN is equal to NaN and to nothing else`() throws {
    var plan = TestPlan.plan
    plan.golden[0].inputs[0] = .init(bytes: TestPlan.bytes([.nan, 1, 1, 1, 1, .infinity]))
    plan.golden[0].outputs[0] = .init(bytes: TestPlan.bytes([.nan, 3, 3, 3, 3, .infinity]))
    try TestPlan.load(plan).selfTest()
    plan.golden[0].outputs[0] = .init(bytes: TestPlan.bytes([1, 3, 3, 3, 3, .infinity]))
    let changed = try TestPlan.load(plan)
    #expect { try changed.selfTest() } throws: { "\($0)".contains("has nan in element 0 where 1.0 belongs") }
  }

  @Test func `a program without a golden vector is refused`() throws {
    var plan = TestPlan.plan
    plan.golden.removeFirst()
    let loaded = try TestPlan.load(plan)
    #expect(throws: RuntimeError.noGolden(program: "echo.a")) { try loaded.selfTest() }
  }

  @Test func `strings go in and come out`() throws {
    let plan = Plan(
      service: "greet", producer: "test",
      request: [Field(name: "text", kind: .tensor(.string), shape: .scalar)],
      response: [Field(name: "text", kind: .tensor(.string), shape: .scalar)],
      programs: [
        Program(
          name: "greet", version: "1", batch: nil,
          inputs: [.init(port: .request(0), element: .string, shape: .scalar, offset: 0)],
          outputs: [.init(port: .response(0), element: .string, shape: .scalar, offset: 64)], literals: [],
          steps: [.init(kernel: 1, arguments: [.arena(offset: 0), .arena(offset: 64)], label: "greet")],
          arenaBytes: 128)
      ],
      kernels: TestKernels.names,
      golden: [
        GoldenVector(
          program: 0, dims: [], inputs: [.init(strings: [Array("grüezi".utf8)])],
          outputs: [.init(strings: [Array("grüezi".utf8)])], comparisons: [.exact], tolerance: 0)
      ],
      weightBytes: 64)
    try TestPlan.load(plan).selfTest()
  }
}
