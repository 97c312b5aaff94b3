import InferenceCompiler
import InferenceIR
import PlanFormat
import ServeSema
import TensorTypes

/// How far rounded weights move a program's outputs, measured and bounded.
struct WeightDrift {
  /// The program with weights as in the files.
  var reference: Graph
  /// What the spec allows.
  var maximum: Double
  /// `f16 weights of Ranker.v2`.
  var what: String

  /// Requests that are tried.
  static let requests = 4

  /// The largest difference of an output of floats over its largest value, on synthetic inputs that the types and
  /// refinements of the request allow; both sides by the interpreter, so that only the weights differ.
  func measure(
    _ unit: CompilationUnit, symbols: [Symbol], domains: [ValueID: SyntheticInputs.Domain],
  ) throws -> Double {
    let dims = symbols.map { min($0.maximum, max($0.minimum, $0.name == unit.batch ? Self.requests : 8)) }
    let values = Dictionary(uniqueKeysWithValues: zip(symbols.map(\.name), dims))
    let (inputs, rounded, _) = try GoldenVectors.reference(unit, values, domains, seed: 0xD81F7)
    let exact: [HostTensor]
    do {
      exact = try Interpreter.run(reference, inputs: inputs, symbols: values)
    } catch {
      throw DriverError(.inputErrors, "\(unit.name): \(error.origin): \(error.message)")
    }
    guard zip(rounded, exact).allSatisfy({ $0.shape == $1.shape }) else {
      throw DriverError(
        .inputErrors, "\(unit.name): with \(what) an output has another number of rows, which is no distance",
        help: "keep f32 weights where the data decide how many rows there are")
    }
    let outputs = zip(rounded, exact).filter { $1.element.isFloat }
    guard outputs.isEmpty || outputs.contains(where: { Constant($1).doubles.contains(where: \.isFinite) }) else {
      throw DriverError(
        .inputErrors, "\(unit.name): \(what) may move outputs by any amount: on made-up inputs none is a number",
        help: "say what the request's fields can be, as in `i64(0...1)`, or keep f32 weights")
    }
    return outputs.map { Difference($0, $1).maximumRelative }.max() ?? 0
  }

  /// Measures, and refuses what is above the bound.
  /// - Returns: the finding, for people.
  func check(
    _ unit: CompilationUnit, symbols: [Symbol], domains: [ValueID: SyntheticInputs.Domain],
  ) throws -> String {
    let drift = try measure(unit, symbols: symbols, domains: domains)
    // Outputs that are not numbers have no distance.
    guard drift <= maximum else {
      throw DriverError(
        .inputErrors, "\(unit.name): \(what) move outputs by \(drift) of their largest value",
        help: "`max_drift` allows \(maximum); allow more, or choose a finer precision")
    }
    return "\(unit.name): \(what) move outputs by \(drift) of their largest value, at most \(maximum) is allowed"
  }
}

extension WeightFormat {
  init(_ format: ModelDeclaration.Weights.Format) {
    self =
      switch format {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .int8: .int8
      }
  }
}
