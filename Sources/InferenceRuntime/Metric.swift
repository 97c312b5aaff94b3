/// The one table of metrics: manifests, dashboards and documents take the names from here.
package struct Metric: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable { case counter, gauge, histogram }

  package let name: String
  package let kind: Kind
  package let help: String
  package let labels: [String]

  private static let arm = ["service", "arm", "model", "version"]
  private static let service = ["service"]

  package static let requests = Metric(
    name: "serve_requests_total", kind: .counter, help: "Requests answered, by status code.", labels: arm + ["code"])
  package static let featureRows = Metric(
    name: "serve_feature_rows_total", kind: .counter, help: "Feature rows read.", labels: arm)
  package static let featureDefaults = Metric(
    name: "serve_feature_defaults_total", kind: .counter,
    help: "Feature rows that were missing and took the default.", labels: arm)

  package static let request = Metric(
    name: "serve_request_seconds", kind: .histogram,
    help: "From the last byte of a request to the first of its answer.", labels: arm)
  package static let parse = Metric(
    name: "serve_parse_seconds", kind: .histogram, help: "Reading a request's body.", labels: arm)
  package static let queue = Metric(
    name: "serve_queue_seconds", kind: .histogram, help: "Waiting for a call to begin.", labels: arm)
  package static let features = Metric(
    name: "serve_features_seconds", kind: .histogram, help: "Reading features.", labels: arm)
  package static let compute = Metric(
    name: "serve_compute_seconds", kind: .histogram, help: "Running the program.", labels: arm)
  package static let encode = Metric(
    name: "serve_encode_seconds", kind: .histogram, help: "Writing the answer's body.", labels: arm)
  package static let batch = Metric(
    name: "serve_batch_requests", kind: .histogram, help: "Requests that ran in one call.", labels: arm)

  package static let inFlight = Metric(
    name: "serve_in_flight_requests", kind: .gauge, help: "Requests received and not yet answered.", labels: service)
  package static let queued = Metric(
    name: "serve_queued_requests", kind: .gauge, help: "Requests that wait for a call to begin.", labels: service)
  package static let ready = Metric(
    name: "serve_ready", kind: .gauge, help: "1 while requests are taken.", labels: service)
  package static let start = Metric(
    name: "serve_start_seconds", kind: .gauge, help: "From the start of the process to ready.", labels: service)
  package static let threads = Metric(
    name: "serve_threads", kind: .gauge, help: "Threads that run programs.", labels: service)
  package static let plan = Metric(
    name: "serve_plan_info", kind: .gauge, help: "Always 1; the labels name the plan and the code that runs.",
    labels: service + ["plan", "cpu"])
  package static let planBytes = Metric(
    name: "serve_plan_bytes", kind: .gauge, help: "Size of the mapped plan.", labels: service)
  package static let arenaBytes = Metric(
    name: "serve_arena_bytes", kind: .gauge, help: "Memory of all arenas.", labels: service)

  /// Every metric, in the order in which they are printed.
  package static let all = [
    requests, request, parse, queue, features, compute, encode, batch, featureRows, featureDefaults, inFlight, queued,
    ready, start, threads, plan, planBytes, arenaBytes,
  ]
}

/// The parts of a request whose time is measured.
package enum Stage: Int, Hashable, Sendable, CaseIterable {
  case request, parse, queue, features, compute, encode

  package var metric: Metric {
    switch self {
    case .request: .request
    case .parse: .parse
    case .queue: .queue
    case .features: .features
    case .compute: .compute
    case .encode: .encode
    }
  }
}

/// Values of the whole process that change rarely.
package enum Gauge: Int, Hashable, Sendable, CaseIterable {
  case ready, start, threads, planBytes, arenaBytes

  package var metric: Metric {
    switch self {
    case .ready: .ready
    case .start: .start
    case .threads: .threads
    case .planBytes: .planBytes
    case .arenaBytes: .arenaBytes
    }
  }
}
