internal import ServeSema

/// `served.json`, the settings of this environment. It never changes: other content has another name.
struct ConfigMap: Resource {
  static let apiVersion = "v1"
  static let kind = "ConfigMap"

  var metadata: Metadata
  var body: [YAMLNode.Entry]

  init(_ workload: Workload) {
    metadata = workload.metadata(workload.settingsName)
    body = [
      .init("immutable", true),
      .init("data", .mapping([.init(PodLayout.settingsFile, .string(workload.plan.settings))])),
    ]
  }
}
