import CSHA256
import PlanFormat
import Testing

@Suite struct DigestTests {
  /// The examples of FIPS 180-4 that NIST publishes (one block, two blocks, a million letters), and the empty one.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func `the examples of NIST have their digests`(message: String, expected: String) {
    #expect(Digest.hex(Digest.sha256(Array(message.utf8))) == expected)
    #expect(Digest.hex(portable(Array(message.utf8))) == expected)
  }

  @Test func `the accelerated and the portable code agree at every length around the block size`() {
    let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 7) }
    for length in 0...bytes.count {
      let message = Array(bytes[..<length])
      #expect(Digest.sha256(message) == portable(message))
    }
  }

  @Test func `two messages side by side have the digests of each`() {
    let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 3) }
    for (first, second) in [(0, 0), (0, 64), (63, 200), (64, 64), (65, 128), (300, 299), (640, 64), (129, 571)] {
      let (one, other) = (Array(bytes[..<first]), Array(bytes[(bytes.count - second)...]))
      var digests = [UInt8](repeating: 0, count: 64)
      digests.withUnsafeMutableBufferPointer { digests in
        serve_sha256_two(one, one.count, digests.baseAddress, other, other.count, digests.baseAddress?.advanced(by: 32))
      }
      #expect(Array(digests[..<32]) == portable(one))
      #expect(Array(digests[32...]) == portable(other))
    }
  }

  @Test func `a digest taken in pieces is the digest of the whole`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
    for piece in [1, 3, 63, 64, 65, 200] {
      var context = serve_sha256_context()
      serve_sha256_init(&context)
      for start in stride(from: 0, to: bytes.count, by: piece) {
        let part = Array(bytes[start..<min(start + piece, bytes.count)])
        serve_sha256_update(&context, part, part.count)
      }
      var digest = [UInt8](repeating: 0, count: 32)
      serve_sha256_final(&context, &digest)
      #expect(digest == Digest.sha256(bytes))
    }
  }

  private func portable(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    serve_sha256_portable(bytes, bytes.count, &digest)
    return digest
  }
}
