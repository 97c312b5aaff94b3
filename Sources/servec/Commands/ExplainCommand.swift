import ArgumentParser
import CompilerDriver

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Says what a diagnostic means, why it matters and how to mend it.")

  @Argument(help: "A code, such as SV0701; without one, the list of all codes.")
  var code: String?

  func run() throws { Console.result(try Explain().run(code: code)) }
}
