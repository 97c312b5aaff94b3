internal import InferenceRuntime
internal import NIOCore
internal import OpenInferenceProtocol
internal import PlanFormat
internal import Synchronization

/// What the whole server is about, seen from every loop.
final class ServerState: Sendable {
  enum Phase: Int {
    /// The plan is being loaded; only health is answered.
    case loading
    case ready
    /// Readiness is off, requests are still served, and connections close after their answer.
    case draining
  }

  private let value = Atomic(Phase.loading.rawValue)

  var phase: Phase {
    get { Phase(rawValue: value.load(ordering: .relaxed)) ?? .loading }
    set { value.store(newValue.rawValue, ordering: .relaxed) }
  }
}

/// How long a connection may take for what.
struct ConnectionLimits {
  /// Seconds from accepting a connection to the first complete head.
  var head: UInt64 = 10
  /// From a head to the end of its body.
  var body: UInt64 = 10
  /// From an answer to the next complete head.
  var idle: UInt64 = 75
  /// From a final answer to closing, during which what the client still sends is thrown away: closing at once would
  /// reset the connection, and the client might never see the answer.
  var linger: UInt64 = 2
}

/// What belongs to one event loop: its connections, and the means to serve them once the plan is loaded.
final class LoopContext {
  let state: ServerState
  let settings: ServedSettings
  /// The largest body that is taken.
  private(set) var maxRequestBytes: Int
  /// Bytes of bodies that connections hold while they read them.
  private var heldBytes = 0
  let limits = ConnectionLimits()
  /// Nil until the plan is loaded.
  var serving: ServingLoop?
  var paths: PathTable?
  var requestLog: RequestLog
  /// The head of the answer at hand, then all of it.
  var out = ByteWriter(capacity: 16 << 10)
  /// The body of answers that no plan is needed for.
  var body = ByteWriter(capacity: 1024)
  /// Memory of the last answer, used again when the socket took it at once.
  var buffer: ByteBuffer
  /// The `date` header's line, a second old at most.
  private(set) var date = LoopContext.dateLine
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]

  init(_ settings: ServedSettings, state: ServerState, allocator: ByteBufferAllocator) {
    self.settings = settings
    maxRequestBytes = settings.maxRequestBytes ?? Plan.smallestBodyLimit
    self.state = state
    buffer = allocator.buffer(capacity: 16 << 10)
    requestLog = RequestLog(successEvery: settings.logging.successEvery, perSecond: settings.logging.perSecond)
  }

  /// From now on inference is answered.
  func install(_ serving: ServingLoop) {
    self.serving = serving
    maxRequestBytes = settings.maxRequestBytes ?? serving.service.loaded.plan.largestRequestBody
    paths = PathTable(service: serving.service.name)
  }

  /// Whether that much more of a body may be held; if so, `release` gives it back. Two bodies of the largest size fit, so
  /// that the memory of a pod has a bound whatever clients send.
  func hold(_ bytes: Int) -> Bool {
    guard heldBytes + bytes <= 2 * maxRequestBytes else { return false }
    heldBytes += bytes
    return true
  }

  func release(_ bytes: Int) { heldBytes -= bytes }

  var connectionCount: Int { connections.count }

  func add(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = connection }

  func remove(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

  private static var dateLine: [UInt8] { Array("date: \(UTCTime.now.http)\r\n".utf8) }

  /// Closes what took too long; called about once a second.
  func sweep(now: UInt64) {
    date = Self.dateLine
    for connection in connections.values { connection.checkTime(now) }
    let dropped = requestLog.takeDropped()
    if dropped > 0 { Log.write(.warning, "\(dropped) request lines were not logged") }
  }

  /// Closes connections that are between requests.
  func closeIdle() {
    for connection in connections.values { connection.closeIfIdle() }
  }
}
