import Foundation
import Glibc
import InferenceCompiler
import InferenceIR
import InferenceRuntime
import ModelImport
import PlanFormat
import TensorTypes

/// One measured row of `servec bench`; times in microseconds.
package struct BenchRow: Sendable {
  package var model: String
  package var batch: Int
  package var threads: Int
  package var p50: Double
  package var p99: Double
  package var minimum: Double

  package static let header = "model                     batch  threads     p50 us     p99 us     min us"

  package var text: String {
    func column(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    return model + column("\(batch)", max(1, 31 - model.count)) + column("\(threads)", 9)
      + [p50, p99, minimum].map { column(String(format: "%.1f", $0), 11) }.joined()
  }

  package var json: String {
    "{\"batch\":\(batch),\"min_us\":\(String(format: "%.3f", minimum)),\"model\":\"\(model)\","
      + "\"p50_us\":\(String(format: "%.3f", p50)),\"p99_us\":\(String(format: "%.3f", p99)),\"threads\":\(threads)}"
  }
}

/// `servec bench`: times programs from bound inputs to output buffers, in this process.
package struct Bench {
  let batches: [Int]
  let threads: [Int]
  let requests: Int
  let seconds: Double
  let data: String?
  let weights: WeightFormat?
  let numerics: Numerics?

  /// - Parameters:
  ///   - threads: what one request may use; long steps are split over them.
  ///   - weights: the name of what the weights of an ONNX file are rounded to; a .serve file says so itself.
  ///   - numerics: `precise` or `fast` for an ONNX file; a .serve file says so itself.
  ///   - requests: how many run at a time, each on an executor of its own.
  package init(
    batches: [Int], threads: [Int], requests: Int = 1, seconds: Double, data: String?, weights: String? = nil,
    numerics: String? = nil,
  ) throws(DriverError) {
    self.numerics =
      switch numerics {
      case nil: nil
      case "precise": .precise
      case "fast": .fast
      case let other?:
        throw DriverError(
          .usage, "--numerics takes precise or fast, not `\(other)`", help: "see `servec bench --help`")
      }
    self.batches = batches
    self.threads = threads
    self.requests = requests
    self.seconds = seconds
    self.data = data
    self.weights = WeightFormat(rawValue: weights ?? "")
    if let weights, self.weights == nil {
      let known = WeightFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw DriverError(.usage, "--weights takes one of \(known), not `\(weights)`", help: "see `servec bench --help`")
    }
  }

  /// A row for each program, batch and number of threads.
  package func run(path: String, report: (BenchRow) -> Void) throws {
    try forEachCall(path) { plan, index, batch, dims, inputs in
      for count in threads {
        let name =
          path.hasSuffix(".onnx")
          ? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent : plan.plan.programs[index].name
        report(try measure(plan, program: index, dims: dims, inputs: inputs, name: name, batch: batch, threads: count))
      }
    }
  }

  /// A row for each step of each program and batch, on the first of the numbers of threads.
  package func runSteps(path: String, report: (StepRow) -> Void) throws {
    try forEachCall(path) { plan, index, batch, dims, inputs in
      let executor = try Executor(plan, team: Team(plan, cores: threads[0]))
      for (symbol, value) in dims.enumerated() { try executor.setDim(symbol, to: value) }
      let requests = plan.plan.programs[index].batch.map { dims[$0] } ?? 1
      let rows = try StepProfile(plan: plan, program: index, batch: batch).rows(executor, seconds: seconds) {
        for (at, input) in inputs.enumerated() {
          try LocalPlan.write(input, to: executor, input: at, program: index, requests: requests)
        }
      }
      rows.forEach(report)
    }
  }

  /// A row for each program and batch: whether single requests, fewer requests and two threads give the same bits.
  package func runInvariance(path: String, report: (InvarianceRow) -> Void) throws {
    try forEachCall(path) { plan, index, batch, dims, inputs in
      let invariance = Invariance(plan: plan, index: index, inputs: inputs, dims: dims)
      report(InvarianceRow(batch: batch, difference: try invariance.difference()))
    }
  }

  private func forEachCall(
    _ path: String, _ body: (LoadedPlan, _ program: Int, _ batch: Int, _ dims: [Int], [HostTensor]) throws -> Void,
  ) throws {
    for plan in try plans(path) {
      for (index, program) in plan.loaded.plan.programs.enumerated() {
        for batch in batches {
          guard var dims = dims(plan.loaded.plan, program, batch: batch) else { continue }
          let inputs = try inputs(plan, program: index, dims: dims)
          if data != nil { try fit(&dims, to: inputs, plan.loaded.plan, program) }
          try body(plan.loaded, index, batch, dims, inputs)
        }
      }
    }
  }

  /// Dimensions as given inputs have them.
  func fit(_ dims: inout [Int], to inputs: [HostTensor], _ plan: Plan, _ program: Program) throws {
    let leading = program.batch.map { [Dim(symbol: plan.symbols[$0].name)] } ?? []
    for (binding, tensor) in zip(program.inputs, inputs) {
      let shape = Shape(leading + binding.shape.dims)
      guard shape.rank == tensor.shape.count else {
        throw DriverError(.inputErrors, "\(binding.port) has shape \(tensor.shape), the model takes \(shape)")
      }
      for (dim, extent) in zip(shape.dims, tensor.shape) {
        if let index = plan.symbols.firstIndex(where: { $0.name == dim.symbol }) { dims[index] = extent }
      }
    }
  }

  private func plans(_ path: String) throws -> [LocalPlan] {
    guard numerics == nil || path.hasSuffix(".onnx") else {
      throw DriverError(.usage, "numerics are chosen for an ONNX file", help: "a .serve file has `numerics = …`")
    }
    guard weights == nil || path.hasSuffix(".onnx") else {
      throw DriverError(.usage, "a precision of weights is for an ONNX file", help: "a .serve file has `weights = …`")
    }
    if path.hasSuffix(".plan") { return [try LocalPlan(planFile: path)] }
    // Speed alone is asked for here; a build measures the drift.
    let precision = weights.map { $0 == .f32 ? "f32" : "\($0.rawValue) { max_drift = 1 }" }
    let program = try Check(weights: precision, isFast: numerics == .fast).run(source: path)
    guard program.module != nil else {
      throw DriverError(.inputErrors, "\(path) has errors", help: "see `servec check \(path)`")
    }
    return try ServiceAssembly.all(in: program, batch: batches.max() ?? 1).map { try LocalPlan($0) }
  }

  /// Every dimension at its largest value, the batch as asked; nil when the program does not take that batch.
  private func dims(_ plan: Plan, _ program: Program, batch: Int) -> [Int]? {
    var dims = plan.symbols.map(\.maximum)
    if let symbol = program.batch {
      guard batch <= plan.symbols[symbol].maximum else { return nil }
      dims[symbol] = batch
    } else if batch != 1 {
      return nil
    }
    return dims
  }

  private func inputs(_ plan: LocalPlan, program: Int, dims: [Int]) throws -> [HostTensor] {
    let definition = plan.loaded.plan
    let bindings = definition.programs[program].inputs
    if let data {
      return try bindings.indices.map { try OnnxTensorFile.read("\(data)/input_\($0).pb").tensor }
    }
    let values = Dictionary(uniqueKeysWithValues: zip(definition.symbols.map(\.name), dims))
    if let assembly = plan.assembly {
      return SyntheticInputs.make(
        assembly.units[program].graph, symbols: values, domains: assembly.domains[program], seed: 1)
    }
    // A plan alone says of ids only what its request fields say; rows of feature tables are small numbers.
    var graph = Graph(name: "inputs")
    let leading = definition.programs[program].batch.map { [Dim(dims[$0])] } ?? []
    var domains: [ValueID: SyntheticInputs.Domain] = [:]
    for binding in bindings {
      let id = graph.addInput("\(binding.port)", TensorType(binding.element, Shape(leading + binding.shape.dims)))
      var domain = SyntheticInputs.Domain()
      if case .request(let field) = binding.port,
        case .integers(let low, let high) = definition.request[field].refinement
      {
        domain.integers = low...max(low, Int64(clamping: high))
      }
      domains[id] = domain
    }
    return SyntheticInputs.make(graph, symbols: values, domains: domains, seed: 1)
  }

  private func measure(
    _ plan: LoadedPlan, program: Int, dims: [Int], inputs: [HostTensor], name: String, batch: Int, threads: Int,
  ) throws -> BenchRow {
    let samples = Samples()
    let team = try Team(plan, cores: threads)
    let group = DispatchGroup()
    for _ in 0..<requests {
      let thread = Thread { [seconds] in
        defer { group.leave() }
        if let times = try? Self.times(plan, team, program: program, dims: dims, inputs: inputs, seconds: seconds) {
          samples.add(times)
        }
      }
      thread.stackSize = 1 << 20
      group.enter()
      thread.start()
    }
    group.wait()
    let sorted = samples.sorted
    guard !sorted.isEmpty else { throw DriverError(.environment, "\(name): no run finished within \(seconds) s") }
    func quantile(_ q: Double) -> Double { Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * q))]) / 1000 }
    return BenchRow(
      model: name, batch: batch, threads: threads, p50: quantile(0.5), p99: quantile(0.99), minimum: quantile(0))
  }

  /// Nanoseconds of each call, after a tenth of the time and at least one call spent on warming up.
  private static func times(
    _ plan: LoadedPlan, _ team: Team?, program: Int, dims: [Int], inputs: [HostTensor], seconds: Double,
  ) throws -> [UInt64] {
    let executor = try Executor(plan, team: team)
    for (symbol, value) in dims.enumerated() { try executor.setDim(symbol, to: value) }
    let requests = plan.plan.programs[program].batch.map { dims[$0] } ?? 1
    var times: [UInt64] = []
    times.reserveCapacity(1 << 16)
    let start = MonotonicClock.now()
    let warm = start + UInt64(seconds * 1e8)
    let end = start + UInt64(seconds * 1e9)
    var isWarm = false
    while true {
      // Kernels may reuse the memory of inputs, so a call includes writing them, as a request's would.
      let before = MonotonicClock.now()
      for (at, input) in inputs.enumerated() {
        try LocalPlan.write(input, to: executor, input: at, program: program, requests: requests)
      }
      executor.run(program)
      let after = MonotonicClock.now()
      if isWarm { times.append(after - before) }
      if after >= end, isWarm { return times }
      isWarm = isWarm || after >= warm
    }
  }
}

/// Times from several threads.
private final class Samples: @unchecked Sendable {
  private let lock = NSLock()
  private var times: [UInt64] = []

  func add(_ more: [UInt64]) { lock.withLock { times += more } }

  var sorted: [UInt64] { lock.withLock { times.sorted() } }
}
