import Glibc

/// Writes plans: the same image always gives the same bytes.
package enum PlanWriter {
  /// Writes `image` to `path` and returns the root digest in lower-case hexadecimal.
  ///
  /// The file is filled beside `path` and renamed at the end, so a reader never sees a part of it. Weight segments
  /// are written by several threads straight into the mapped file; bytes between segments are zeros.
  @discardableResult
  package static func write(_ image: PlanImage, to path: String) throws(PlanError) -> String {
    let draft = try Draft(image)
    let temporary = "\(path).\(getpid()).tmp"
    let file = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .system(doing: "create", path: temporary, code: errno) }
    do throws(PlanError) {
      defer { close(file) }
      let root = try draft.fill(file, temporary)
      guard rename(temporary, path) == 0 else { throw .system(doing: "rename to", path: path, code: errno) }
      return root
    } catch {
      unlink(temporary)
      throw error
    }
  }
}

/// A plan laid out: every section has its place, and all but the weights have their bytes.
private struct Draft {
  let image: PlanImage
  let sections: [Section]
  let contents: [[UInt8]]
  let weightBytes: Int
  let byteCount: Int

  init(_ image: PlanImage) throws(PlanError) {
    try PlanCheck.check(image.plan)
    try Self.checkSegments(image)
    try require(
      Set(image.code.map(\.family)).count == image.code.count, "code", "one CPU family stands there twice")
    self.image = image
    weightBytes = Int(image.plan.weightBytes)
    var next = PlanLayout.headerBytes
    var sections: [Section] = []
    var contents: [[UInt8]] = []
    func place(_ kind: SectionKind, variant: UInt32 = 0, alignment: Int, count: Int) {
      let offset = (next + alignment - 1) / alignment * alignment
      sections.append(Section(kind: kind, variant: variant, alignment: alignment, offset: offset, byteCount: count))
      next = offset + count
    }
    func place(_ kind: SectionKind, variant: UInt32 = 0, alignment: Int, _ bytes: [UInt8]) {
      place(kind, variant: variant, alignment: alignment, count: bytes.count)
      contents.append(bytes)
    }
    place(.plan, alignment: 64, try PlanEncoder.planSection(image.plan))
    place(.golden, alignment: 64, try PlanEncoder.goldenSection(image.plan.golden))
    for object in image.code.sorted(by: { $0.family.rawValue < $1.family.rawValue }) {
      place(.code, variant: UInt32(object.family.rawValue), alignment: PlanLayout.page, object.elf)
    }
    place(.weightHashes, alignment: 64, count: 32 * WeightHashes.chunkCount(weightBytes))
    place(.weights, alignment: PlanLayout.page, count: weightBytes)
    self.sections = sections
    self.contents = contents
    byteCount = next
  }

  private static func checkSegments(_ image: PlanImage) throws(PlanError) {
    try require(image.plan.weightBytes <= 1 << 42, "weights", "\(image.plan.weightBytes) bytes")
    var end: UInt64 = 0
    for segment in image.weights.sorted(by: { $0.offset < $1.offset }) {
      try require(segment.offset % 64 == 0, "weights", "a segment at byte \(segment.offset) is not aligned to 64")
      try require(segment.byteCount >= 0 && segment.offset >= end, "weights", "segments overlap at \(segment.offset)")
      let (next, overflow) = segment.offset.addingReportingOverflow(UInt64(segment.byteCount))
      try require(!overflow && next <= image.plan.weightBytes, "weights", "a segment reaches past the section")
      end = next
    }
  }

  /// Fills the file and returns the root digest.
  func fill(_ file: Int32, _ path: String) throws(PlanError) -> String {
    // Reserving the blocks turns a full disk into an error here; later it would be SIGBUS.
    let reserved = posix_fallocate(file, 0, off_t(byteCount))
    guard reserved == 0 else { throw .system(doing: "reserve \(byteCount) bytes for", path: path, code: reserved) }
    guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), address != MAP_FAILED else {
      throw .system(doing: "map", path: path, code: errno)
    }
    defer { munmap(address, byteCount) }
    let memory = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    let (header, root) = try fill(memory)
    UnsafeMutableRawBufferPointer(rebasing: memory[..<header.count]).copyBytes(from: header)
    guard msync(address, byteCount, MS_SYNC) == 0, fsync(file) == 0 else {
      throw .system(doing: "write", path: path, code: errno)
    }
    return Digest.hex(root)
  }

  private func fill(_ memory: UnsafeMutableRawBufferPointer) throws(PlanError) -> (bytes: [UInt8], root: [UInt8]) {
    let threads = Parallel.availableCPUs
    var sections = sections
    for (index, bytes) in contents.enumerated() {
      copy(bytes, to: memory, at: sections[index].offset)
      sections[index].digest = Digest.sha256(bytes)
    }
    let hashes = sections.count - 2
    let weights = sections.count - 1
    let start = sections[weights].offset
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + weightBytes])
    fillWeights(target, threads: threads)
    let leaves = WeightHashes.compute(UnsafeRawBufferPointer(target), threads: threads)
    copy(leaves, to: memory, at: sections[hashes].offset)
    sections[hashes].digest = Digest.sha256(leaves)
    sections[weights].digest = sections[hashes].digest
    return try PlanHeader(byteCount: byteCount, sections: sections).encoded()
  }

  private func fillWeights(_ target: UnsafeMutableRawBufferPointer, threads: Int) {
    let segments = image.weights
    nonisolated(unsafe) let output = target
    Parallel.forEach(segments.count, threads: threads) { index in
      let start = Int(segments[index].offset)
      let end = start + segments[index].byteCount
      segments[index].fill(UnsafeMutableRawBufferPointer(rebasing: output[start..<end]))
    }
  }

  private func copy(_ bytes: [UInt8], to memory: UnsafeMutableRawBufferPointer, at offset: Int) {
    UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count]).copyBytes(from: bytes)
  }
}
