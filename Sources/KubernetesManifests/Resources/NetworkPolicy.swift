internal import ServeSema

/// What reaches the pods, the HTTP port alone, and what they reach: names, and Cloud Storage where the plan lies there.
struct NetworkPolicy: Resource {
  static let apiVersion = "networking.k8s.io/v1"
  static let kind = "NetworkPolicy"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload) {
    metadata = workload.metadata()
    let usesCloudStorage = ArtifactVolume(workload.cluster.artifacts, plan: workload.plan).usesCloudStorage
    body = [
      .init(
        "spec",
        [
          "podSelector": ["matchLabels": .sorted(workload.selector)],
          "policyTypes": ["Ingress", "Egress"],
          "ingress": [["ports": [Self.port(workload.service.httpPort)]]],
          "egress": .list([Self.dns] + (usesCloudStorage ? [Self.metadataServer, Self.cloudStorage] : [])),
        ])
    ]
  }

  private static func port(_ number: Int, _ transport: YAMLNode = "TCP") -> YAMLNode {
    ["port": .integer(number), "protocol": transport]
  }

  private static let dns: YAMLNode = ["ports": [port(53, "UDP"), port(53)]]

  /// Where the sidecar of the GCS FUSE driver gets its credentials: the addresses of GKE's metadata server with and
  /// without Dataplane V2, <https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy>.
  private static let metadataServer: YAMLNode = [
    "to": [["ipBlock": ["cidr": "169.254.169.252/32"]], ["ipBlock": ["cidr": "169.254.169.254/32"]]],
    "ports": [port(988), port(80)],
  ]

  /// Cloud Storage has no fixed addresses; private ones are not among them.
  private static let cloudStorage: YAMLNode = [
    "to": [
      [
        "ipBlock": [
          "cidr": "0.0.0.0/0",
          "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
        ]
      ]
    ],
    "ports": [port(443)],
  ]
}
