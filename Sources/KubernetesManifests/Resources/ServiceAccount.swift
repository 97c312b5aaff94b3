/// The pods' identity, without a token: `served` never talks to the API server. Cloud Storage knows it by its name
/// (Workload Identity Federation), which needs none.
struct ServiceAccount: Resource {
  static let apiVersion = "v1"
  static let kind = "ServiceAccount"

  var metadata: Metadata
  let body: [YAMLNode.Entry] = [.init("automountServiceAccountToken", false)]

  init(_ workload: Workload) { metadata = workload.metadata() }
}
