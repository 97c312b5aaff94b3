internal import NIOHTTP1
internal import OpenInferenceProtocol

/// Decides which requests are logged, and writes their lines: every so many of the good ones, all failures, and never
/// more than a number a second, because a flood of bad requests must not become a flood of writes.
struct RequestLog {
  /// What a line says of a request and its answer.
  struct Entry {
    var head: HTTPRequestHead
    var status: Int
    var nanoseconds: UInt64
    var requestBytes: Int
    var responseBytes: Int
    var remoteAddress: String?
    var service: String
    var arm: String?
    var version: String?
    var error: RequestError?
  }

  /// One in so many good requests; 0 for none.
  private let successEvery: Int
  private let perSecond: Int
  private var successes = 0
  private var second: UInt64 = 0
  private var written = 0
  private var dropped = 0

  init(successEvery: Int, perSecond: Int) {
    self.successEvery = successEvery
    self.perSecond = perSecond
  }

  /// Whether a request answered with `status` at `now` (monotonic nanoseconds) gets a line.
  mutating func admits(status: Int, now: UInt64) -> Bool {
    if status < 400 {
      guard successEvery > 0 else { return false }
      successes += 1
      guard successes >= successEvery else { return false }
      successes = 0
    }
    if now / 1_000_000_000 != second {
      second = now / 1_000_000_000
      written = 0
    }
    guard written < perSecond else {
      dropped += 1
      return false
    }
    written += 1
    return true
  }

  /// Lines that were due and not written since the last time this was asked.
  mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }

  /// Writes the line of one request.
  static func write(_ entry: Entry) {
    var request: [JSONValue.Member] = [
      ("requestMethod", .text(entry.head.method.rawValue)), ("requestUrl", .text(entry.head.uri)),
      ("status", .integer(entry.status)), ("requestSize", .text(String(entry.requestBytes))),
      ("responseSize", .text(String(entry.responseBytes))),
      ("latency", .text(entry.nanoseconds.secondsText)), ("protocol", .text(entry.head.version.description)),
    ]
    if let agent = entry.head.headers.first(name: "user-agent") { request.append(("userAgent", .text(agent))) }
    if let address = entry.remoteAddress { request.append(("remoteIp", .text(address))) }
    var fields: [JSONValue.Member] = [("httpRequest", .object(request))]
    if let trace = TraceContext(entry.head.headers.first(name: "traceparent")) {
      fields.append(("logging.googleapis.com/trace", .text(trace.trace)))
      fields.append(("logging.googleapis.com/spanId", .text(trace.span)))
    }
    var labels: [JSONValue.Member] = [("service", .text(entry.service))]
    if let arm = entry.arm { labels.append(("arm", .text(arm))) }
    if let version = entry.version { labels.append(("version", .text(version))) }
    fields.append(("logging.googleapis.com/labels", .object(labels)))
    let severity: Log.Severity = entry.status >= 500 ? .error : entry.status >= 400 ? .warning : .info
    let cause = entry.error.map { ": " + ($0.field.map { "\($0): " } ?? "") + $0.message } ?? ""
    Log.write(severity, "\(entry.head.method.rawValue) \(entry.head.uri) \(entry.status)\(cause)", fields)
  }
}

extension UInt64 {
  /// Nanoseconds as the JSON form of a Duration, which knows no exponent: `0.000029766s`.
  fileprivate var secondsText: String {
    let fraction = String(self % 1_000_000_000)
    return "\(self / 1_000_000_000).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)s"
  }
}

/// The identifiers of a W3C `traceparent` header.
struct TraceContext: Equatable {
  let trace: String
  let span: String

  /// Nil for no header, or one that is not `version-trace-span-flags` in lower-case hexadecimal.
  init?(_ header: String?) {
    guard let parts = header?.split(separator: "-", omittingEmptySubsequences: false), parts.count >= 4,
      parts[0].utf8.count == 2, parts[1].utf8.count == 32, parts[2].utf8.count == 16,
      parts[1...2].allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } })
    else { return nil }
    trace = String(parts[1])
    span = String(parts[2])
  }
}
