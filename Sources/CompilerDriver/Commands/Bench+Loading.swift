import Foundation
import InferenceIR
import InferenceRuntime
import ModelImport
import PlanFormat

/// How long a plan file took to its first answer in a process that had not seen it; times in milliseconds.
package struct LoadRow: Sendable {
  package var threads: Int
  /// From opening the file until every byte is verified and every program has computed its golden vectors rightly.
  package var ready: Double
  /// The same and the first run, from given inputs to output buffers.
  package var answer: Double

  package static let header = "threads   ready ms  answer ms"

  package var text: String { String(format: "%7d %10.3f %10.3f", threads, ready, answer) }

  package var json: String {
    "{\"answer_ms\":\(String(format: "%.4f", answer)),\"ready_ms\":\(String(format: "%.4f", ready)),\"threads\":\(threads)}"
  }
}

extension Bench {
  /// Loads a plan file once, as `served` does, and runs its first program once on the inputs of `--data`.
  ///
  /// Once a process: the second time, the types that a load needs are made and its pages are there.
  package func runLoad(path: String) throws -> LoadRow {
    guard path.hasSuffix(".plan"), let data else {
      throw DriverError(
        .usage, "--load takes a .plan file and --data", help: "`servec build` leaves plans in dist/plans")
    }
    var inputs: [HostTensor] = []
    while FileManager.default.fileExists(atPath: "\(data)/input_\(inputs.count).pb") {
      inputs.append(try OnnxTensorFile.read("\(data)/input_\(inputs.count).pb").tensor)
    }
    let opened = MonotonicClock.now()
    let plan: LoadedPlan
    let executor: Executor
    do {
      plan = try LoadedPlan(path: path)
      executor = try plan.selfTest(team: Team(plan, cores: threads[0]))
    } catch {
      throw DriverError(.inputErrors, "\(path): \(error)")
    }
    let ready = MonotonicClock.now() - opened

    let program = plan.plan.programs[0]
    var dims = plan.plan.symbols.map(\.maximum)
    guard inputs.count == program.inputs.count else {
      throw DriverError(.inputErrors, "\(data) has \(inputs.count) inputs, the plan takes \(program.inputs.count)")
    }
    try fit(&dims, to: inputs, plan.plan, program)
    let called = MonotonicClock.now()
    for (symbol, value) in dims.enumerated() { try executor.setDim(symbol, to: value) }
    let requests = program.batch.map { dims[$0] } ?? 1
    for (at, input) in inputs.enumerated() {
      try LocalPlan.write(input, to: executor, input: at, program: 0, requests: requests)
    }
    executor.run(0)
    let answered = MonotonicClock.now() - called
    return LoadRow(threads: threads[0], ready: Double(ready) / 1e6, answer: Double(ready + answered) / 1e6)
  }
}
