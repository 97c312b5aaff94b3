import FeatureStores
import Foundation
import InferenceRuntime
import InferenceServer
import PlanFormat

/// A server on a free port of the loopback interface.
final class TestServer: Sendable {
  let server: Server
  private let path: String

  init(_ plan: Plan, threads: Int = 1, _ configure: (inout ServedSettings) -> Void = { _ in }) throws {
    var settings = ServedSettings()
    settings.httpPort = 0
    settings.logging.perSecond = 0
    configure(&settings)
    path = try TestPlans.write(plan)
    server = try Server(settings, host: "127.0.0.1", threads: threads)
    let loaded = try LoadedPlan(path: path)
    let executor = try loaded.selfTest()
    let service = try Service(
      loaded, stores: try FeatureStores(plan: plan), settings: settings, threads: threads, version: "test",
      executor: executor)
    try server.install(service)
  }

  deinit {
    _ = server.drain(propagation: 0, limit: 1)
    server.shutdown()
    try? FileManager.default.removeItem(atPath: path)
  }

  func connect() throws -> TestClient { try TestClient(port: server.port) }

  /// One request on a connection of its own.
  func ask(
    _ method: String, _ target: String, _ body: String? = nil, headers: [String] = [],
  ) throws -> TestClient.Answer {
    let client = try connect()
    try client.send(method, target, body, headers: headers)
    return try client.receive(isHead: method == "HEAD")
  }
}

/// A blocking HTTP client that sends exactly the bytes it is given.
final class TestClient {
  struct Answer: Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String
  }

  struct Failure: Error { var message: String }

  private let socket: Int32
  private var received: [UInt8] = []

  init(port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(message: "connect: \(String(cString: strerror(errno)))") }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  func send(raw text: String) throws { try send(raw: Array(text.utf8)) }

  func send(raw bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = Glibc.send(socket, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
      guard count > 0 else { throw Failure(message: "send: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  func send(_ method: String, _ target: String, _ body: String? = nil, headers: [String] = []) throws {
    try send(raw: Self.request(method, target, body, headers: headers))
  }

  static func request(_ method: String, _ target: String, _ body: String? = nil, headers: [String] = []) -> String {
    let lines = ["\(method) \(target) HTTP/1.1", "host: test"] + headers
    let length = body.map { ["content-length: \($0.utf8.count)"] } ?? []
    return (lines + length).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
  }

  /// Receives one answer, its body by its content length.
  func receive(isHead: Bool = false) throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    while received.firstRange(of: end) == nil { try fill() }
    guard let head = received.firstRange(of: end) else { throw Failure(message: "no head") }
    let lines = String(decoding: received[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    received.removeSubrange(..<head.upperBound)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let status = Int(lines[0].split(separator: " ")[1]) ?? 0
    let length = isHead || status < 200 ? 0 : Int(headers["content-length"] ?? "") ?? 0
    while received.count < length { try fill() }
    let body = String(decoding: received[..<length], as: UTF8.self)
    received.removeSubrange(..<length)
    return Answer(status: status, headers: headers, body: body)
  }

  /// Whether the server closes the connection without another byte.
  func isClosed() -> Bool {
    var byte: UInt8 = 0
    return received.isEmpty && recv(socket, &byte, 1, 0) == 0
  }

  private func fill() throws {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &piece, piece.count, 0)
    guard count > 0 else { throw Failure(message: count == 0 ? "closed" : String(cString: strerror(errno))) }
    received += piece[..<count]
  }
}
