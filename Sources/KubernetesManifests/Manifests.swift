package import ServeSema

/// A file of `dist/<env>/`.
package struct ManifestFile: Hashable, Sendable {
  /// Relative to the environment's folder; without folders.
  package var path: String
  /// YAML, one object.
  package var text: String

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }
}

/// The manifests of an environment: a kustomize base, a file per object, and `kustomization.yaml`, which lists them.
///
/// `facts` has the plan of each service by its name. Without a cluster there is no image to run and nothing to emit.
/// The same input gives the same bytes.
package func manifests(
  environment: Environment, facts: [String: PlanFacts],
) throws(ManifestError) -> [ManifestFile] {
  guard let cluster = environment.cluster else { return [] }
  let workloads = try workloads(environment, cluster, facts)
  var files: [ManifestFile] = []
  var namespaces: Set<KubernetesName> = []
  for workload in workloads {
    if namespaces.insert(workload.namespace).inserted {
      files.append(try file(Namespace(workload), prefix: workload.namespace))
    }
    for resource in resources(workload) {
      files.append(try file(resource, prefix: workload.name))
    }
  }
  let list = Kustomization(resources: files.map(\.path))
  return files + [ManifestFile(path: Kustomization.file, text: try YAMLEmitter.text(list.node))]
}

/// The services in the order of their names, each under a name of its own.
private func workloads(
  _ environment: Environment, _ cluster: Cluster, _ facts: [String: PlanFacts],
) throws(ManifestError) -> [Workload] {
  var workloads: [Workload] = []
  for service in environment.services.sorted(by: { $0.name < $1.name }) {
    guard let plan = facts[service.name] else { throw .missingPlan(service: service.name) }
    let workload = try Workload(service, environment: environment.name, cluster: cluster, plan: plan)
    if let other = workloads.first(where: { $0.name == workload.name }) {
      throw .sameName(other.service.name, service.name, name: "\(workload.name)")
    }
    workloads.append(workload)
  }
  return workloads
}

private func resources(_ workload: Workload) -> [any Resource] {
  var resources: [any Resource] = [
    ServiceAccount(workload),
    ConfigMap(workload),
    Deployment(workload),
    ClusterService(workload),
    PodDisruptionBudget(workload),
    NetworkPolicy(workload),
  ]
  if let autoscaling = workload.autoscaling {
    resources.append(HorizontalPodAutoscaler(workload, autoscaling))
  }
  return resources
}

private func file(_ resource: some Resource, prefix: KubernetesName) throws(ManifestError) -> ManifestFile {
  let kind = type(of: resource).kind.lowercased()
  return ManifestFile(path: "\(prefix)-\(kind).yaml", text: try YAMLEmitter.text(resource.node))
}
