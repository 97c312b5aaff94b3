/// A Kubernetes object: what it is, its metadata and the rest of its fields in the order to print them.
protocol Resource: Sendable {
  static var apiVersion: String { get }
  static var kind: String { get }
  var metadata: Metadata { get }
  /// Everything after the metadata, usually `spec`.
  var body: [YAMLNode.Entry] { get }
}

extension Resource {
  var node: YAMLNode {
    .mapping(
      [
        .init("apiVersion", .string(Self.apiVersion)),
        .init("kind", .string(Self.kind)),
        .init("metadata", metadata.node),
      ] + body)
  }
}

/// `metadata` of an object or of a pod template.
struct Metadata: Hashable, Sendable {
  var name: String?
  var namespace: String?
  var labels: [String: String] = [:]
  var annotations: [String: String] = [:]

  var node: YAMLNode {
    [
      "name": name.map { .string($0) },
      "namespace": namespace.map { .string($0) },
      "labels": labels.isEmpty ? nil : .sorted(labels),
      "annotations": annotations.isEmpty ? nil : .sorted(annotations),
    ]
  }
}
