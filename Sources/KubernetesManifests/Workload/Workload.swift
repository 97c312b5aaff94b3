internal import ServeSema

/// A service in an environment, with everything that its resources share.
struct Workload: Sendable {
  let name: KubernetesName
  let namespace: KubernetesName
  let environment: String
  let service: Service
  let cluster: Cluster
  let plan: PlanFacts
  let memory: Int64
  let lifetime: PodLifetime

  init(
    _ service: Service, environment: String, cluster: Cluster, plan: PlanFacts,
  ) throws(ManifestError) {
    name = try KubernetesName(service.name, what: "service `\(service.name)`")
    namespace =
      if let given = cluster.namespace {
        try KubernetesName(given, what: "the namespace of cluster `\(cluster.name)`")
      } else {
        name
      }
    // A label of the same form: the name of one rollout of the service.
    _ = try KubernetesName("\(service.name)-\(environment)", what: "service `\(service.name)` in env `\(environment)`")
    let needed = PodMemory(service, plan)
    if let given = service.placement.memory, given < needed.sum {
      throw .memoryTooSmall(service: service.name, given: given, needed: needed)
    }
    memory = service.placement.memory ?? needed.total
    lifetime = PodLifetime(service)
    self.environment = environment
    self.service = service
    self.cluster = cluster
    self.plan = plan
  }

  /// What selects the pods. A Deployment's selector cannot change, so nothing of a build may appear in it.
  var selector: [String: String] {
    [
      "app.kubernetes.io/instance": "\(name)-\(environment.replacing("_", with: "-"))",
      "app.kubernetes.io/name": "\(name)",
    ]
  }

  /// What every object carries.
  var labels: [String: String] {
    selector.merging([
      "app.kubernetes.io/component": "serving",
      "app.kubernetes.io/managed-by": "servec",
    ]) { own, _ in own }
  }

  /// The name of the ConfigMap holds its content's digest: pods restart on a change, and an older rollout keeps its own.
  var settingsName: String { "\(name)-served-\(ContentDigest.short(plan.settings))" }

  func metadata(_ objectName: String? = nil) -> Metadata {
    Metadata(name: objectName ?? "\(name)", namespace: "\(namespace)", labels: labels)
  }
}
