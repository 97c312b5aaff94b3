import InferenceIR
import InferenceRuntime
import PlanFormat
import TensorTypes

/// A row of `servec bench --same-bits`.
package struct InvarianceRow: Sendable {
  package var batch: Int
  /// Where the first difference is; nil when there is none.
  package var difference: String?

  package var text: String { "batch \(batch): " + (difference ?? "the same bits") }

  package var json: String {
    "{\"batch\":\(batch),\"difference\":\"\(difference ?? "")\",\"same_bits\":\(difference == nil)}"
  }
}

/// Whether a program's outputs keep their bits when a call is cut up: each request alone, half of them, two threads.
struct Invariance {
  let plan: LoadedPlan
  let index: Int
  /// All inputs of the program, in its order.
  let inputs: [HostTensor]
  /// By index of a symbol, for the whole call.
  let dims: [Int]

  private var program: Program { plan.plan.programs[index] }
  private var requests: Int { program.batch.map { dims[$0] } ?? 1 }

  /// Where the first difference is; nil when there is none.
  func difference() throws -> String? {
    let whole = try outputs(of: 0..<requests, team: nil)
    if let team = try Team(plan, cores: 2), let at = try differing(whole, outputs(of: 0..<requests, team: team)) {
      return "output \(at) differs on two threads"
    }
    guard program.batch != nil, requests > 1 else { return nil }
    // The first, one in the middle and the last, and a batch that no tile divides.
    for part in [0..<1, requests / 2..<requests / 2 + 1, requests - 1..<requests, 0..<max(1, requests / 2 - 1)] {
      let expected = whole.map { Array($0[part]) }
      if let at = try differing(expected, outputs(of: part, team: nil)) {
        return "output \(at) of requests \(part) differs without the others"
      }
    }
    return nil
  }

  private func differing(_ expected: [[[UInt8]]], _ actual: [[[UInt8]]]) -> Int? {
    expected.indices.first { expected[$0] != actual[$0] }
  }

  /// The bytes of each output, of each request, when only these requests are in the call.
  private func outputs(of part: Range<Int>, team: Team?) throws -> [[[UInt8]]] {
    let executor = try Executor(plan, team: team)
    for (symbol, extent) in dims.enumerated() {
      try executor.setDim(symbol, to: symbol == program.batch ? part.count : extent)
    }
    for (at, input) in inputs.enumerated() {
      let rows = slice(input, part)
      try LocalPlan.write(rows, to: executor, input: at, program: index, requests: part.count)
    }
    executor.run(index)
    return program.outputs.indices.map { output in
      part.indices.map { Array(executor.output(output, of: index, request: $0 - part.lowerBound)) }
    }
  }

  /// These requests' part of an input of all.
  private func slice(_ input: HostTensor, _ part: Range<Int>) -> HostTensor {
    func share(_ count: Int) -> Range<Int> {
      let size = count / requests
      return part.lowerBound * size..<part.upperBound * size
    }
    return input.element == .string
      ? HostTensor(strings: Array(input.strings[share(input.strings.count)]), shape: input.shape)
      : HostTensor(element: input.element, shape: input.shape, bytes: Array(input.bytes[share(input.bytes.count)]))
  }
}
