/// A Compute Engine machine type: `c3-standard-8`.
package struct Machine: Hashable, Sendable {
  package let name: String
  package let family: CPUFamily
  package let vcpus: Int
  /// In MiB.
  package let memoryMiB: Int64

  /// Every type of the CPU families, in the table's order.
  package static let all: [Machine] = MachineTable.classes.flatMap { entry in
    entry.sizes.split(separator: " ").compactMap { Machine(class: entry.name, entry: $0) }
  }

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

  /// The type of this name, if it is one of the CPU families.
  package static func named(_ name: String) -> Machine? {
    byName[name]
  }

  /// CPU that pods can get, in thousandths of a core: GKE reserves 6 % of the first core, 1 % of the second, 0.5 % of
  /// the next two and 0.25 % of the others; 1.06 cores of an E2 shared-core machine.
  ///
  /// Source: GKE's "Plan node sizes" page, as of 2026.
  package var allocatableMilliCPU: Int {
    if isSharedCore { return max(0, vcpus * 1000 - 1060) }
    let shares = [60.0, 10.0, 5.0, 5.0]
    let reserved = shares.prefix(vcpus).reduce(0, +) + Double(max(0, vcpus - shares.count)) * 2.5
    return vcpus * 1000 - Int(reserved.rounded(.up))
  }

  /// Memory that pods can get, in bytes: GKE reserves 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8,
  /// 6 % of the next 112 and 2 % of the rest, and 100 MiB as the eviction threshold.
  ///
  /// Source: GKE's "Plan node sizes" page, as of 2026.
  package var allocatableMemory: Int64 {
    var rest = memoryMiB
    var reserved: Int64 = 100
    if memoryMiB < 1024 { return max(0, memoryMiB - 255 - 100) << 20 }
    for (size, percent) in [(4096, 25), (4096, 20), (8192, 10), (114_688, 6), (Int64.max, 2)] as [(Int64, Int64)] {
      let part = min(rest, size)
      reserved += (part * percent + 99) / 100
      rest -= part
    }
    return (memoryMiB - reserved) << 20
  }

  private var isSharedCore: Bool {
    ["e2-micro", "e2-small", "e2-medium"].contains(name)
  }

  /// Reads `8:32`, `8-lssd:32` or, of a shared-core type, `:4/2`.
  private init?(class kind: String, entry: Substring) {
    let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let family = CPUFamily(rawValue: String(kind.prefix { $0 != "-" })) else { return nil }
    let shape = parts[1].split(separator: "/")
    guard let gib = shape.first.flatMap({ Double($0) }) else { return nil }
    let stated = shape.count > 1 ? Int(shape[1]) : Int(parts[0].prefix { $0 != "-" })
    guard let vcpus = stated else { return nil }
    name = parts[0].isEmpty ? kind : "\(kind)-\(parts[0])"
    self.family = family
    self.vcpus = vcpus
    memoryMiB = Int64(gib * 1024)
  }
}
