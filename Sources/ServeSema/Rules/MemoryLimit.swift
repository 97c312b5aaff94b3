package import ServeDiagnostics

extension Checker {
  /// SV0505: a pod's memory limit holds what the plan needs. For the driver, once the plan is laid out; `needs` names the
  /// parts of a pod's memory in bytes, as the manifests count them.
  package static func checkPlacement(
    _ service: Service, needs: [(what: String, bytes: Int64)],
  ) -> [Diagnostic] {
    guard let limit = service.placement.memory else { return [] }
    let sum = needs.reduce(0) { $0 + $1.bytes }
    guard sum > limit else { return [] }
    let mebi: Int64 = 1 << 20
    let enough = (sum + 64 * mebi - 1) / (64 * mebi) * 64
    let parts = needs.filter { $0.bytes > 0 }.map { "\(Amounts.bytes($0.bytes)) \($0.what)" }
    return [
      Diagnostic(
        .memoryLimit, "service `\(service.name)` does not fit into \(Amounts.bytes(limit))",
        at: service.placement.range.map { Label($0, Amounts.bytes(limit)) },
        values: [
          "\(parts.joined(separator: " + ")) = \(Amounts.bytes(sum))",
          "\(Amounts.bytes(sum)) > \(Amounts.bytes(limit))",
        ],
        notes: ["a container over its limit is killed (OOMKilled), and again after every restart"],
        help: service.placement.range.map {
          [
            Help(
              "write `\(enough)MiB`, or leave `memory` out and have it computed", replacing: $0, with: "\(enough)MiB")
          ]
        } ?? [])
    ]
  }
}
