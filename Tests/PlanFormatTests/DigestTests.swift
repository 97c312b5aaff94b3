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
