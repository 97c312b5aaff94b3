import Foundation
import InferenceRuntime
import PlanFormat

/// What one step of a program took over many runs: a row of `servec bench --steps`.
package struct StepRow: Sendable {
  package var batch: Int
  package var index: Int
  package var kernel: String
  /// Medians and minima in microseconds, a reading of the clock (some 20 ns) included.
  package var p50: Double
  package var minimum: Double
  /// Bytes of the weights that the step is given, each counted once.
  package var weightBytes: UInt64

  package static let header = "   step     p50 us     min us    weights  kernel"

  package var text: String {
    String(format: "%7d %10.1f %10.1f %10llu  ", index, p50, minimum, weightBytes) + kernel
  }

  package var json: String {
    "{\"batch\":\(batch),\"kernel\":\"\(kernel)\",\"min_us\":\(String(format: "%.3f", minimum)),"
      + "\"p50_us\":\(String(format: "%.3f", p50)),\"step\":\(index),\"weight_bytes\":\(weightBytes)}"
  }
}

/// Times each step of a program.
struct StepProfile {
  let plan: LoadedPlan
  let program: Int
  let batch: Int

  /// - Parameters:
  ///   - executor: with its dimensions set.
  ///   - prepare: writes the inputs, which a run may overwrite.
  func rows(_ executor: Executor, seconds: Double, prepare: () throws -> Void) rethrows -> [StepRow] {
    let steps = plan.plan.programs[program].steps
    var samples = [[UInt64]](repeating: [], count: steps.count)
    let end = MonotonicClock.now() + UInt64(seconds * 1e9)
    repeat {
      try prepare()
      var nanoseconds = [UInt64](repeating: 0, count: steps.count)
      executor.run(program, timingInto: &nanoseconds)
      for (step, time) in nanoseconds.enumerated() { samples[step].append(time) }
    } while MonotonicClock.now() < end
    let sizes = weightSizes()
    return steps.enumerated().map { index, step in
      let sorted = samples[index].sorted()
      return StepRow(
        batch: batch, index: index, kernel: plan.plan.kernels[step.kernel],
        p50: Double(sorted[sorted.count / 2]) / 1000,
        minimum: Double(sorted[0]) / 1000,
        weightBytes: Set(step.arguments.compactMap(\.weightsOffset)).reduce(0) { $0 + (sizes[$1] ?? 0) })
    }
  }

  /// The bytes from each offset that a step names to the next one: weights lie one after the other.
  private func weightSizes() -> [UInt64: UInt64] {
    let offsets = Set(plan.plan.programs.flatMap(\.steps).flatMap(\.arguments).compactMap(\.weightsOffset)).sorted()
    let ends = offsets.dropFirst() + [UInt64(plan.file.weights.count)]
    return Dictionary(uniqueKeysWithValues: zip(offsets, ends).map { ($0, $1 - $0) })
  }
}

extension Program.Argument {
  fileprivate var weightsOffset: UInt64? {
    if case .weights(let offset) = self { offset } else { nil }
  }
}
