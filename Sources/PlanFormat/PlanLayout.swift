/// Where things stand in a plan file; `specs/plan-format.md` is the description in words.
enum PlanLayout {
  static let magic: [UInt8] = Array("SRVPLAN\0".utf8)
  /// Readers refuse every other major version.
  static let major = 5
  /// Writers raise it for additions that old readers may ignore.
  static let minor = 0

  static let headerBytes = 4096
  static let sizeAt = 16
  static let rootAt = 24
  static let sectionCountAt = 56
  static let sectionsAt = 64
  static let sectionBytes = 64
  static let maximumSections = (headerBytes - sectionsAt) / sectionBytes

  /// Bytes of weights under one leaf of the hash tree.
  static let chunkBytes = 256 << 10
  /// Where code and weights start: they are mapped, and protected, by pages.
  static let page = 4096
  /// Sections may ask for no more.
  static let largestAlignment = 2 << 20
}

/// What a section holds.
enum SectionKind: UInt32, CaseIterable {
  /// `Plan` without its golden vectors.
  case plan = 1
  case golden = 2
  /// An ELF shared object for the family that `variant` names.
  case code = 3
  /// SHA-256 of each chunk of the weights.
  case weightHashes = 4
  case weights = 5
}

/// One row of the header's section table.
struct Section: Hashable, Sendable {
  var kind: SectionKind
  /// The raw value of a `CPUFamily` for code, else 0.
  var variant: UInt32 = 0
  var alignment: Int
  var offset: Int
  var byteCount: Int
  /// SHA-256 of the section; of the weights, SHA-256 of the hash section.
  var digest = [UInt8](repeating: 0, count: 32)

  /// As messages and dumps name it.
  var name: String {
    switch kind {
    case .plan: "plan section"
    case .golden: "golden section"
    case .code: "code for \(CPUFamily(rawValue: UInt8(clamping: variant))?.name ?? "an unknown CPU")"
    case .weightHashes: "table of weight hashes"
    case .weights: "weights section"
    }
  }
}
