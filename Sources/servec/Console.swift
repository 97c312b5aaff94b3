import ArgumentParser
import CompilerDriver
import Glibc

/// What goes to the terminal: results on standard output, everything else on standard error.
enum Console {
  /// Colour is for people: a terminal, and not when NO_COLOR is set (no-color.org).
  static let usesColour = isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil

  static func result(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }

  static func note(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDERR_FILENO) }

  static func error(_ error: DriverError) { note(error.description) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  /// Ends the process with a status of the contract.
  static func exit(_ status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }
}

/// How diagnostics are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}
