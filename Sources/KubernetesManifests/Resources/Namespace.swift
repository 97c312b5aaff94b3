internal import ServeSema

/// A namespace that admits only pods of the restricted Pod Security Standard.
struct Namespace: Resource {
  static let apiVersion = "v1"
  static let kind = "Namespace"

  var metadata: Metadata
  let body: [YAMLNode.Entry] = []

  init(_ workload: Workload) {
    let key = "pod-security.kubernetes.io"
    // The standard forbids hostPath volumes below `privileged`; what else it asks for is still checked, as a warning.
    let enforced =
      switch workload.cluster.artifacts {
      case .claim, .bucket: "restricted"
      case .hostPath: "privileged"
      }
    metadata = Metadata(
      name: "\(workload.namespace)",
      labels: [
        "app.kubernetes.io/managed-by": "servec",
        "\(key)/audit": "restricted",
        "\(key)/enforce": enforced,
        "\(key)/warn": "restricted",
      ])
  }
}
