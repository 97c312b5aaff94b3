import CSHA256

/// SHA-256 of bytes in memory.
package enum Digest {
  /// The 32 bytes of the digest.
  package static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
      serve_sha256(bytes.baseAddress, bytes.count, digest.baseAddress)
      count = 32
    }
  }

  package static func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha256($0) } }

  /// Lower-case hexadecimal, as file names and labels write digests.
  package static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
