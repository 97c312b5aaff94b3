internal import ArgumentParser
internal import Glibc

/// All connections on one thread: a generator that is cheap leaves the processors to the server.
final class LoadLoop {
  private let target: Target
  private let requests: [UnsafeBufferPointer<UInt8>]
  private var polled: [pollfd]
  private var connections: [LoadConnection] = []
  private var next = 0
  private var result = LoadResult()
  private var failuresInARow = 0

  init(_ target: Target, requests: [[UInt8]], connections count: Int) throws {
    self.target = target
    self.requests = requests.map { request in
      let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: request.count)
      _ = copy.initialize(from: request)
      return UnsafeBufferPointer(copy)
    }
    polled = Array(repeating: pollfd(fd: -1, events: 0, revents: 0), count: count)
    for index in 0..<count {
      connections.append(LoadConnection(index))
      guard open(index) else {
        throw ValidationError("cannot connect to \(target.host): \(String(cString: strerror(errno)))")
      }
    }
  }

  deinit {
    for connection in connections { connection.close() }
    for request in requests { request.deallocate() }
  }

  /// Sends and receives until the time is over; what is under way then is not counted.
  func run(seconds: Double) -> LoadResult {
    let started = Clock.now()
    let end = started + UInt64(seconds * 1e9)
    for index in connections.indices { send(index) }
    var now = Clock.now()
    while now < end, failuresInARow < 1000 {
      // A wake-up at least every 10 ms keeps the time bounded when the server is silent.
      let ready = poll(&polled, nfds_t(polled.count), 10)
      now = Clock.now()
      if ready <= 0 { continue }
      for index in polled.indices where polled[index].revents != 0 { handle(index, Int32(polled[index].revents)) }
    }
    result.seconds = Double(Clock.now() - started) / 1e9
    return result
  }

  private func handle(_ index: Int, _ events: Int32) {
    let connection = connections[index]
    if events & POLLOUT != 0 {
      guard connection.continueSending() else { return fail(index) }
      watch(index)
    }
    guard events & ~POLLOUT != 0 else { return }
    switch connection.receive() {
    case .more: return
    case .broken: fail(index)
    case .answer(let status, let closes):
      if (200..<300).contains(status) {
        result.good += 1
        failuresInARow = 0
        result.times.add(Clock.now() - connection.sentAt)
      } else {
        result.bad += 1
      }
      if closes {
        connection.close()
        guard open(index) else { return fail(index) }
      }
      send(index)
    }
  }

  private func fail(_ index: Int) {
    result.bad += 1
    failuresInARow += 1
    connections[index].close()
    if failuresInARow < 1000, open(index) { send(index) }
  }

  private func open(_ index: Int) -> Bool { connections[index].open(target.address) }

  /// Waits for answers always, and for room to write only after a short write.
  private func watch(_ index: Int) {
    let connection = connections[index]
    polled[index].fd = connection.socket
    polled[index].events = Int16(truncatingIfNeeded: connection.isSending ? POLLIN | POLLOUT : POLLIN)
  }

  private func send(_ index: Int) {
    let request = requests[next]
    next = next + 1 == requests.count ? 0 : next + 1
    if connections[index].send(request) { watch(index) } else { fail(index) }
  }
}

/// Monotonic nanoseconds.
enum Clock {
  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
