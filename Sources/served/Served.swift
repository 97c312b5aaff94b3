internal import ArgumentParser
internal import FeatureStores
internal import Glibc
internal import InferenceRuntime
internal import InferenceServer
internal import OpenInferenceProtocol
internal import PlanFormat

/// The serving daemon: opens a plan, proves that it works here, and serves it until it is told to stop.
struct Served: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "served", abstract: "Serves a plan that servec built, over HTTP.", version: version)

  /// Of this program; plans name the one that wrote them.
  static let version = "0.1.0"

  @Option(help: "The plan file.") var plan: String
  @Option(help: "Settings, as JSON (served.json).") var config: String?
  @Option(help: "Port of the HTTP endpoints; 0 takes a free one. Default: the settings', else 8080.") var httpPort: Int?
  @Option(help: "Address to listen on.") var host = "0.0.0.0"
  @Option(help: ArgumentHelp("File of a store.", valueName: "name=path")) var store: [String] = []
  @Option(help: "Event loops. Default: the settings', else the CPUs that the container may use.") var threads: Int?

  /// Serves until SIGTERM or SIGINT; `started` is when the program began, monotonic nanoseconds.
  func serve(started: UInt64) throws {
    let settings = try settings()
    let threads = settings.threads ?? CPUQuota.threads()
    let server = try Failure.catching(Failure.environment) {
      try Server(settings, host: host, threads: threads)
    }
    Log.write(
      .info, "listening on \(host):\(server.port)", [("threads", .integer(threads)), ("version", .text(Self.version))])
    let service = try load(settings, threads)
    try Failure.catching(Failure.input) { try server.install(service) }
    let seconds = Double(MonotonicClock.now() - started) / 1e9
    service.metrics.set(.start, to: seconds)
    Log.write(
      .info, "ready after \(seconds) s",
      [
        ("port", .integer(server.port)), ("service", .text(service.loaded.plan.service)),
        ("plan", .text("sha256-\(service.loaded.root)")),
        ("cpu", .text(service.loaded.family.name)), ("readySeconds", .number(seconds)),
      ])
    drain(server, settings, Signals.wait())
  }

  private func settings() throws -> ServedSettings {
    var settings = ServedSettings()
    if let config {
      let bytes = try readFile(config)
      settings = try Failure.catching(Failure.input) { try ServedSettings(json: bytes) }
    }
    if let httpPort { settings.httpPort = httpPort }
    if let threads { settings.threads = threads }
    guard (0...65_535).contains(settings.httpPort) else {
      throw Failure(Failure.usage, "--http-port is a number from 0 to 65535")
    }
    guard (1...1024).contains(settings.threads ?? 1) else {
      throw Failure(Failure.usage, "--threads is from 1 to 1024")
    }
    for argument in store {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw Failure(Failure.usage, "--store takes NAME=PATH, not '\(argument)'")
      }
      settings.stores[String(parts[0])] = String(parts[1])
    }
    return settings
  }

  /// Loads the plan and its stores, and proves with its golden vectors that it computes here what the build did.
  private func load(_ settings: ServedSettings, _ threads: Int) throws -> Service {
    try Failure.catching(Failure.input) {
      let loaded = try LoadedPlan(path: plan)
      let known = loaded.plan.stores.map(\.name)
      if let unknown = settings.stores.keys.sorted().first(where: { !known.contains($0) }) {
        let list = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
        throw Failure(Failure.input, "the plan has no store '\(unknown)': \(list)")
      }
      try loaded.selfTest()
      let stores = try FeatureStores(plan: loaded.plan, paths: settings.stores)
      // A step is split over cores, so over no more than this process may use, however many event loops there are.
      let team = try Team(loaded, cores: min(threads, CPUQuota.threads()))
      return try Service(
        loaded, stores: stores, settings: settings, threads: threads, version: Self.version, team: team)
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
