/// The list of a base's files, for `kubectl apply -k`.
struct Kustomization: Sendable {
  static let file = "kustomization.yaml"

  var resources: [String]

  var node: YAMLNode {
    [
      "apiVersion": "kustomize.config.k8s.io/v1beta1",
      "kind": "Kustomization",
      "resources": .list(resources.map { .string($0) }),
    ]
  }
}
