internal import ServeSema

/// The stable address of the pods inside the cluster (kind `Service`).
struct ClusterService: Resource {
  static let apiVersion = "v1"
  static let kind = "Service"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload) {
    metadata = workload.metadata()
    body = [
      .init(
        "spec",
        [
          "type": "ClusterIP",
          "selector": .sorted(workload.selector),
          "ports": [
            [
              "name": .string(Container.portName),
              "port": .integer(workload.service.httpPort),
              "targetPort": .string(Container.portName),
              "protocol": "TCP",
              "appProtocol": "http",
            ]
          ],
        ])
    ]
  }
}
