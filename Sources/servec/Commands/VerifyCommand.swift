import ArgumentParser
import CompilerDriver

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the compiled plan of a model with reference data and with the interpreter.",
    discussion: """
      A data folder holds input_<i>.pb and output_<i>.pb, ONNX TensorProto files as in ONNX's own tests. Both
      comparisons must hold: with the files within --rtol and --atol, and with the reference interpreter within 1e-5 of
      the largest value. A model that the compiler refuses is `refused`, which is a failure only with --strict. Inputs
      that an operator needs at compile time (a shape, axes, pads) become constants with the values of the data, and
      `bound` names them.
      """)

  @Argument(help: "An .onnx or .plan file.")
  var model: String?

  @Option(parsing: .upToNextOption, help: "Folders with input_<i>.pb and output_<i>.pb.")
  var data: [String] = []

  @Option(help: "Folders with model.onnx and test_data_set_<k> each, as a glob pattern.")
  var each: String?

  @Option(help: "Relative tolerance against the files.")
  var rtol = 1e-3

  @Option(help: "Absolute tolerance against the files.")
  var atol = 1e-5

  @Flag(help: "Count refused models as failures.")
  var strict = false

  @Option(help: "text, or json: one object a line with case, status, max_abs, max_rel and reason.")
  var format = OutputFormat.text

  func validate() throws {
    if (model == nil) == (each == nil) {
      throw ValidationError("give either a model with --data folders, or --each with a pattern")
    }
    if model != nil, data.isEmpty { throw ValidationError("--data names no folder") }
  }

  func run() throws {
    let verify = Verify(rtol: rtol, atol: atol)
    var failed = false
    let report: (VerifyCase) -> Void = { result in
      Console.result(format == .json ? result.json : result.text)
      failed = failed || result.isFailure(strict: strict)
    }
    if let model { try verify.run(model: model, data: data, report: report) }
    if let each { try verify.run(each: each, report: report) }
    if failed { throw ExitStatus.inputErrors }
  }
}
