import ServeDiagnostics
import ServeSyntax

/// `pool` and `cluster`: where services run.
extension Checker {
  mutating func checkPools() {
    for declaration in declarations(.pool) {
      let section = section(Settings(of: declaration), .pool, owner: "pool `\(declaration.name)`")
      guard !(section.written.contains("machine") && section.string("machine") == nil) else { continue }
      let zones = section.strings("zones") ?? []
      guard let name = section.string("machine") else {
        pools[declaration.name.text] = Pool(
          name: declaration.name.text, machine: nil, family: nil, cpuFamily: CPUFamily.anyCode,
          spot: section.bool("spot") ?? false, zones: zones, range: declaration.name.range)
        continue
      }
      guard let machine = machine(name, at: section.range("machine")) else { continue }
      guard let code = machine.family.code else {
        diagnostics.add(noCode(machine, at: section.range("machine")))
        continue
      }
      pools[declaration.name.text] = Pool(
        name: declaration.name.text, machine: name, family: machine.family.rawValue, cpuFamily: code,
        spot: section.bool("spot") ?? false, zones: zones, range: declaration.name.range)
    }
  }

  private mutating func machine(_ name: String, at range: SourceRange) -> Machine? {
    if let machine = Machine.named(name) { return machine }
    let family = String(name.prefix { $0 != "-" })
    if CPUFamily(rawValue: family) == nil, name.contains("-"), MachineSeries.planned.contains(family) {
      diagnostics.add(.notSupported("a pool of \(family) machines", at: range))
      return nil
    }
    let siblings = Machine.all.map(\.name).filter { $0.hasPrefix(family + "-") }
    let near = Spelling.nearest(to: name, among: Machine.all.map(\.name))
    var values: [String] = []
    if !siblings.isEmpty {
      let kind = name.split(separator: "-").prefix(2).joined(separator: "-")
      let close = siblings.filter { $0.hasPrefix(kind) && !$0.hasSuffix("lssd") && !$0.hasSuffix("metal") }
      values = ["\(family) machines: \((close.isEmpty ? siblings : close).prefix(10).joined(separator: ", "))"]
    } else {
      values = ["families: \(CPUFamily.allCases.filter { $0.code != nil }.map(\.rawValue).joined(separator: ", "))"]
    }
    diagnostics.add(
      Diagnostic(
        .unknownMachine, "there is no machine type \"\(name)\"",
        at: Label(range, near.map { "did you mean \"\($0)\"?" } ?? "not a machine type of Compute Engine"),
        values: values,
        notes: ["a node pool of a type that does not exist is never created, and its pods stay pending"],
        help: near.map { [Help("write \"\($0)\"", replacing: range, with: "\"\($0)\"")] } ?? []))
    return nil
  }

  private func noCode(_ machine: Machine, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      .noCodeForFamily, "kernels may not run on \(machine.family.rawValue) machines",
      at: Label(range, "some of them have no AVX2"),
      notes: [
        "\(machine.family.rawValue) mixes CPUs since Sandy Bridge (2011); a pod that lands on one of them would not start"
      ],
      help: [Help("take an e2, n2 or c3 machine of the same size")])
  }

  // MARK: - Clusters

  mutating func checkClusters() {
    for declaration in declarations(.cluster) {
      let section = section(Settings(of: declaration), .cluster, owner: "cluster `\(declaration.name)`")
      if let namespace = section.string("namespace") {
        checkObjectName(namespace, at: section.range("namespace"), limit: 63)
      }
      checkZones(section)
      guard let image = section.string("image"), let text = section.string("artifacts"),
        let artifacts = artifacts(text, at: section.range("artifacts"))
      else { continue }
      clusters[declaration.name.text] = Cluster(
        name: declaration.name.text, image: image, artifacts: artifacts, namespace: section.string("namespace"),
        region: section.string("region"), zones: section.strings("zones") ?? [], range: section.range("image"))
    }
  }

  /// SV0515 where a zone is not of the region.
  private mutating func checkZones(_ section: Section) {
    guard let region = section.string("region"), case .list(let zones)? = section.settings["zones"]?.value else {
      return
    }
    for zone in zones {
      guard case .string(let name) = zone.value, !name.hasPrefix(region + "-") else { continue }
      diagnostics.add(
        Diagnostic(
          .zoneMismatch, "zone \"\(name)\" is not in region \"\(region)\"",
          at: Label(zone.range, "another region's zone"),
          secondary: [Label(section.range("region"), "the cluster's region")]))
    }
  }

  private mutating func artifacts(_ text: String, at range: SourceRange) -> Cluster.Artifacts? {
    if text.hasPrefix("gs://") {
      let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1)
      if let bucket = parts.first {
        let folder = parts.count > 1 ? parts[1].split(separator: "/").joined(separator: "/") : ""
        return .bucket(name: String(bucket), folder: folder)
      }
    }
    if text.hasPrefix("pvc://"), text.utf8.count > 6 { return .claim(String(text.dropFirst(6))) }
    if text.hasPrefix("/") { return .hostPath(text) }
    if text.contains("://"), !text.hasPrefix("gs://"), !text.hasPrefix("pvc://") {
      diagnostics.add(.notSupported("artifacts at \(text.prefix { $0 != "/" })//", at: range))
      return nil
    }
    diagnostics.add(
      Diagnostic(
        .typeMismatch, "this names no place for plans",
        at: Label(range, "expected a bucket, a volume claim or a folder"),
        values: ["\"gs://bucket/folder\", \"pvc://claim\" or \"/folder/of/the/node\""]))
    return nil
  }

  /// SV0616 unless Kubernetes takes the name: a DNS label.
  mutating func checkObjectName(_ name: String, at range: SourceRange, limit: Int) {
    let problem: String? =
      if name.utf8.count > limit {
        "\(name.utf8.count) characters, at most \(limit)"
      } else if !name.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) {
        "only a-z, 0-9 and `-`"
      } else if !(name.first?.isLowercase ?? false) || name.last == "-" {
        "begins with a letter and ends with a letter or digit"
      } else {
        nil
      }
    guard let problem else { return }
    diagnostics.add(
      Diagnostic(
        .badObjectName, "Kubernetes refuses the name `\(name)`", at: Label(range, problem),
        notes: ["objects carry this name, and the names of pods add 11 characters to it; all of it is a DNS label"]))
  }
}

/// Machine series that exist and that nothing is compiled for yet.
private enum MachineSeries {
  static let planned = [
    "a2", "a3", "a4", "a4x", "c2", "c2d", "c4n", "ct3", "ct3p", "ct5l", "ct5lp", "ct5p", "ct6e", "f1", "g1", "g2", "g4",
    "h3", "h4d", "m1", "m2", "m3", "m4", "m4n", "n4", "n4a", "n4d", "t2d", "tpu7x", "x4", "z3",
  ]
}
