import ServeDiagnostics
import ServeSyntax

/// `placement { try c3_cpu { cpu = 2 } }`: the pool of a service, and what one pod asks of it.
extension Checker {
  mutating func placement(_ section: Section, _ scale: Service.Scale, _ head: EnvironmentHead) -> Service.Placement {
    let choices = (section.entries["try"] ?? []) + (section.entries["only"] ?? [])
    for choice in choices.dropFirst() {
      diagnostics.add(.notSupported("a second pool of a service", at: choice.node.keyword.range))
    }
    let spread: Service.Placement.Spread =
      switch section.word("spread") {
      case "host": .host
      default: .zone
      }
    if section.settings["spread"] != nil, spread == .zone { checkSpread(section, scale, head) }
    guard let choice = choices.first else {
      return Service.Placement(pool: nil, milliCPU: 1000, memory: nil, spread: spread, range: nil)
    }
    let pool = resolve(choice.name, [.pool]).flatMap { pools[$0.name.text] }
    let milliCPU = Int(choice.section.amount("cpu") ?? 1000)
    let memory = choice.section.amount("memory")
    if let pool {
      checkZones(pool, head)
      checkSpot(choice, pool, head)
      checkFits(choice, pool, milliCPU, memory)
    }
    return Service.Placement(
      pool: pool, milliCPU: milliCPU, memory: memory, spread: spread,
      range: choice.section.settings["memory"]?.range ?? choice.name.range)
  }

  /// SV0604: with fewer replicas than zones, some zone has none.
  private mutating func checkSpread(_ section: Section, _ scale: Service.Scale, _ head: EnvironmentHead) {
    guard let cluster = head.cluster, cluster.zones.count > scale.minimum else { return }
    diagnostics.add(
      Diagnostic(
        .fewerReplicasThanZones,
        "\(scale.minimum) replicas cannot stand in \(cluster.zones.count) zones in env \(head.name)",
        at: Label(section.range("spread"), "wants a pod in every zone"),
        values: ["replicas \(scale.minimum) < \(cluster.zones.count) zones of `\(cluster.name)`"],
        notes: ["when the service is at its smallest, losing one zone may lose more than its share"],
        help: [Help("let `replicas` begin at \(cluster.zones.count), or write `spread = host`")]))
  }

  /// SV0515: a pool's zones are zones of the cluster.
  private mutating func checkZones(_ pool: Pool, _ head: EnvironmentHead) {
    guard let cluster = head.cluster, !cluster.zones.isEmpty else { return }
    for zone in pool.zones where !cluster.zones.contains(zone) {
      diagnostics.add(
        Diagnostic(
          .zoneMismatch, "pool `\(pool.name)` is in \(zone), cluster `\(cluster.name)` is not",
          at: Label(pool.range, "in \(zone)"),
          values: ["zones of `\(cluster.name)`: \(cluster.zones.joined(separator: ", "))"]))
    }
  }

  /// SV0509: in a protected environment some capacity stays.
  private mutating func checkSpot(_ choice: Section.Entry, _ pool: Pool, _ head: EnvironmentHead) {
    guard head.isProtected, pool.spot else { return }
    diagnostics.add(
      Diagnostic(
        .allSpot, "all of the service can be taken away at once", at: Label(choice.name.range, "its only pool"),
        secondary: [Label(pool.range, "spot")] + (head.range.map { [Label($0, "this env is protected")] } ?? []),
        notes: ["the spot machines of a zone often go together, and it takes minutes until others have a model loaded"],
        help: [Help("name a pool without `spot` here, and keep this one for other envs")]))
  }

  /// SV0508: what a pod asks for is there on its machine.
  private mutating func checkFits(_ choice: Section.Entry, _ pool: Pool, _ milliCPU: Int, _ memory: Int64?) {
    guard let machine = pool.machine.flatMap(Machine.named) else { return }
    let note = "a pod that fits no node stays pending for ever"
    if milliCPU > machine.allocatableMilliCPU {
      let largest = machine.allocatableMilliCPU / 1000
      diagnostics.add(
        Diagnostic(
          .doesNotFitMachine, "\(Amounts.cpu(milliCPU)) do not fit on \(machine.name)",
          at: Label(choice.section.settings["cpu"]?.range ?? choice.name.range, Amounts.cpu(milliCPU)),
          secondary: [Label(pool.range, "\(machine.name): \(machine.vcpus) vCPUs")],
          values: [
            "\(Amounts.cpu(milliCPU)) > \(Amounts.cpu(machine.allocatableMilliCPU)), which is what the node leaves to pods"
          ],
          notes: [note],
          help: largest > 0 ? [Help("ask for at most `cpu = \(largest)`")] : [Help("take a larger machine")]))
    }
    if let memory, memory > machine.allocatableMemory {
      diagnostics.add(
        Diagnostic(
          .doesNotFitMachine, "\(Amounts.bytes(memory)) do not fit on \(machine.name)",
          at: Label(choice.section.range("memory"), Amounts.bytes(memory)),
          secondary: [Label(pool.range, "\(machine.name): \(Amounts.bytes(machine.memoryMiB << 20))")],
          values: [
            "\(Amounts.bytes(memory)) > \(Amounts.bytes(machine.allocatableMemory)), which is what the node leaves to pods"
          ],
          notes: [note]))
    }
  }
}
