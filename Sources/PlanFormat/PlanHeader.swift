import Glibc

/// The first 4096 bytes of a plan.
struct PlanHeader {
  var byteCount: Int
  var sections: [Section]

  /// The header with its root digest in place.
  func encoded() throws(PlanError) -> (bytes: [UInt8], root: [UInt8]) {
    var out = ByteWriter()
    for byte in PlanLayout.magic { out.integer(byte) }
    out.integer(UInt16(PlanLayout.major))
    out.integer(UInt16(PlanLayout.minor))
    out.integer(UInt32(0))
    out.integer(UInt64(byteCount))
    for _ in 0..<32 { out.integer(UInt8(0)) }
    try out.count(sections.count)
    out.integer(UInt32(0))
    for section in sections {
      out.integer(section.kind.rawValue)
      out.integer(section.variant)
      out.integer(UInt64(section.alignment))
      out.integer(UInt64(section.offset))
      out.integer(UInt64(section.byteCount))
      for byte in section.digest { out.integer(byte) }
    }
    var bytes = out.bytes
    guard bytes.count <= PlanLayout.headerBytes else {
      throw .invalid(at: "header", problem: "\(sections.count) sections do not fit")
    }
    bytes.append(contentsOf: repeatElement(0, count: PlanLayout.headerBytes - bytes.count))
    let root = Self.root(of: bytes)
    bytes.replaceSubrange(PlanLayout.rootAt..<PlanLayout.rootAt + 32, with: root)
    return (bytes, root)
  }

  /// SHA-256 of a header whose own root field is read as zeros.
  static func root(of header: [UInt8]) -> [UInt8] {
    var blank = header
    blank.replaceSubrange(PlanLayout.rootAt..<PlanLayout.rootAt + 32, with: repeatElement(0, count: 32))
    return Digest.sha256(blank)
  }

  /// Reads and checks a header: magic, version, size, root, and sections in order inside the file.
  static func decode(
    _ file: UnsafeRawBufferPointer, verifying: Bool,
  ) throws(PlanError) -> (header: PlanHeader, root: [UInt8]) {
    guard file.count >= PlanLayout.magic.count, file.prefix(8).elementsEqual(PlanLayout.magic) else {
      throw .notAPlan
    }
    guard file.count >= PlanLayout.headerBytes else {
      throw .wrongSize(expected: UInt64(PlanLayout.headerBytes), actual: UInt64(file.count))
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file[..<PlanLayout.headerBytes])
    var read = ByteReader(bytes, section: "header")
    _ = try read.integer(UInt64.self)
    let major = Int(try read.integer(UInt16.self))
    let minor = Int(try read.integer(UInt16.self))
    guard major == PlanLayout.major else { throw .otherVersion(major: major, minor: minor) }
    guard try read.integer(UInt32.self) == 0 else { throw read.failure("flags that this version does not know") }
    let size = try read.integer(UInt64.self)
    guard size == UInt64(file.count) else { throw .wrongSize(expected: size, actual: UInt64(file.count)) }
    let root = Array(bytes[PlanLayout.rootAt..<PlanLayout.rootAt + 32])
    if verifying, Self.root(of: Array(bytes)) != root { throw .damaged(section: "header") }
    for _ in 0..<4 { _ = try read.integer(UInt64.self) }
    let count = try read.index()
    guard count <= PlanLayout.maximumSections, try read.integer(UInt32.self) == 0 else {
      throw read.failure("\(count) sections")
    }
    var sections: [Section] = []
    for _ in 0..<count { sections.append(try section(&read)) }
    try checkOrder(sections, file)
    return (PlanHeader(byteCount: file.count, sections: sections), root)
  }

  private static func section(_ read: inout ByteReader) throws(PlanError) -> Section {
    let raw = try read.integer(UInt32.self)
    guard let kind = SectionKind(rawValue: raw) else { throw read.failure("\(raw) is no kind of section") }
    let variant = try read.integer(UInt32.self)
    let numbers = [try read.int(), try read.int(), try read.int()]
    var section = Section(
      kind: kind, variant: variant, alignment: numbers[0], offset: numbers[1], byteCount: numbers[2])
    for index in 0..<32 { section.digest[index] = try read.integer(UInt8.self) }
    let isFamily = variant <= UInt32(UInt8.max) && CPUFamily(rawValue: UInt8(truncatingIfNeeded: variant)) != nil
    guard kind == .code ? isFamily : variant == 0 else { throw read.failure("\(variant) is no variant of \(kind)") }
    return section
  }

  /// Sections follow each other without overlap, and what lies between them is zeros: no byte of a file is outside
  /// the root digest.
  private static func checkOrder(_ sections: [Section], _ file: UnsafeRawBufferPointer) throws(PlanError) {
    var end = PlanLayout.headerBytes
    for section in sections {
      try require(
        section.alignment.nonzeroBitCount == 1 && 64...PlanLayout.largestAlignment ~= section.alignment, section.name,
        "an alignment of \(section.alignment)")
      try require(section.offset % section.alignment == 0, section.name, "byte \(section.offset) is not aligned")
      try require(section.offset >= end, section.name, "it overlaps what stands before it")
      try require(
        section.offset <= file.count && 0...(file.count - section.offset) ~= section.byteCount, section.name,
        "it reaches past the end of the file")
      try require(isZero(file[end..<section.offset]), section.name, "the bytes before it are not zeros")
      end = section.offset + section.byteCount
    }
    try require(end == file.count, "header", "bytes follow the last section")
  }

  /// Bytes are all zeros when the first is, and each is equal to the one before.
  private static func isZero(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    guard let first = bytes.baseAddress, !bytes.isEmpty else { return true }
    return bytes[0] == 0 && memcmp(first, first + 1, bytes.count - 1) == 0
  }
}
