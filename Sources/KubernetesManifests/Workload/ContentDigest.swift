internal import CSHA256

enum ContentDigest {
  /// The first 10 hex digits of the text's SHA-256: enough to tell the versions of one file apart.
  static func short(_ text: String) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let bytes = Array(text.utf8)
    serve_sha256(bytes, bytes.count, &digest)
    let hex = digest.prefix(5).map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }
    return hex.joined()
  }
}
