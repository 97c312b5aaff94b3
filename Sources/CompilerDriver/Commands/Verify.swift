import Foundation
import Glibc
import InferenceCompiler
import InferenceIR
import InferenceRuntime
import ModelImport
import PlanFormat
import ServeDiagnostics
import TensorTypes

/// The outcome of one data folder.
package struct VerifyCase: Sendable {
  package enum Status: String, Sendable { case pass, fail, refused }

  package var name: String
  package var status: Status
  /// Largest differences from the files: absolute, and relative to the largest reference value.
  package var maximumAbsolute: Double
  package var maximumRelative: Double
  package var reason: String
  /// Inputs that an operator needs at compile time and that were made constants, and dimensions that were fixed.
  package var bound: [String] = []

  package func isFailure(strict: Bool) -> Bool { status == .fail || (strict && status == .refused) }

  package var text: String {
    switch status {
    case .pass:
      "pass     \(name)  max_abs \(maximumAbsolute)  max_rel \(maximumRelative)"
        + (bound.isEmpty ? "" : "  bound \(bound.joined(separator: ", "))")
    case .fail: "FAIL     \(name)  \(reason)"
    case .refused: "refused  \(name)  \(reason)"
    }
  }

  package var json: String {
    let object: [String: Any] = [
      "case": name, "status": status.rawValue, "max_abs": finite(maximumAbsolute), "max_rel": finite(maximumRelative),
      "reason": reason, "bound": bound,
    ]
    let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  private func finite(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}

/// `servec verify`: the compiled plan against reference data and against the interpreter.
package struct Verify {
  let rtol: Double
  let atol: Double

  package init(rtol: Double, atol: Double) {
    self.rtol = rtol
    self.atol = atol
  }

  /// One case per data folder.
  package func run(model: String, data: [String], report: (VerifyCase) -> Void) throws {
    for folder in data { report(verify(model, folder, name: "\(model) \(folder)")) }
  }

  /// Folders that match a glob pattern, each with `model.onnx` and `test_data_set_<k>`.
  package func run(each pattern: String, report: (VerifyCase) -> Void) throws {
    let folders = Self.glob(pattern).filter { FileManager.default.fileExists(atPath: "\($0)/model.onnx") }
    guard !folders.isEmpty else { throw DriverError(.usage, "no folder with a model.onnx matches `\(pattern)`") }
    for folder in folders {
      let name = URL(fileURLWithPath: folder).lastPathComponent
      for set in Self.glob("\(folder)/test_data_set_*") {
        report(verify("\(folder)/model.onnx", set, name: "\(name)/\(URL(fileURLWithPath: set).lastPathComponent)"))
      }
    }
  }

  private static func glob(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard Glibc.glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  // MARK: - One case

  private func verify(_ model: String, _ folder: String, name: String) -> VerifyCase {
    var result = VerifyCase(name: name, status: .pass, maximumAbsolute: 0, maximumRelative: 0, reason: "")
    do {
      let data = DataFolder(path: folder)
      let subject = try model.hasSuffix(".plan") ? open(model, data) : build(model, data)
      result.bound = subject.bound
      let outputs = try execute(subject)
      compare(
        outputs.compiled, with: subject.outputs, interpreted: outputs.interpreted,
        tolerance: outputs.tolerance, into: &result)
    } catch let error as DriverError {
      // A fault of this machine, or C that does not compile, is no refusal.
      result.status = error.status == .environment ? .fail : .refused
      result.reason = error.message
    } catch let error as InterpreterError {
      result.status = .fail
      result.reason = "the interpreter stops: \(error.origin): \(error.message)"
    } catch {
      result.status = .refused
      result.reason = "\(error)"
    }
    return result
  }

  /// What runs, and on what.
  private struct Subject {
    var plan: LocalPlan
    /// By input of the program.
    var inputs: [Int: HostTensor]
    /// What is expected, by output of the program.
    var outputs: [Int: HostTensor]
    var bound: [String] = []
  }

  private func open(_ plan: String, _ data: DataFolder) throws -> Subject {
    Subject(
      plan: try LocalPlan(planFile: plan), inputs: DataFolder.tensors(try data.values("input")),
      outputs: DataFolder.tensors(try data.values("output")))
  }

  private func execute(
    _ subject: Subject,
  ) throws -> (compiled: [HostTensor], interpreted: [HostTensor]?, tolerance: Tolerance?) {
    let (plan, inputs) = (subject.plan, subject.inputs)
    let program = plan.loaded.plan.programs[0]
    var values: [String: Int] = [:]
    let symbols = plan.loaded.plan.symbols
    var ordered: [HostTensor] = []
    for (at, binding) in program.inputs.enumerated() {
      guard let tensor = inputs[at] else { throw DriverError(.inputErrors, "input_\(at).pb is missing") }
      let leading = program.batch.map { [Dim(symbol: symbols[$0].name)] } ?? []
      guard tensor.element == binding.element else {
        throw DriverError(.inputErrors, "input_\(at).pb is \(tensor.element), the model takes \(binding.element)")
      }
      try bind(Shape(leading + binding.shape.dims), to: tensor.shape, &values, what: "input_\(at).pb")
      ordered.append(tensor)
    }
    let executor = try Executor(plan.loaded)
    for (index, symbol) in symbols.enumerated() {
      values[symbol.name] = values[symbol.name] ?? symbol.minimum
      try executor.setDim(index, to: values[symbol.name] ?? symbol.minimum)
    }
    let requests = program.batch.flatMap { values[symbols[$0].name] } ?? 1
    for (at, tensor) in ordered.enumerated() {
      try LocalPlan.write(tensor, to: executor, input: at, program: 0, requests: requests)
    }
    executor.run(0)
    for found in program.foundDims { values[symbols[found.symbol].name] = executor.dim(found.symbol) }
    let compiled = program.outputs.enumerated().map { at, binding in
      let leading = program.batch.map { [Dim(symbol: symbols[$0].name)] } ?? []
      return LocalPlan.read(
        executor, output: at, program: 0, requests: requests, element: binding.element,
        shape: Shape(leading + binding.shape.dims).evaluate(values) ?? [])
    }
    let interpreted = try plan.assembly.map { assembly in
      try Interpreter.run(assembly.units[0].graph, inputs: ordered, symbols: values)
    }
    return (compiled, interpreted, plan.assembly.map { Tolerance($0.units[0].graph) })
  }

  /// Compiles the model for the data: with its dimensions open where that can be.
  private func build(_ path: String, _ data: DataFolder) throws -> Subject {
    do {
      let model = try OnnxModel.open(path)
      let (inputs, outputs) = (model.kinds.inputs.map(\.kind), model.kinds.outputs.map(\.kind))
      let values = try data.values("input", inputs)
      let expected = DataFolder.tensors(try data.values("output", outputs))
      do {
        return try build(model, values, expected, isFixed: false)
      } catch let error as DriverError where error.status == .inputErrors {
        return try build(model, values, expected, isFixed: true)
      } catch is ImportError {
        return try build(model, values, expected, isFixed: true)
      }
    } catch let error as ImportError {
      throw DriverError(.inputErrors, "\(error)")
    }
  }

  private func build(
    _ model: OnnxModel, _ values: [Int: HostValue], _ expected: [Int: HostTensor], isFixed: Bool,
  ) throws -> Subject {
    let bound = try BoundModel(model, values, isFixed: isFixed)
    var sizes: [String: Int] = [:]
    for (at, id) in bound.graph.inputs.enumerated() {
      for (dim, size) in zip(bound.graph.type(of: id).shape.dims, bound.inputs[at]?.shape ?? []) {
        if let symbol = dim.symbol { sizes[symbol] = max(sizes[symbol] ?? 1, size) }
      }
    }
    let assembly = ServiceAssembly(bound.graph, name: "model", sizes: sizes)
    return Subject(
      plan: try LocalPlan(assembly), inputs: bound.inputs, outputs: expected, bound: bound.bound)
  }

  private func bind(_ shape: Shape, to actual: [Int], _ values: inout [String: Int], what: String) throws {
    let mismatch = DriverError(.inputErrors, "\(what) has shape \(actual), the model takes \(shape)")
    guard shape.rank == actual.count else { throw mismatch }
    for (dim, extent) in zip(shape.dims, actual) {
      if let symbol = dim.symbol {
        guard values[symbol] ?? extent == extent else { throw mismatch }
        values[symbol] = extent
      } else if dim.constant != extent {
        throw mismatch
      }
    }
  }

  // MARK: - Comparison

  private func compare(
    _ compiled: [HostTensor], with files: [Int: HostTensor], interpreted: [HostTensor]?,
    tolerance: Tolerance?, into result: inout VerifyCase,
  ) {
    // Sequences have as many tensors as the files say.
    if let last = files.keys.max(), last >= compiled.count {
      result.status = .fail
      result.reason = "there are \(compiled.count) outputs, and one \(last) is expected"
      return
    }
    for (at, tensor) in compiled.enumerated() {
      if let reference = interpreted?[at], let tolerance {
        let gap = Difference(tensor, reference, isExact: tolerance.isExact(reference.element))
        guard gap.isComparable, gap.isWithin(relative: tolerance.relative) else {
          result.status = .fail
          result.reason = "output \(at) differs from the interpreter: \(gap)"
          return
        }
      }
      guard let reference = files[at] else { continue }
      let gap = Difference(tensor, reference)
      result.maximumAbsolute = max(result.maximumAbsolute, gap.maximumAbsolute)
      result.maximumRelative = max(result.maximumRelative, gap.maximumRelative)
      guard gap.isComparable, gap.isClose(rtol: rtol, atol: atol) else {
        result.status = .fail
        result.reason = "output \(at) differs from the file: \(gap)"
        return
      }
    }
  }
}

/// How far two tensors are apart. NaN equals NaN; integers and bools are compared exactly.
struct Difference: CustomStringConvertible {
  private(set) var isComparable = true
  private(set) var maximumAbsolute = 0.0
  private(set) var largestReference = 0.0
  private var pairs: [(Double, Double)] = []
  private let isExact: Bool
  private let isIdentical: Bool
  private let shapes: String
  private let element: ElementType

  init(_ actual: HostTensor, _ reference: HostTensor, isExact: Bool? = nil) {
    element = reference.element
    shapes = "\(actual.type) and \(reference.type)"
    self.isExact = isExact ?? (!reference.element.isFloat && !reference.element.isSmall)
    isIdentical = actual.bytes == reference.bytes && actual.strings == reference.strings
    guard actual.element == reference.element, actual.shape == reference.shape else {
      isComparable = false
      return
    }
    pairs = Array(zip(Constant(actual).doubles, Constant(reference).doubles))
    for (a, b) in pairs {
      if b.isFinite { largestReference = max(largestReference, abs(b)) }
      if a == b || (a.isNaN && b.isNaN) { continue }
      let gap = abs(a - b)
      maximumAbsolute = max(maximumAbsolute, gap.isNaN ? .infinity : gap)
    }
  }

  /// max|d| / max|ref|.
  var maximumRelative: Double {
    maximumAbsolute == 0 ? 0 : maximumAbsolute / max(largestReference, .leastNormalMagnitude)
  }

  func isWithin(relative: Double) -> Bool { isExact ? isIdentical : maximumRelative <= relative }

  /// numpy.isclose for every element; f16 and bf16 may also be a step of the largest value apart, because the files'
  /// own sums were rounded elsewhere.
  func isClose(rtol: Double, atol: Double) -> Bool {
    if isExact { return isIdentical }
    let step = element.isFloat ? element.step * largestReference : 0
    return pairs.allSatisfy { a, b in
      a == b || (a.isNaN && b.isNaN) || abs(a - b) <= max(atol + rtol * abs(b), step)
    }
  }

  var description: String {
    isComparable ? "max_abs \(maximumAbsolute), max_rel \(maximumRelative)" : "types \(shapes)"
  }
}
