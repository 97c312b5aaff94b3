import NIOHTTP1
import OpenInferenceProtocol
import PlanFormat
import Testing

@testable import InferenceServer

@Suite struct PartsTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000005Z"), (951_782_399, "2000-02-28T23:59:59.000000005Z"),
    (951_782_400, "2000-02-29T00:00:00.000000005Z"), (1_795_349_109, "2026-11-22T12:05:09.000000005Z"),
    (4_107_542_400, "2100-03-01T00:00:00.000000005Z"), (-1, "1969-12-31T23:59:59.000000005Z"),
  ])
  func `a moment is written in RFC 3339`(seconds: Int, text: String) {
    #expect(UTCTime(secondsSince1970: seconds, nanosecond: 5).rfc3339 == text)
  }

  @Test(arguments: [
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (-86_400, "Wed, 31 Dec 1969 00:00:00 GMT"),
  ])
  func `a date is written as HTTP has it`(seconds: Int, text: String) {
    #expect(UTCTime(secondsSince1970: seconds, nanosecond: 0).http == text)
  }

  @Test func `a traceparent header gives its trace and span, and anything else nothing`() throws {
    let trace = String(repeating: "0a", count: 16)
    let span = String(repeating: "1b", count: 8)
    let context = try #require(TraceContext("00-\(trace)-\(span)-01"))
    #expect(context.trace == trace && context.span == span)
    for header in [nil, "", "00-\(trace)-\(span)", "00-\(trace)x-\(span)-01", "00-\(trace.uppercased())-\(span)-01"] {
      #expect(TraceContext(header) == nil)
    }
  }

  @Test func `one in so many good requests is logged, and failures up to a number a second`() {
    var log = RequestLog(successEvery: 3, perSecond: 2)
    #expect((0..<6).map { _ in log.admits(status: 200, now: 0) } == [false, false, true, false, false, true])
    // The second is used up; the next has room again.
    #expect((0..<3).map { _ in log.admits(status: 500, now: 999_999_999) } == [false, false, false])
    #expect((0..<3).map { _ in log.admits(status: 400, now: 1_000_000_000) } == [true, true, false])
    #expect(log.takeDropped() == 4)
    #expect(log.takeDropped() == 0)
    var silent = RequestLog(successEvery: 0, perSecond: 10)
    #expect(!silent.admits(status: 200, now: 0) && silent.admits(status: 404, now: 0))
  }

  @Test(arguments: [
    ("/v1/a%20b", Route.typed), ("/v1/a%20b?x=1", .typed), ("/v1/a%20b/", .typed), ("/v2", .serverMetadata),
    ("/v2/models/a%20b/versions/7/infer", .infer(version: "7")), ("/v2/models/a%20b", .modelMetadata(version: nil)),
    ("/metrics", .metrics),
  ])
  func `names in paths are percent-decoded`(target: String, route: Route) throws {
    #expect(try PathTable(service: "a b").route(target) == route)
  }

  @Test(arguments: ["", "/", "/v1", "/v1/b", "/v1/a%2", "/v1/%ff", "/v3", "/metrics/x", "*", "/v2/models//infer"])
  func `any other path is not found`(target: String) {
    #expect(throws: RequestError.self) { try PathTable(service: "a b").route(target) }
  }

  @Test func `before the plan is loaded health is answered and the rest is not ready`() throws {
    var settings = ServedSettings()
    settings.httpPort = 0
    settings.logging.perSecond = 0
    let server = try Server(settings, host: "127.0.0.1", threads: 1)
    defer {
      _ = server.drain(propagation: 0, limit: 1)
      server.shutdown()
    }
    for (method, target, status) in [
      ("GET", "/livez", 200), ("GET", "/v2/health/live", 200), ("GET", "/readyz", 503),
      ("GET", "/v2/health/ready", 503),
      ("POST", "/v1/shop", 503), ("GET", "/metrics", 503), ("GET", "/nothing", 503),
    ] {
      let client = try TestClient(port: server.port)
      try client.send(method, target, method == "POST" ? "{}" : nil)
      let answer = try client.receive()
      #expect(answer.status == status, "\(target)")
      #expect(status == 200 || answer.body.hasPrefix(#"{"error":"not ready""#), "\(target)")
    }
  }
}
