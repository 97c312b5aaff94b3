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
  /// - Returns: the vectors, and which outputs no vector has a number in: to be equal to what is none says nothing.
  static func make(
    _ unit: CompilationUnit, program: Program, at index: Int, symbols: [Symbol], orderDependent: Set<Int>,
    domains: [ValueID: SyntheticInputs.Domain],
  ) throws(DriverError) -> (vectors: [GoldenVector], unchecked: [Int]) {
    var vectors: [GoldenVector] = []
    var unchecked = Set(unit.outputs.indices)
    for (at, dims) in assignments(program, symbols).enumerated() {
      let values = Dictionary(uniqueKeysWithValues: zip(symbols.map(\.name), dims))
      let (inputs, outputs, found) = try reference(unit, values, domains, seed: UInt64(0x5EED + at))
      unchecked = unchecked.filter { shareOfNumbers(outputs[$0]) == 0 }
      let tolerance = Tolerance(unit.graph, unit.numerics)
      vectors.append(
        GoldenVector(
          program: index, dims: zip(symbols, dims).map { found[$0.name] ?? $1 }, inputs: inputs.map(tensor),
          outputs: outputs.map(tensor),
          comparisons: outputs.enumerated().map {
            comparison($0.element, tolerance, isOrderDependent: orderDependent.contains($0.offset))
          },
          tolerance: tolerance.relative))
    }
    return (vectors, unchecked.sorted())
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
    let found = Set(program.foundDims.map(\.symbol))
    func dims(_ size: Int, _ isLarger: (Int) -> Bool) -> [Int] {
      symbols.enumerated().map { at, symbol in
        isLarger(at) && !found.contains(at) ? min(symbol.maximum, max(symbol.minimum, size)) : symbol.minimum
      }
    }
    let candidates = sizes.map { dims($0) { _ in true } } + sizes.map { dims($0) { $0 != program.batch } }
    let second = candidates.first { $0 != smallest && cost($0) < limit }
    return [smallest] + (second.map { [$0] } ?? [])
  }

  /// Inputs and what the interpreter makes of them, with the values of all symbols.
  ///
  /// Where a graph computes indices in a way that shows no bound, inputs in the usual range may miss its tables; and
  /// masks may hide all that there is. Parts of the range are tried then, and what has most numbers is taken.
  static func reference(
    _ unit: CompilationUnit, _ values: [String: Int], _ domains: [ValueID: SyntheticInputs.Domain], seed: UInt64,
  ) throws(DriverError) -> (inputs: [HostTensor], outputs: [HostTensor], symbols: [String: Int]) {
    var failure: InterpreterError?
    var best: (inputs: [HostTensor], outputs: [HostTensor], symbols: [String: Int])?
    var share = 0.0
    var tried: Set<[ClosedRange<Int64>]> = []
    for narrowing in Narrowing.inTurn {
      var narrowed: [ValueID: SyntheticInputs.Domain] = [:]
      for input in unit.graph.inputs {
        var domain = domains[input] ?? .init()
        domain.integers = narrowing.part(of: domain.integers)
        narrowed[input] = domain
      }
      let integers = unit.graph.inputs.filter { unit.graph.type(of: $0).element.isInteger }
      guard tried.insert(integers.map { narrowed[$0]?.integers ?? 0...0 }).inserted else { continue }
      let inputs = SyntheticInputs.make(unit.graph, symbols: values, domains: narrowed, seed: seed)
      do throws(InterpreterError) {
        let (outputs, symbols) = try Interpreter.runFindingSymbols(unit.graph, inputs: inputs, symbols: values)
        let found = outputs.map(shareOfNumbers).min() ?? 1
        if best == nil || found > share { (best, share) = ((inputs, outputs, symbols), found) }
        if share == 1 { break }
      } catch {
        failure = failure ?? error
      }
    }
    if let best { return best }
    throw DriverError(.inputErrors, "\(unit.name): \(failure?.origin ?? ""): \(failure?.message ?? "")")
  }

  /// Which part of the range of integers inputs are drawn from.
  private enum Narrowing {
    case all
    /// Flags are all set: a mask that hides everything leaves no numbers.
    case set
    case atMost(Int64)

    static let inTurn: [Narrowing] = [.all, .set, .atMost(9), .atMost(1), .atMost(0)]

    func part(of range: ClosedRange<Int64>) -> ClosedRange<Int64> {
      switch self {
      case .all: range
      case .set: range == SyntheticInputs.Domain.flags ? 1...1 : range
      case .atMost(let cap): range.lowerBound...max(range.lowerBound, min(range.upperBound, cap))
      }
    }
  }

  /// How much of a tensor is numbers: neither NaN, which is equal to any NaN in a comparison, nor infinite.
  private static func shareOfNumbers(_ tensor: HostTensor) -> Double {
    guard tensor.element.isFloat else { return 1 }
    let values = Constant(tensor).doubles
    return values.isEmpty ? 1 : Double(values.count(where: \.isFinite)) / Double(values.count)
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
