/// An open plan: mapped, checked against its digests, and decoded.
///
/// After `open` returns, every index and offset in `plan` is inside its list or section.
package final class PlanFile: Sendable {
  package let plan: Plan
  /// The SHA-256 that names the plan, in lower-case hexadecimal: it covers every byte of the file.
  package let root: String
  /// Bytes of the file.
  package let byteCount: Int
  private let file: MappedFile
  private let sections: [Section]

  /// Maps the file at `path` and verifies all of it; weights are hashed by `threads` threads.
  package static func open(_ path: String, threads: Int? = nil) throws(PlanError) -> PlanFile {
    try PlanFile(MappedFile(path: path), verifying: true, threads: threads)
  }

  /// Opens a plan in memory. `verifying: false` leaves the digests unchecked and nothing else, so that a fuzzer
  /// reaches what stands behind them.
  package static func open(bytes: [UInt8], verifying: Bool = true) throws(PlanError) -> PlanFile {
    try PlanFile(MappedFile(copying: bytes), verifying: verifying, threads: 1)
  }

  private init(_ file: MappedFile, verifying: Bool, threads: Int?) throws(PlanError) {
    let (header, root) = try PlanHeader.decode(file.bytes, verifying: verifying)
    let table = try SectionTable(header.sections)
    if verifying {
      for section in header.sections where section.kind != .weights {
        guard Digest.sha256(section.bytes(in: file.bytes)) == section.digest else {
          throw .damaged(section: section.name)
        }
      }
    }
    var plan = try PlanDecoder.planSection(table.plan.bytes(in: file.bytes))
    plan.golden = try PlanDecoder.goldenSection(table.golden.bytes(in: file.bytes))
    try PlanCheck.check(plan)
    try require(
      plan.weightBytes == UInt64(table.weights.byteCount), table.weights.name,
      "\(table.weights.byteCount) bytes where the plan expects \(plan.weightBytes)")
    let leaves = table.weightHashes.bytes(in: file.bytes)
    try require(
      leaves.count == 32 * WeightHashes.chunkCount(table.weights.byteCount), table.weightHashes.name,
      "\(leaves.count) bytes for \(table.weights.byteCount) bytes of weights")
    if verifying {
      guard table.weights.digest == table.weightHashes.digest else { throw .damaged(section: table.weights.name) }
      let found = WeightHashes.compute(
        table.weights.bytes(in: file.bytes), threads: threads ?? min(8, Parallel.availableCPUs))
      guard leaves.elementsEqual(found) else { throw .damaged(section: table.weights.name) }
    }
    self.plan = plan
    self.root = Digest.hex(root)
    self.byteCount = header.byteCount
    self.file = file
    self.sections = header.sections
  }

  /// The families that the plan has code for, in file order.
  package var families: [CPUFamily] {
    sections.compactMap { $0.kind == .code ? CPUFamily(rawValue: UInt8(truncatingIfNeeded: $0.variant)) : nil }
  }

  /// The ELF shared object for a family; valid as long as this object lives.
  package func code(for family: CPUFamily) -> UnsafeRawBufferPointer? {
    sections.first { $0.kind == .code && $0.variant == UInt32(family.rawValue) }?.bytes(in: file.bytes)
  }

  /// The weights section; valid as long as this object lives.
  package var weights: UnsafeRawBufferPointer {
    sections.first { $0.kind == .weights }?.bytes(in: file.bytes) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }
}

/// The sections that every plan has, once each.
private struct SectionTable {
  let plan: Section
  let golden: Section
  let weightHashes: Section
  let weights: Section

  init(_ sections: [Section]) throws(PlanError) {
    func only(_ kind: SectionKind) throws(PlanError) -> Section {
      let found = sections.filter { $0.kind == kind }
      guard found.count == 1 else {
        throw .invalid(at: "header", problem: "\(found.count) sections of kind \(kind) where one belongs")
      }
      return found[0]
    }
    plan = try only(.plan)
    golden = try only(.golden)
    weightHashes = try only(.weightHashes)
    weights = try only(.weights)
    let families = sections.filter { $0.kind == .code }.map(\.variant)
    try require(Set(families).count == families.count, "header", "code for one CPU family stands there twice")
  }
}

extension Section {
  /// `offset` and `byteCount` have been checked against the file.
  func bytes(in file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file[offset..<offset + byteCount])
  }
}
