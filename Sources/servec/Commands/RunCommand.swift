import ArgumentParser
import CompilerDriver

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Builds a service and serves it here.",
    discussion: "Builds the plan, then becomes the `served` beside this program. An ONNX file is served as it is.")

  @Argument(help: "A .serve file or an .onnx file.")
  var path: String

  @Option(help: "The environment to take settings from; the first when left out.")
  var env: String?

  @Option(help: "The service, where the file declares several.")
  var service: String?

  @Option(help: "Port to listen on; the service's own when left out.")
  var port: Int?

  func run() throws {
    let program = try Check(environment: env).run(source: path)
    try Report.stopOnErrors(program)
    try Run(environment: env, service: service, port: port, progress: Progress { Console.note("  \($0)") }).run(program)
  }
}
