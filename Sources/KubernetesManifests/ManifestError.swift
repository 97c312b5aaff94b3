/// Why an environment has no manifests. Names the setting; the driver adds the place.
package enum ManifestError: Error, Hashable, Sendable {
  /// The driver handed over no facts of a service's plan.
  case missingPlan(service: String)
  /// A name that Kubernetes does not take.
  case invalidName(String, what: String)
  /// Two services whose names become the same in Kubernetes.
  case sameName(String, String, name: String)
  /// Less memory than the plan needs, in bytes.
  case memoryTooSmall(service: String, given: Int64, needed: PodMemory)
  case emitter(String)
}

extension ManifestError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missingPlan(let service):
      "there is no plan for service `\(service)`"
    case .invalidName(let name, let what):
      "\(what) would be `\(name)` in Kubernetes, which takes 1 to 63 characters of a-z, 0-9 and -, starting with a letter "
        + "and ending with a letter or digit"
    case .sameName(let one, let other, let name):
      "services `\(one)` and `\(other)` would both be `\(name)` in Kubernetes"
    case .memoryTooSmall(let service, let given, let needed):
      "service `\(service)` has \(Quantity.text(bytes: given)) of memory and needs \(needed)"
    case .emitter(let problem):
      "the YAML emitter failed: \(problem)"
    }
  }
}
