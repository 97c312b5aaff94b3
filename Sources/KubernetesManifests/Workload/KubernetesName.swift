/// A name as Kubernetes takes it for a Service, the strictest of its kinds: an RFC 1035 label.
///
/// The language writes `my_service`; the underscores become dashes.
struct KubernetesName: Hashable, Sendable, CustomStringConvertible {
  static let longest = 63

  let description: String

  /// `what` says whose name it is in an error.
  init(_ identifier: String, what: String) throws(ManifestError) {
    let name = identifier.replacing("_", with: "-").lowercased()
    guard Self.isValid(name) else { throw .invalidName(name, what: what) }
    description = name
  }

  static func isValid(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= longest else { return false }
    return isLetter(first) && (isLetter(last) || isDigit(last))
      && bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
