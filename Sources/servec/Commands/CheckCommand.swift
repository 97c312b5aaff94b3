import ArgumentParser
import CompilerDriver

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Finds every mistake that can be known before a pod starts.",
    discussion:
      "Every environment is checked, unless --env names one. Model files are opened, their weights are not read.")

  @Argument(help: "The .serve files to check, or .onnx files, as they would be served alone.")
  var paths: [String]

  @Option(help: "Check placements of this environment only.")
  var env: String?

  @Option(help: "How diagnostics are printed: text, or one JSON object a line.")
  var format = OutputFormat.text

  func run() throws {
    var failed = false
    for path in paths {
      let outcome = try Check(environment: env).run(source: path)
      Report.print(outcome, format: format)
      failed = failed || outcome.hasErrors
      if !outcome.hasErrors, format == .text { Console.note("\(path): no errors") }
    }
    if failed { throw ExitStatus.inputErrors }
  }
}
