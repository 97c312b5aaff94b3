internal import ServeSema

/// The number of pods by the CPU use of `served` alone, so that an injected sidecar does not blur it.
struct HorizontalPodAutoscaler: Resource {
  static let apiVersion = "autoscaling/v2"
  static let kind = "HorizontalPodAutoscaler"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload, _ autoscaling: Workload.Autoscaling) {
    metadata = workload.metadata()
    body = [
      .init(
        "spec",
        [
          "scaleTargetRef": [
            "apiVersion": .string(Deployment.apiVersion), "kind": .string(Deployment.kind), "name": "\(workload.name)",
          ],
          "minReplicas": .integer(autoscaling.minimum),
          "maxReplicas": .integer(autoscaling.maximum),
          "metrics": [
            [
              "type": "ContainerResource",
              "containerResource": [
                "container": .string(Container.name),
                "name": "cpu",
                "target": ["type": "Utilization", "averageUtilization": .integer(autoscaling.cpuTargetPercent)],
              ],
            ]
          ],
          "behavior": autoscaling.downAfterSeconds.map {
            ["scaleDown": ["stabilizationWindowSeconds": .integer($0)]]
          },
        ])
    ]
  }
}

extension Workload {
  struct Autoscaling: Hashable, Sendable {
    var minimum: Int
    var maximum: Int
    var cpuTargetPercent: Int
    var downAfterSeconds: Int?
  }

  /// CPU use that leaves room for a burst while new pods start.
  private static let usualCPUTarget = 70

  /// Nil where the number of replicas is fixed.
  var autoscaling: Autoscaling? {
    let scale = service.scale
    guard scale.maximum > scale.minimum else { return nil }
    return Autoscaling(
      minimum: scale.minimum, maximum: scale.maximum, cpuTargetPercent: scale.cpuTargetPercent ?? Self.usualCPUTarget,
      downAfterSeconds: scale.downAfter.map { Quantity.seconds(nanoseconds: $0) })
  }
}
