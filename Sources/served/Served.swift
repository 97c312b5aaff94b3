internal import FeatureStores
internal import Glibc
internal import InferenceRuntime
internal import InferenceServer
internal import OpenInferenceProtocol
internal import PlanFormat

/// The serving daemon: opens a plan, proves that it works here, and serves it until it is told to stop.
struct Served: Sendable {
  /// Of this program; plans name the one that wrote them.
  static let version = "0.1.0"

  let arguments: Arguments

  /// Serves until SIGTERM or SIGINT; `started` is when the program began, monotonic nanoseconds.
  func serve(started: UInt64) throws {
    let settings = try settings()
    let threads = settings.threads ?? CPUQuota.threads
    // The plan is read while the server starts: each takes milliseconds.
    let loading = Background { try load(settings, threads) }
    let server = try Failure.catching(Failure.environment) {
      try Server(settings, host: arguments.host, threads: threads)
    }
    Log.write(
      .info, "listening on \(arguments.host):\(server.port)",
      [("threads", .integer(threads)), ("version", .text(Self.version))])
    let (service, loaded) = try loading.value()
    let installing = MonotonicClock.now()
    try Failure.catching(Failure.input) { try server.install(service) }
    let ready = MonotonicClock.now()
    let seconds = Double(ready - started) / 1e9
    service.metrics.set(.start, to: seconds)
    Log.write(
      .info, "ready after \(seconds) s",
      [
        ("port", .integer(server.port)), ("service", .text(service.loaded.plan.service)),
        ("plan", .text("sha256-\(service.loaded.root)")),
        ("cpu", .text(service.loaded.family.name)), ("readySeconds", .number(seconds)),
        ("loadSeconds", .number(Double(loaded + (ready - installing)) / 1e9)),
      ])
    drain(server, settings, Signals.wait())
  }

  private func settings() throws -> ServedSettings {
    var settings = ServedSettings()
    if let config = arguments.config {
      let bytes = try readFile(config)
      settings = try Failure.catching(Failure.input) { try ServedSettings(json: bytes) }
    }
    if let port = arguments.httpPort { settings.httpPort = port }
    if let threads = arguments.threads { settings.threads = threads }
    for (name, path) in arguments.stores { settings.stores[name] = path }
    return settings
  }

  /// Loads the plan and its stores, and proves with its golden vectors that it computes here what the build did; also
  /// says how many nanoseconds that took.
  private func load(_ settings: ServedSettings, _ threads: Int) throws -> (service: Service, nanoseconds: UInt64) {
    let began = MonotonicClock.now()
    return try Failure.catching(Failure.input) {
      let loaded = try LoadedPlan(path: arguments.plan)
      let known = loaded.plan.stores.map(\.name)
      if let unknown = settings.stores.keys.sorted().first(where: { !known.contains($0) }) {
        let list = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
        throw Failure(Failure.input, "the plan has no store '\(unknown)': \(list)")
      }
      // A step is split over cores, so over no more than this process may use, however many event loops there are.
      let team = try Team(loaded, cores: min(threads, CPUQuota.threads))
      let executor = try loaded.selfTest(team: team)
      let stores = try FeatureStores(plan: loaded.plan, paths: settings.stores)
      let service = try Service(
        loaded, stores: stores, settings: settings, threads: threads, version: Self.version, team: team,
        executor: executor)
      return (service, MonotonicClock.now() - began)
    }
  }

  private func drain(_ server: Server, _ settings: ServedSettings, _ signal: Int32) {
    let limit = settings.drainMilliseconds / 1000
    // Nobody routes to a terminal; a cluster needs a moment to take the pod out of its endpoints.
    let propagation = signal == SIGINT ? 0 : min(2, limit / 4)
    Log.write(.info, "draining", [("signal", .integer(Int(signal))), ("limitSeconds", .number(limit))])
    let open = server.drain(propagation: propagation, limit: limit)
    Log.write(open == 0 ? .info : .warning, "stopped", [("connectionsCut", .integer(open))])
  }

  private func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else {
      throw Failure(Failure.input, "cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    return bytes
  }
}
