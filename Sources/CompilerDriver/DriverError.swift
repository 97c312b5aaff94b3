/// How a command of `servec` ends; the numbers are a contract with scripts.
package enum ExitStatus: Int32, Sendable {
  case success = 0
  /// Errors in the input, or a failed case of `verify`.
  case inputErrors = 1
  case usage = 2
  case difference = 4
  /// No clang, a port taken, a disk full.
  case environment = 5
}

/// Why a command stopped, when it is not a diagnostic about a place in a file.
package struct DriverError: Error, Sendable, CustomStringConvertible {
  package var status: ExitStatus
  /// What was found and what was expected.
  package var message: String
  /// What to do.
  package var help: String?

  package init(_ status: ExitStatus, _ message: String, help: String? = nil) {
    self.status = status
    self.message = message
    self.help = help
  }

  package var description: String {
    "error: \(message)" + (help.map { "\n  = help: \($0)" } ?? "")
  }
}
