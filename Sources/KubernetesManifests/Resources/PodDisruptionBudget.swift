internal import ServeSema

/// How many pods an upgrade of the nodes may take at once.
struct PodDisruptionBudget: Resource {
  static let apiVersion = "policy/v1"
  static let kind = "PodDisruptionBudget"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload) {
    metadata = workload.metadata()
    let bound: YAMLNode.Entry =
      switch workload.service.disruption {
      case .maximumUnavailable(let count): .init("maxUnavailable", .integer(count))
      case .minimumAvailable(let count): .init("minAvailable", .integer(count))
      }
    body = [
      .init(
        "spec",
        .mapping([
          .init("selector", ["matchLabels": .sorted(workload.selector)]),
          bound,
          // A pod that is not ready serves nobody; keeping it would only block the drain of its node.
          .init("unhealthyPodEvictionPolicy", "AlwaysAllow"),
        ]))
    ]
  }
}
