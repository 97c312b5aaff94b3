internal import Glibc

/// One connection: sends a whole request, receives a whole answer.
final class LoadConnection {
  enum Received {
    case more
    case answer(status: Int, closes: Bool)
    case broken
  }

  private(set) var socket: Int32 = -1
  private(set) var sentAt: UInt64 = 0
  private let index: Int
  private var unsent = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 << 10)
  private var filled = 0
  /// Of the answer under way, once its head is here.
  private var head: (status: Int, total: Int, closes: Bool)?

  init(_ index: Int) { self.index = index }

  deinit { buffer.deallocate() }

  /// Connects; loopback does so at once.
  func open(_ address: sockaddr_in) -> Bool {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = address
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0, fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else { return false }
    var on: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    filled = 0
    head = nil
    return true
  }

  func close() {
    if socket >= 0 { Glibc.close(socket) }
    socket = -1
  }

  /// Begins to send a request; false when the connection is broken.
  func send(_ request: UnsafeBufferPointer<UInt8>) -> Bool {
    sentAt = Clock.now()
    unsent = request
    return continueSending()
  }

  /// Sends what is left of the request.
  func continueSending() -> Bool {
    while !unsent.isEmpty {
      let count = Glibc.send(socket, unsent.baseAddress, unsent.count, Int32(MSG_NOSIGNAL))
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      unsent = UnsafeBufferPointer(rebasing: unsent[count...])
    }
    return true
  }

  /// Whether a part of the request is still to be sent.
  var isSending: Bool { !unsent.isEmpty }

  /// Takes what has arrived.
  func receive() -> Received {
    if filled == buffer.count { grow() }
    let count = recv(socket, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
    if count < 0 { return errno == EAGAIN || errno == EINTR ? .more : .broken }
    if count == 0 { return .broken }
    filled += count
    if head == nil { head = parseHead() }
    guard let head, filled >= head.total else { return .more }
    // One request is under way at a time, so nothing follows its answer.
    filled = 0
    self.head = nil
    return head.status > 0 ? .answer(status: head.status, closes: head.closes) : .broken
  }

  private func grow() {
    let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: buffer.count * 2)
    _ = larger.update(from: buffer)
    buffer.deallocate()
    buffer = larger
  }

  /// Status, size and fate of the answer once its head is whole; status 0 for an answer without a content length.
  private func parseHead() -> (status: Int, total: Int, closes: Bool)? {
    guard let start = buffer.baseAddress, let length = headLength(start) else { return nil }
    var status = 0
    for index in 9..<12 where length >= 12 { status = status * 10 + Int(start[index] &- UInt8(ascii: "0")) }
    var bodyLength: Int?
    var closes = false
    var line = 0
    while line < length {
      let rest =
        memchr(start + line, 10, length - line).map { UnsafeRawPointer($0) - UnsafeRawPointer(start) } ?? length
      if let value = value(of: "content-length:", line, rest) {
        var number = 0
        for index in value..<rest where start[index] &- UInt8(ascii: "0") < 10 {
          number = min(number * 10 + Int(start[index] - UInt8(ascii: "0")), 1 << 40)
        }
        bodyLength = number
      } else if let value = value(of: "connection:", line, rest) {
        closes = strncasecmp(start.withMemoryRebound(to: CChar.self, capacity: length) { $0 + value }, " close", 6) == 0
      }
      line = rest + 1
    }
    return (bodyLength == nil ? 0 : status, length + 4 + (bodyLength ?? 0), closes)
  }

  /// Bytes before the empty line.
  private func headLength(_ start: UnsafeMutablePointer<UInt8>) -> Int? {
    var at = 0
    while at + 4 <= filled {
      guard let found = memchr(start + at, 13, filled - at - 3) else { return nil }
      at = UnsafeRawPointer(found) - UnsafeRawPointer(start)
      if start[at + 1] == 10, start[at + 2] == 13, start[at + 3] == 10 { return at }
      at += 1
    }
    return nil
  }

  /// Where the value of the header `name` (lower case, with its colon) begins, if `line` holds it.
  private func value(of name: StaticString, _ line: Int, _ end: Int) -> Int? {
    guard end - line > name.utf8CodeUnitCount, let start = buffer.baseAddress else { return nil }
    for index in 0..<name.utf8CodeUnitCount {
      let byte = start[line + index]
      let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
      if lower != name.utf8Start[index] { return nil }
    }
    return line + name.utf8CodeUnitCount
  }
}
