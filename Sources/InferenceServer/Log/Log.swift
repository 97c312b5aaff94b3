internal import Glibc
package import OpenInferenceProtocol

/// Structured logs on standard output, one JSON object a line, in the field names that Cloud Logging understands.
package enum Log {
  package enum Severity: String, Hashable, Sendable {
    case info = "INFO"
    case warning = "WARNING"
    case error = "ERROR"
  }

  /// Writes one line.
  package static func write(_ severity: Severity, _ message: String, _ fields: [JSONValue.Member] = []) {
    var out = ByteWriter(capacity: 512)
    line(severity, message, fields, time: UTCTime.now.rfc3339, to: &out)
    // One call a line, so that lines of several threads do not mix; what a reader does not take is lost.
    _ = Glibc.write(STDOUT_FILENO, out.bytes.baseAddress, out.bytes.count)
  }

  /// The line with its newline.
  static func line(
    _ severity: Severity, _ message: String, _ fields: [JSONValue.Member], time: String,
    to out: inout ByteWriter,
  ) {
    out.appendJSON(
      .object([("severity", .text(severity.rawValue)), ("time", .text(time)), ("message", .text(message))] + fields))
    out.append("\n")
  }
}
