internal import ServeSema

/// The one container of a pod.
struct Container: Sendable {
  static let name = "served"
  static let portName = "http"
  /// `nonroot` of the usual minimal images.
  static let user = 65_532

  let workload: Workload

  var node: YAMLNode {
    [
      "name": .string(Self.name),
      "image": .string(workload.cluster.image),
      // The image is named by its digest: what a node has is what would be pulled.
      "imagePullPolicy": "IfNotPresent",
      "args": [
        "--plan", .string(PodLayout.plan(workload.plan.digest)),
        "--config", .string("\(PodLayout.settings)/\(PodLayout.settingsFile)"),
      ],
      "ports": [
        ["name": .string(Self.portName), "containerPort": .integer(workload.service.httpPort), "protocol": "TCP"]
      ],
      "startupProbe": probe("/readyz", period: 1, failures: workload.lifetime.startup, timeout: 1),
      "readinessProbe": probe("/readyz", period: 5, failures: 2, timeout: 2),
      "livenessProbe": probe("/livez", period: 10, failures: 3, timeout: 5),
      "lifecycle": ["preStop": ["sleep": ["seconds": .integer(workload.lifetime.preStopSleep)]]],
      "resources": resources,
      "securityContext": [
        "allowPrivilegeEscalation": false,
        "capabilities": ["drop": ["ALL"]],
        "privileged": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "runAsUser": .integer(Self.user),
        "runAsGroup": .integer(Self.user),
        "seccompProfile": ["type": "RuntimeDefault"],
      ],
      "volumeMounts": [
        ["name": "artifacts", "mountPath": .string(PodLayout.artifacts), "readOnly": true],
        ["name": "settings", "mountPath": .string(PodLayout.settings), "readOnly": true],
      ],
    ]
  }

  /// Requests and limits are equal: `served` sizes its executors by the CPU quota, which only a limit sets.
  private var resources: YAMLNode {
    let amounts: YAMLNode = [
      "cpu": .string(Quantity.text(milliCPU: workload.service.placement.milliCPU)),
      "memory": .string(Quantity.text(bytes: workload.memory)),
    ]
    return ["requests": amounts, "limits": amounts]
  }

  private func probe(_ path: String, period: Int, failures: Int, timeout: Int) -> YAMLNode {
    [
      "httpGet": ["path": .string(path), "port": .string(Self.portName)],
      "periodSeconds": .integer(period),
      "timeoutSeconds": .integer(timeout),
      "failureThreshold": .integer(failures),
    ]
  }
}
