import Foundation
import InferenceRuntime
import NIOCore
import Testing

@testable import InferenceServer

@Suite struct TimeTests {
  private let server: TestServer

  init() throws { server = try TestServer(TestPlans.experiment) }

  /// Lets the server look at its connections as if `seconds` had passed.
  private func pass(seconds: UInt64) throws {
    // What clients sent is there before time passes.
    Thread.sleep(forTimeInterval: 0.05)
    for context in server.server.contexts {
      try context.eventLoop.submit {
        context.value.sweep(now: MonotonicClock.now() + seconds * 1_000_000_000)
      }.wait()
    }
  }

  @Test func `a body that does not come is 408, and the connection ends`() throws {
    let client = try server.connect()
    try client.send(raw: "POST /v1/shop HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\n{")
    try pass(seconds: 9)
    try pass(seconds: 11)
    let answer = try client.receive()
    #expect(answer.status == 408)
    #expect(answer.headers["connection"] == "close")
    #expect(client.isClosed())
  }

  @Test func `a head that does not come ends the connection`() throws {
    let client = try server.connect()
    try client.send(raw: "POST /v1/shop HT")
    try pass(seconds: 11)
    #expect(client.isClosed())
  }

  @Test func `an idle connection stays for its time`() throws {
    let client = try server.connect()
    for _ in 0..<2 {
      try client.send("GET", "/livez")
      #expect(try client.receive().status == 200)
      try pass(seconds: 60)
    }
    try pass(seconds: 76)
    #expect(client.isClosed())
  }
}
