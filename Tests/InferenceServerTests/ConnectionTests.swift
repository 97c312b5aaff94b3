import Foundation
import InferenceServer
import PlanFormat
import Testing

@Suite struct ConnectionTests {
  private static let good = #"{"user":1,"xs":[1]}"#

  @Test func `a connection serves many requests, a wrong one among them`() throws {
    let server = try TestServer(TestPlans.experiment)
    let client = try server.connect()
    for body in [Self.good, "{", Self.good, #"{"user":-1}"#, Self.good] {
      try client.send("POST", "/v1/shop", body)
      #expect(try client.receive().status == (body == Self.good ? 200 : 400))
    }
    try client.send("GET", "/livez", headers: ["connection: close"])
    #expect(try client.receive().headers["connection"] == "close")
    #expect(client.isClosed())
  }

  @Test(arguments: [false, true])
  func `pipelined requests are answered in order`(isBatching: Bool) throws {
    let server = try TestServer(TestPlans.batched) { settings in
      settings.batching.maxSize = isBatching ? 4 : 1
      settings.batching.maxWaitMicroseconds = 500
    }
    let client = try server.connect()
    let requests = (1...20).map { TestClient.request("POST", "/v1/divide", "{\"x\":[\($0),2]}") }
    try client.send(raw: requests.joined())
    for number in 1...20 { #expect(try client.receive().body == "{\"y\":\(Float(number) / 2)}") }
  }

  @Test func `a request may come byte by byte, or in chunks`() throws {
    let server = try TestServer(TestPlans.experiment)
    let client = try server.connect()
    for byte in TestClient.request("POST", "/v1/shop", Self.good).utf8 { try client.send(raw: [byte]) }
    #expect(try client.receive().status == 200)
    try client.send(raw: "POST /v1/shop HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n")
    for piece in [#"{"user":1,"#, #""xs":"#, "[1]}"] {
      try client.send(raw: "\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
    }
    try client.send(raw: "0\r\n\r\n")
    #expect(try client.receive().status == 200)
  }

  @Test func `a body over the limit is refused before it is kept`() throws {
    let server = try TestServer(TestPlans.experiment) { $0.maxRequestBytes = 1000 }
    let announced = try server.connect()
    try announced.send(raw: "POST /v1/shop HTTP/1.1\r\nhost: t\r\ncontent-length: 1001\r\n\r\n")
    #expect(try announced.receive().status == 413)
    #expect(announced.isClosed())
    let chunked = try server.connect()
    try chunked.send(raw: "POST /v1/shop HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in 0..<3 { try chunked.send(raw: "190\r\n\(String(repeating: " ", count: 400))\r\n") }
    let answer = try chunked.receive()
    #expect(answer.status == 413)
    #expect(answer.body == #"{"error":"the request's body is larger than 1000 bytes"}"#)
  }

  @Test func `bodies that are read at a time are bounded together`() throws {
    let server = try TestServer(TestPlans.experiment) { $0.maxRequestBytes = 1000 }
    let body = String(repeating: " ", count: 1000 - Self.good.utf8.count) + Self.good
    func begin() throws -> TestClient {
      let client = try server.connect()
      try client.send(raw: "POST /v1/shop HTTP/1.1\r\nhost: t\r\ncontent-length: 1000\r\n\r\n\(body.prefix(900))")
      // An answer on another connection says that the loop has read it.
      let other = try server.connect()
      try other.send(raw: "GET /livez HTTP/1.1\r\nhost: t\r\n\r\n")
      _ = try other.receive()
      return client
    }
    func end(_ client: TestClient) throws {
      try client.send(raw: String(body.suffix(100)))
      #expect(try client.receive().status == 200)
    }
    let (first, second, third) = (try begin(), try begin(), try begin())
    #expect(try third.receive().status == 429)
    #expect(third.isClosed())
    try end(first)
    try end(try begin())
    try end(second)
  }

  @Test func `an expectation is met before the body, or refused`() throws {
    let server = try TestServer(TestPlans.experiment) { $0.maxRequestBytes = 1000 }
    let client = try server.connect()
    func head(_ target: String, _ length: Int, _ expectation: String) -> String {
      "POST \(target) HTTP/1.1\r\nhost: t\r\ncontent-length: \(length)\r\nexpect: \(expectation)\r\n\r\n"
    }
    try client.send(raw: head("/v1/shop", Self.good.utf8.count, "100-continue"))
    #expect(try client.receive().status == 100)
    try client.send(raw: Self.good)
    #expect(try client.receive().status == 200)
    try client.send(raw: head("/v1/none", 5, "100-continue"))
    #expect(try client.receive().status == 404)
    let large = try server.connect()
    try large.send(raw: head("/v1/shop", 2000, "100-continue"))
    #expect(try large.receive().status == 413)
    let strange = try server.connect()
    try strange.send(raw: head("/v1/shop", 0, "tea"))
    #expect(try strange.receive().status == 417)
  }

  @Test(arguments: [
    "GET /livez HTTP/1.1\r\nbad header\r\n\r\n",
    "POST /v1/shop HTTP/1.1\r\nhost: t\r\ncontent-length: x\r\n\r\n",
    "POST /v1/shop HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
    "POST /v1/shop HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  ])
  func `what is not HTTP is told so, and the connection ends`(text: String) throws {
    let server = try TestServer(TestPlans.experiment)
    let client = try server.connect()
    try client.send(raw: text)
    let answer = try client.receive()
    #expect(answer.status == 400)
    #expect(answer.body.hasPrefix(#"{"error":""#))
    #expect(client.isClosed())
  }

  @Test func `another version of HTTP is 505, and an unknown method 405`() throws {
    let server = try TestServer(TestPlans.experiment)
    for (text, status) in [("POST /v1/shop\r\n\r\n", 505), ("BREW /v1/shop HTTP/1.1\r\n\r\n", 405), ("hello\r\n", 405)]
    {
      let client = try server.connect()
      try client.send(raw: text)
      #expect(try client.receive().status == status)
      #expect(client.isClosed())
    }
  }

  @Test func `headers are bounded`() throws {
    let server = try TestServer(TestPlans.experiment)
    let client = try server.connect()
    try client.send("GET", "/livez", headers: ["x: \(String(repeating: "a", count: 20_000))"])
    #expect(try client.receive().status == 431)
  }

  @Test func `wrong requests do not disturb the others`() throws {
    let server = try TestServer(TestPlans.experiment, threads: 2)
    let outcomes = Outcomes()
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      outcomes.record {
        let client = try server.connect()
        for round in 0..<50 {
          if index % 2 == 0 {
            try client.send("POST", "/v1/shop", #"{"user":\#(round),"xs":[\#(index),\#(round)]}"#)
            let body = try client.receive().body
            let v1 = #"{"ys":[\#(Float(index * 2)),\#(Float(round * 2))],"note":"","model":"v1"}"#
            let v2 = #"{"ys":[\#(Float(index * 3)),\#(Float(round * 3))],"note":"","model":"v2"}"#
            guard body == v1 || body == v2 else { throw TestClient.Failure(message: body) }
          } else {
            try client.send("POST", round % 2 == 0 ? "/v1/shop" : "/none", "{\"user\":\(round),\"xs\":[[]]}")
            let status = try client.receive().status
            guard status == (round % 2 == 0 ? 400 : 404) else { throw TestClient.Failure(message: "\(status)") }
          }
        }
      }
    }
    #expect(outcomes.failures.isEmpty, "\(outcomes.failures)")
  }

  @Test func `a full queue is 429, and an expired request 504`() throws {
    let server = try TestServer(TestPlans.batched) { settings in
      settings.batching.maxSize = 4
      settings.batching.queue = 1
      settings.batching.maxWaitMicroseconds = 5_000_000
      settings.deadlineMilliseconds = 300
    }
    let waiting = try server.connect()
    try waiting.send("POST", "/v1/divide", #"{"x":[1,2]}"#)
    Thread.sleep(forTimeInterval: 0.1)
    let shed = try server.ask("POST", "/v1/divide", #"{"x":[1,2]}"#)
    #expect(shed.status == 429 && shed.headers["retry-after"] == "1")
    #expect(try waiting.receive().status == 504)
    #expect(try server.ask("GET", "/metrics").body.contains(#"serve_queued_requests{service="divide"} 0"#))
  }

  @Test func `the queue is bounded without batching too`() throws {
    let server = try TestServer(TestPlans.batched) { $0.batching.queue = 1 }
    let slow = try server.connect()
    // Keeps the only loop busy for some time, during which three more requests become readable.
    try slow.send("POST", "/v1/divide", #"{"x":[1,-100]}"#)
    Thread.sleep(forTimeInterval: 0.05)
    let clients = try (0..<3).map { _ in
      let client = try server.connect()
      try client.send("POST", "/v1/divide", #"{"x":[1,2]}"#)
      return client
    }
    #expect(try slow.receive().status == 200)
    #expect(try clients.map { try $0.receive().status }.sorted() == [200, 429, 429])
  }

  @Test func `requests that wait together run together`() throws {
    let server = try TestServer(TestPlans.batched) { settings in
      settings.batching.maxSize = 4
      settings.batching.maxWaitMicroseconds = 2_000_000
    }
    let clients = try (1...4).map { number in
      let client = try server.connect()
      // One of them is an inference request, and one has an answer that cannot be written.
      let body =
        number == 3
        ? #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[3,4]}]}"#
        : "{\"x\":[\(number),\(number == 2 ? 0 : 4)]}"
      try client.send("POST", number == 3 ? "/v2/models/divide/infer" : "/v1/divide", body)
      return client
    }
    let answers = try clients.map { try $0.receive() }
    #expect(answers.map(\.status) == [200, 500, 200, 200])
    #expect(answers[0].body == #"{"y":0.25}"# && answers[3].body == #"{"y":1.0}"#)
    #expect(answers[2].body.contains(#""data":[0.75]"#))
    let metrics = try server.ask("GET", "/metrics").body
    #expect(
      metrics.contains(
        "serve_batch_requests_bucket{service=\"divide\",arm=\"\",model=\"divide\",version=\"1\",le=\"2\"} 0"))
    #expect(metrics.contains("serve_batch_requests_sum{service=\"divide\",arm=\"\",model=\"divide\",version=\"1\"} 4"))
  }

  @Test func `a client that leaves while it waits does no harm`() throws {
    let server = try TestServer(TestPlans.batched) { settings in
      settings.batching.maxSize = 2
      settings.batching.maxWaitMicroseconds = 200_000
    }
    do {
      let leaving = try server.connect()
      try leaving.send("POST", "/v1/divide", #"{"x":[1,2]}"#)
      Thread.sleep(forTimeInterval: 0.05)
    }
    #expect(try server.ask("POST", "/v1/divide", #"{"x":[1,2]}"#).status == 200)
    #expect(try server.ask("GET", "/metrics").body.contains(#"serve_in_flight_requests{service="divide"} 0"#))
  }

  @Test func `draining turns readiness off, finishes what is in flight, and takes no more`() throws {
    let server = try TestServer(TestPlans.batched) { settings in
      settings.batching.maxSize = 4
      settings.batching.maxWaitMicroseconds = 600_000
    }
    let waiting = try server.connect()
    let idle = try server.connect()
    try waiting.send("POST", "/v1/divide", #"{"x":[1,2]}"#)
    Thread.sleep(forTimeInterval: 0.05)
    let drained = DispatchSemaphore(value: 0)
    let cut = Outcomes()
    Thread.detachNewThread {
      let open = server.server.drain(propagation: 0.3, limit: 5)
      if open != 0 { cut.record { throw TestClient.Failure(message: "\(open) cut") } }
      drained.signal()
    }
    Thread.sleep(forTimeInterval: 0.1)
    // Still served while endpoints forget the pod, but not ready.
    let ready = try server.ask("GET", "/readyz")
    #expect(ready.status == 503 && ready.body.contains("not ready"))
    try idle.send("GET", "/livez")
    #expect(try idle.receive().headers["connection"] == "close")
    #expect(try waiting.receive().status == 200)
    #expect(drained.wait(timeout: .now() + 5) == .success)
    #expect(cut.failures.isEmpty)
    #expect(throws: TestClient.Failure.self) { try server.ask("GET", "/livez") }
  }
}

/// What went wrong on other threads.
final class Outcomes: @unchecked Sendable {
  private let lock = NSLock()
  private var errors: [String] = []

  func record(_ body: () throws -> Void) {
    do { try body() } catch { lock.withLock { errors.append("\(error)") } }
  }

  var failures: [String] { lock.withLock { errors } }
}
