internal import InferenceRuntime
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import PlanFormat

/// The HTTP server: listens at once, answers health, and serves inference when a service is installed.
///
/// Every event loop owns its executor, and connections are dealt to the loops in turn, so that few connections still
/// use all of them.
package final class Server: Sendable {
  private let settings: ServedSettings
  private let threads: Int
  private let group: MultiThreadedEventLoopGroup
  let contexts: [NIOLoopBound<LoopContext>]
  private let state: ServerState
  private let listener: any Channel
  /// The port that is listened on; of interest where 0 was asked for.
  package let port: Int

  /// Listens on `host`; `threads` event loops serve.
  package init(_ settings: ServedSettings, host: String, threads: Int) throws(ServerError) {
    self.settings = settings
    self.threads = threads
    let state = ServerState()
    self.state = state
    group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    do {
      contexts = try group.makeIterator().map { loop in
        try loop.submit {
          let context = LoopContext(settings, state: state, allocator: ByteBufferAllocator())
          let bound = NIOLoopBound(context, eventLoop: loop)
          loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            bound.value.sweep(now: MonotonicClock.now())
          }
          return bound
        }.wait()
      }
      listener = try Self.bootstrap(group, contexts).bind(host: host, port: settings.httpPort).wait()
    } catch {
      throw .bind(host: host, port: settings.httpPort, reason: "\(error)")
    }
    port = listener.localAddress?.port ?? settings.httpPort
  }

  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ contexts: [NIOLoopBound<LoopContext>],
  ) -> ServerBootstrap {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderListSize = 64 << 10
    limits.maxHeaderFieldSize = 16 << 10
    limits.maxHeaderFieldCount = 100
    return ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // One read a wake-up: a request fits it, and a second would only find nothing.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { [limits] channel in
        channel.eventLoop.makeCompletedFuture {
          guard let context = contexts.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
          let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(decoder), HTTPConnection(context.value),
          ])
        }
      }
  }

  /// Reserves memory on every loop, and from then on serves inference and reports ready.
  package func install(_ service: Service) throws {
    let threads = threads
    for (index, context) in contexts.enumerated() {
      try context.eventLoop.submit {
        context.value.install(try ServingLoop(service, index: index, of: threads, on: context.eventLoop))
      }.wait()
    }
    state.phase = .ready
    service.metrics.set(.ready, to: 1)
  }

  /// Stops in order: readiness off, new connections still served for `propagation` while endpoints forget this pod,
  /// then no new ones, then until `limit` for what is in flight. Both in seconds from now. Returns the number of
  /// connections that were cut off.
  package func drain(propagation: Double, limit: Double) -> Int {
    state.phase = .draining
    let started = MonotonicClock.now()
    func passed() -> Double { Double(MonotonicClock.now() - started) / 1e9 }
    while passed() < propagation { Pause.milliseconds(5) }
    try? listener.close().wait()
    var open = closeIdle()
    while open > 0, passed() < limit {
      Pause.milliseconds(5)
      open = closeIdle()
    }
    return open
  }

  /// Closes the connections that are between requests and counts those that are not.
  private func closeIdle() -> Int {
    contexts.reduce(0) { open, context in
      let left = try? context.eventLoop.submit {
        context.value.closeIdle()
        return context.value.connectionCount
      }.wait()
      return open + (left ?? 0)
    }
  }

  /// Ends the threads; nothing is served after it.
  package func shutdown() {
    try? group.syncShutdownGracefully()
  }
}
