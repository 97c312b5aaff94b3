import ServeDiagnostics
import ServeSyntax

/// `scale`, `health` and `disruption`.
extension Checker {
  private static let second: Int64 = 1_000_000_000
  /// A spot machine gives pods 15 of its 30 seconds: GKE's "Spot VMs" page.
  private static let spotGrace: Int64 = 15 * second

  mutating func scale(_ section: Section) -> Service.Scale {
    var (minimum, maximum) = (2, 10)
    if case .range(.number(let low), .number(let high))? = section.settings["replicas"]?.value {
      (minimum, maximum) = (low.integer ?? minimum, high.integer ?? maximum)
    }
    if minimum > maximum {
      let range = section.range("replicas")
      diagnostics.add(
        Diagnostic(
          .badReplicas, "`replicas` has its bounds the wrong way round", at: Label(range, "the minimum comes first"),
          values: ["\(minimum) > \(maximum)"],
          help: [Help("write `\(maximum)...\(minimum)`", replacing: range, with: "\(maximum)...\(minimum)")]))
      swap(&minimum, &maximum)
    }
    let target = cpuTarget(section)
    if let node = section.rules["on"]?.first, minimum == maximum, section.settings["replicas"] != nil {
      diagnostics.add(
        Diagnostic(
          .fixedScale, "nothing can scale between \(minimum) and \(maximum) replicas",
          at: Label(node.range, "has no effect"),
          secondary: [Label(section.range("replicas"), "one number of replicas")],
          help: [Help("give a range, such as `replicas = \(minimum)...\(minimum * 4)`")]))
    }
    let after = section.section("down").amount("after") ?? 300 * Self.second
    return Service.Scale(
      minimum: minimum, maximum: maximum, cpuTargetPercent: minimum == maximum ? nil : target ?? 70,
      downAfter: minimum == maximum ? nil : after)
  }

  /// `on cpu target 70%`
  private mutating func cpuTarget(_ section: Section) -> Int? {
    var result: Int?
    var first: Settings.Node?
    for node in section.rules["on"] ?? [] {
      guard let signal = node.name else {
        diagnostics.add(typeMismatch("`on` names a signal", "write `on cpu target 70%`", node.range))
        continue
      }
      guard signal.text == "cpu" else {
        diagnostics.add(unknownSignal(signal))
        continue
      }
      if let first {
        diagnostics.add(.duplicate(signal, of: first.name ?? signal, what: "target"))
        continue
      }
      first = node
      guard node.operands.count == 3, node.operands[1].name?.text == "target", node.value == nil, node.type == nil,
        node.body == nil
      else {
        diagnostics.add(typeMismatch("`on` is not written this way", "write `on cpu target 70%`", node.range))
        continue
      }
      guard let value = evaluate(node.operands[2]) else { continue }
      guard case .percent(let percent) = value else {
        diagnostics.add(
          Diagnostic(
            .unitMismatch, "a CPU target is a Percent, this is \(value.kind)",
            at: Label(node.operands[2].range, "expected a share of the requested CPU, such as `70%`")))
        continue
      }
      guard let whole = percent.integer, (1...100).contains(whole) else {
        diagnostics.add(
          Diagnostic(
            .badReplicas, "a CPU target of \(percent)% cannot be kept",
            at: Label(node.operands[2].range, "expected a whole percentage, 1%...100%")))
        continue
      }
      result = whole
    }
    return result
  }

  private func unknownSignal(_ name: AST.Name) -> Diagnostic {
    let planned = ["p99", "p50", "queue", "requests", "memory", "gpu"]
    if planned.contains(name.text) { return .notSupported("scaling on \(name)", at: name.range) }
    let known = ["cpu"] + planned
    let near = Suggestion(for: name, among: known)
    return Diagnostic(
      .unknownName, "there is no signal `\(name)`",
      at: near.label("not a signal to scale on"),
      values: ["signals: cpu"], help: near.help)
  }

  // MARK: - Health

  mutating func health(_ section: Section, deadline: Int64?, _ pool: Pool?) -> (startup: Int64, drain: Int64) {
    let written = section.amount("drain")
    let startup = section.amount("startup") ?? 60 * Self.second
    // In-flight requests get their deadline, and the endpoint's removal five seconds to reach every balancer.
    let needed = (deadline ?? 0) + 5 * Self.second
    let usual = max(10 * Self.second, needed)
    let drain = written ?? (pool?.spot == true ? min(usual, Self.spotGrace) : usual)
    if let written, let deadline, written < deadline {
      diagnostics.add(
        Diagnostic(
          .drainTime, "requests in flight would be cut off",
          at: Label(section.range("drain"), Amounts.duration(written)),
          values: ["\(Amounts.duration(written)) drain < \(Amounts.duration(deadline)) deadline"],
          notes: ["a pod that ends answers what it has begun; after `drain` it is killed"],
          help: [
            Help(
              "write `drain = \(Amounts.duration(usual))`", replacing: section.range("drain"),
              with: Amounts.duration(usual))
          ]))
    }
    if let pool, pool.spot, drain > Self.spotGrace {
      diagnostics.add(
        Diagnostic(
          .drainTime, "a spot pod has no \(Amounts.duration(drain)) to drain",
          at: Label(section.range("drain"), Amounts.duration(drain)), secondary: [Label(pool.range, "spot")],
          values: ["\(Amounts.duration(drain)) > 15s"],
          notes: [
            "a spot machine ends 30 s after its notice, and keeps the last 15 s for system pods; more grace has no effect"
          ],
          help: section.settings["drain"] == nil
            ? [] : [Help("write `drain = 15s`", replacing: section.range("drain"), with: "15s")]))
    }
    return (startup, drain)
  }

  // MARK: - Disruption

  mutating func disruption(_ section: Section, _ scale: Service.Scale) -> Service.Disruption {
    let note = "a node is drained for every upgrade; when no pod may go, the drain waits for ever"
    switch (section.integer("max_unavailable"), section.integer("min_available")) {
    case (_?, let minimum?):
      diagnostics.add(
        Diagnostic(
          .duplicateName, "a disruption budget has one bound",
          at: Label(section.range("min_available"), "second bound"),
          secondary: [Label(section.range("max_unavailable"), "first one")],
          notes: ["Kubernetes refuses a budget with both"]))
      return .minimumAvailable(minimum)
    case (0?, nil):
      diagnostics.add(
        Diagnostic(
          .blockedDrain, "no pod may ever be away", at: Label(section.range("max_unavailable"), "blocks every drain"),
          notes: [note],
          help: [Help("write `max_unavailable = 1`", replacing: section.range("max_unavailable"), with: "1")]))
      return .maximumUnavailable(0)
    case (let maximum?, nil): return .maximumUnavailable(maximum)
    case (nil, let minimum?):
      if minimum >= scale.minimum {
        diagnostics.add(
          Diagnostic(
            .blockedDrain, "no pod may be away when there are \(scale.minimum)",
            at: Label(section.range("min_available"), "blocks every drain"),
            values: ["min_available \(minimum) >= replicas \(scale.minimum)"], notes: [note],
            help: [Help("write `max_unavailable = 1` instead")]))
      }
      return .minimumAvailable(minimum)
    case (nil, nil): return .maximumUnavailable(1)
    }
  }
}
