import ServeDiagnostics
import ServeSema

@testable import KubernetesManifests

/// An environment to change one thing in.
enum Fixture {
  static let range = SourceRange(file: FileID(index: 0), bytes: 0..<0)
  static let digest = String(repeating: "ab", count: 32)
  static let image = "europe-west4-docker.pkg.dev/acme/serve/served@sha256:" + String(repeating: "0", count: 64)

  static var cluster: Cluster {
    Cluster(
      name: "prod_euw4", image: image, artifacts: .claim("serve-artifacts"), namespace: nil, region: "europe-west4",
      zones: ["europe-west4-a", "europe-west4-b"], range: range)
  }

  static var pool: Pool {
    Pool(
      name: "c3_cpu", machine: "c3-standard-8", family: "c3", cpuFamily: "x86-64-v4", spot: false, zones: [],
      range: range)
  }

  static var service: Service {
    Service(
      name: "recommender", body: .pipeline("Rank", versions: ["ranker": "v1"]), httpPort: 8080,
      batching: .init(maximumSize: 32, maximumWait: 0, queue: 512), deadline: 50_000_000,
      placement: .init(pool: pool, milliCPU: 2000, memory: nil, spread: .zone, range: range),
      scale: .init(minimum: 3, maximum: 24, cpuTargetPercent: 65, downAfter: 300_000_000_000),
      startup: 30_000_000_000, drain: 12_000_000_000, disruption: .maximumUnavailable(1), experiment: nil,
      documentation: "Ranks products for a customer.", range: range)
  }

  static var facts: PlanFacts {
    PlanFacts(
      digest: digest, fileBytes: 12 << 20, weightBytes: 10 << 20, arenaBytes: 3 << 20, requestBytes: 4096,
      bodyBytes: 4 << 20, storeBytes: 64 << 20, cpuFamilies: ["x86-64-v4"],
      settings: #"{"httpPort":8080,"stores":{"shop":"/plans/stores/shop.sqlite"}}"# + "\n")
  }

  static func files(
    environment name: String = "prod", cluster: Cluster? = cluster, services: [Service]? = nil,
    facts: PlanFacts = facts,
  ) throws -> [String: String] {
    let services = services ?? [service]
    let environment = Environment(name: name, cluster: cluster, services: services)
    let plans = Dictionary(uniqueKeysWithValues: services.map { ($0.name, facts) })
    let files = try manifests(environment: environment, facts: plans)
    return Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.text) })
  }

  static func workload(
    _ change: (inout Service, inout Cluster) -> Void = { _, _ in }, facts: PlanFacts = facts,
  ) throws -> Workload {
    var service = service
    var cluster = cluster
    change(&service, &cluster)
    return try Workload(service, environment: "prod", cluster: cluster, plan: facts)
  }
}

extension YAMLNode {
  /// The node at a path of keys and indices: `node.at("spec", "ports", 0, "name")`.
  func at(_ path: any PathStep...) -> YAMLNode? {
    path.reduce(Optional(self)) { node, step in node.flatMap { step.follow($0) } }
  }
}

protocol PathStep { func follow(_ node: YAMLNode) -> YAMLNode? }
extension String: PathStep { func follow(_ node: YAMLNode) -> YAMLNode? { node[self] } }
extension Int: PathStep { func follow(_ node: YAMLNode) -> YAMLNode? { node[self] } }
