internal import ServeSema

/// The pods and how they are replaced: a new one is ready before an old one goes.
struct Deployment: Resource {
  static let apiVersion = "apps/v1"
  static let kind = "Deployment"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload) {
    metadata = workload.metadata()
    metadata.annotations = Self.annotations(workload)
    body = [
      .init(
        "spec",
        [
          // Where an autoscaler owns the number, writing it here would reset it at each apply.
          "replicas": workload.autoscaling == nil ? .integer(workload.service.scale.minimum) : nil,
          "revisionHistoryLimit": 5,
          "progressDeadlineSeconds": .integer(workload.lifetime.progressDeadline),
          "selector": ["matchLabels": .sorted(workload.selector)],
          "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0]],
          "template": Self.template(workload),
        ])
    ]
  }

  private static func annotations(_ workload: Workload) -> [String: String] {
    var annotations = ["servec/plan": "sha256-\(workload.plan.digest)"]
    if !workload.service.documentation.isEmpty {
      annotations["kubernetes.io/description"] = workload.service.documentation
    }
    return annotations
  }

  private static func template(_ workload: Workload) -> YAMLNode {
    let volume = ArtifactVolume(workload.cluster.artifacts, plan: workload.plan)
    let placement = PodPlacement(workload.service, cluster: workload.cluster)
    var metadata = Metadata(labels: workload.labels, annotations: volume.annotations)
    metadata.annotations["servec/plan"] = "sha256-\(workload.plan.digest)"
    return [
      "metadata": metadata.node,
      "spec": [
        "serviceAccountName": "\(workload.name)",
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": .integer(workload.lifetime.terminationGracePeriod),
        "securityContext": [
          "runAsNonRoot": true,
          "runAsUser": .integer(Container.user),
          "runAsGroup": .integer(Container.user),
          "seccompProfile": ["type": "RuntimeDefault"],
        ],
        "nodeSelector": .sorted(placement.nodeSelector),
        "tolerations": placement.tolerations.isEmpty ? nil : .list(placement.tolerations),
        "affinity": placement.affinity,
        "topologySpreadConstraints": placement.topologySpread(workload.selector),
        "containers": [Container(workload: workload).node],
        "volumes": [
          .mapping([.init("name", "artifacts"), volume.source]),
          ["name": "settings", "configMap": ["name": .string(workload.settingsName)]],
        ],
      ],
    ]
  }
}
