internal import ServeSema

/// Which nodes take the pods, from the service's pool and the cluster.
struct PodPlacement: Hashable, Sendable {
  var nodeSelector: [String: String] = [:]
  var tolerations: [YAMLNode] = []
  /// Zones that a pod may run in; empty for all.
  var zones: [String]
  var spread: Service.Placement.Spread?

  init(_ service: Service, cluster: Cluster) {
    let pool = service.placement.pool
    let isARM = pool?.cpuFamily == "arm64"
    zones = pool.map(\.zones).flatMap { $0.isEmpty ? nil : $0 } ?? cluster.zones
    spread = service.placement.spread
    nodeSelector["kubernetes.io/arch"] = isARM ? "arm64" : "amd64"
    nodeSelector["node.kubernetes.io/instance-type"] = pool?.machine
    nodeSelector["topology.kubernetes.io/region"] = cluster.region
    if isARM {
      tolerations.append(Self.toleration("kubernetes.io/arch", "arm64"))
    }
    if pool?.spot == true {
      nodeSelector["cloud.google.com/gke-spot"] = "true"
      tolerations.append(Self.toleration("cloud.google.com/gke-spot", "true"))
    }
  }

  private static func toleration(_ key: String, _ value: String) -> YAMLNode {
    ["key": .string(key), "operator": "Equal", "value": .string(value), "effect": "NoSchedule"]
  }

  /// Pods keep out of the other zones.
  var affinity: YAMLNode? {
    guard !zones.isEmpty else { return nil }
    return [
      "nodeAffinity": [
        "requiredDuringSchedulingIgnoredDuringExecution": [
          "nodeSelectorTerms": [
            [
              "matchExpressions": [
                [
                  "key": "topology.kubernetes.io/zone",
                  "operator": "In",
                  "values": .list(zones.map { .string($0) }),
                ]
              ]
            ]
          ]
        ]
      ]
    ]
  }

  /// Pods of one rollout lie evenly over zones, then over hosts. It is a rule where `spread` was asked for and the zones
  /// are known to exist, else a wish: a node without the label would take no pod at all.
  func topologySpread(_ selector: [String: String]) -> YAMLNode {
    let zoneRule = spread == .zone && zones.count > 1
    return [
      Self.constraint("topology.kubernetes.io/zone", isRule: zoneRule, selector),
      Self.constraint("kubernetes.io/hostname", isRule: spread == .host, selector),
    ]
  }

  private static func constraint(_ key: String, isRule: Bool, _ selector: [String: String]) -> YAMLNode {
    [
      "maxSkew": 1,
      "topologyKey": .string(key),
      "whenUnsatisfiable": isRule ? "DoNotSchedule" : "ScheduleAnyway",
      "labelSelector": ["matchLabels": .sorted(selector)],
      "matchLabelKeys": ["pod-template-hash"],
    ]
  }
}
