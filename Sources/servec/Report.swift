import CompilerDriver
import ServeDiagnostics

/// Prints diagnostics.
enum Report {
  /// Text goes to standard error; JSON is a result and goes to standard output.
  static func print(_ program: CheckedProgram, format: OutputFormat) {
    let sorted = Diagnostics(program.diagnostics).sorted
    switch format {
    case .text:
      for diagnostic in sorted {
        Console.note(TextRenderer(files: program.files, usesColour: Console.usesColour).render(diagnostic))
      }
    case .json:
      for diagnostic in sorted { Console.result(JSONRenderer(files: program.files).render(diagnostic)) }
    }
  }

  /// Ends the command when the input has errors.
  static func stopOnErrors(_ program: CheckedProgram) throws {
    print(program, format: .text)
    if program.hasErrors { throw ExitStatus.inputErrors }
  }
}
