import ArgumentParser
import CompilerDriver

extension DumpStage: ExpressibleByArgument {}

struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Prints what a stage of the compiler makes of a file.",
    discussion:
      "Stages: tokens, tree, types (the checked module), ir (one graph an arm), lowered (dispatches and memory), plan, c (kernels)."
  )

  @Argument(help: "A .serve or .onnx file, or a .plan file for the stage plan.")
  var path: String

  @Option(help: "tokens, tree, types, ir, lowered, plan or c.")
  var stage: DumpStage

  @Option(help: "The environment; the first when left out.")
  var env: String?

  func run() throws {
    let dumped = try Dump(stage: stage, environment: env).run(path: path)
    if let program = dumped.program { try Report.stopOnErrors(program) }
    Console.result(dumped.text)
  }
}
