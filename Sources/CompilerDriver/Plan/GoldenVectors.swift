import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes

/// Inputs with the outputs that the reference interpreter gives: what `served` checks before it is ready.
enum GoldenVectors {
  /// Picoseconds that the second vector may always take, by the estimates of the program's steps.
  private static let smallCost = 500_000_000

  /// One or two: the smallest dimensions, and larger ones that leave a tail in every tile.
  ///
  /// - Parameter program: the compiled form, at `index` in the plan.
  static func make(
    _ unit: CompilationUnit, program: Program, at index: Int, symbols: [Symbol], orderDependent: Set<Int>,
    domains: [ValueID: SyntheticInputs.Domain],
  ) throws(DriverError) -> [GoldenVector] {
    var vectors: [GoldenVector] = []
    for (at, dims) in assignments(program, symbols).enumerated() {
      let values = Dictionary(uniqueKeysWithValues: zip(symbols.map(\.name), dims))
      let (inputs, outputs) = try reference(unit, values, domains, seed: UInt64(0x5EED + at))
      let tolerance = Tolerance(unit.graph)
      vectors.append(
        GoldenVector(
          program: index, dims: dims, inputs: inputs.map(tensor), outputs: outputs.map(tensor),
          comparisons: outputs.enumerated().map {
            comparison($0.element, tolerance, isOrderDependent: orderDependent.contains($0.offset))
          },
          tolerance: tolerance.relative))
    }
    return vectors
  }

  /// A pod waits for its golden vectors, and a build for the interpreter: the second one is at the largest dimensions
  /// that take little time, or less than one and a half runs of the first. Where several requests take too long, a
  /// larger one may not.
  private static func assignments(_ program: Program, _ symbols: [Symbol]) -> [[Int]] {
    func cost(_ dims: [Int]) -> Int {
      let values = Dictionary(uniqueKeysWithValues: zip(symbols.map(\.name), dims))
      return program.steps.reduce(0) { sum, step in
        let (total, overflow) = sum.addingReportingOverflow(step.cost.evaluate(values) ?? .max)
        return overflow ? .max : total
      }
    }
    let smallest = symbols.map(\.minimum)
    let least = cost(smallest)
    let limit = max(smallCost, least + min(least / 2, .max - least))
    let sizes = [11, 7, 5, 3, 2]
    func dims(_ size: Int, _ isLarger: (Int) -> Bool) -> [Int] {
      symbols.enumerated().map { at, symbol in
        isLarger(at) ? min(symbol.maximum, max(symbol.minimum, size)) : symbol.minimum
      }
    }
    let candidates = sizes.map { dims($0) { _ in true } } + sizes.map { dims($0) { $0 != program.batch } }
    let second = candidates.first { $0 != smallest && cost($0) < limit }
    return [smallest] + (second.map { [$0] } ?? [])
  }

  /// Inputs and what the interpreter makes of them. Where a graph computes indices in a way that shows no bound, inputs
  /// in the usual range may miss its tables; smaller ids are tried then.
  static func reference(
    _ unit: CompilationUnit, _ values: [String: Int], _ domains: [ValueID: SyntheticInputs.Domain], seed: UInt64,
  ) throws(DriverError) -> (inputs: [HostTensor], outputs: [HostTensor]) {
    var failure: InterpreterError?
    for cap in [Int64.max, 9, 1, 0] {
      let narrowed = domains.mapValues { domain in
        var domain = domain
        let low = domain.integers.lowerBound
        domain.integers = low...max(low, min(domain.integers.upperBound, cap))
        return domain
      }
      let inputs = SyntheticInputs.make(unit.graph, symbols: values, domains: narrowed, seed: seed)
      do throws(InterpreterError) {
        return (inputs, try Interpreter.run(unit.graph, inputs: inputs, symbols: values))
      } catch {
        failure = failure ?? error
      }
    }
    throw DriverError(.inputErrors, "\(unit.name): \(failure?.origin ?? ""): \(failure?.message ?? "")")
  }

  private static func tensor(_ host: HostTensor) -> GoldenVector.Tensor {
    GoldenVector.Tensor(bytes: host.bytes, strings: host.strings)
  }

  private static func comparison(
    _ output: HostTensor, _ tolerance: Tolerance, isOrderDependent: Bool,
  ) -> GoldenVector.Comparison {
    if isOrderDependent { return .ignored }
    return tolerance.isExact(output.element) ? .exact : .relative
  }
}
