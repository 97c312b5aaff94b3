import ArgumentParser
import CompilerDriver

struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Prints a first .serve file.",
    discussion: "With --from, its signature and dimensions are those of the model: servec new --from m.onnx > m.serve")

  @Option(name: .customLong("from"), help: "An .onnx file to serve.")
  var model: String?

  func run() throws { Console.result(try New().run(model: model)) }
}
