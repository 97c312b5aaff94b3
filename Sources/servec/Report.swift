import CompilerDriver
import ServeDiagnostics

/// Prints diagnostics.
enum Report {
  /// Text goes to standard error; JSON is a result and goes to standard output.
  static func print(_ program: CheckedProgram, format: OutputFormat) {
    let sorted = Diagnostics(program.diagnostics).sorted
    guard !sorted.isEmpty else { return }
    switch format {
    case .text: Console.note(TextRenderer(files: program.files, inColour: Console.usesColour).render(sorted))
    case .json: Console.result(JSONRenderer(files: program.files).render(sorted))
    }
  }

  /// Ends the command when the input has errors.
  static func stopOnErrors(_ program: CheckedProgram) throws {
    print(program, format: .text)
    if program.hasErrors { throw ExitStatus.inputErrors }
  }
}
