import CSHA256

/// The hash tree over the weights: one SHA-256 per chunk, so that many threads can check one large section.
enum WeightHashes {
  static func chunkCount(_ byteCount: Int) -> Int {
    (byteCount + PlanLayout.chunkBytes - 1) / PlanLayout.chunkBytes
  }

  /// The leaves one after the other, 32 bytes each.
  static func compute(_ weights: UnsafeRawBufferPointer, threads: Int) -> [UInt8] {
    let chunks = chunkCount(weights.count)
    let leaves = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, chunks * 32))
    defer { leaves.deallocate() }
    nonisolated(unsafe) let output = leaves
    nonisolated(unsafe) let input = weights
    // Two chunks side by side take little more time than one; a thread for less than a MiB costs more than it saves.
    let workers = min(threads, max(1, weights.count >> 20))
    Parallel.forEach((chunks + 1) / 2, threads: workers) { pair in
      guard let digest = output.baseAddress?.advanced(by: 64 * pair) else { return }
      let first = chunk(2 * pair, of: input)
      if 2 * pair + 1 < chunks {
        let second = chunk(2 * pair + 1, of: input)
        serve_sha256_two(
          first.baseAddress, first.count, digest, second.baseAddress, second.count, digest.advanced(by: 32))
      } else {
        serve_sha256(first.baseAddress, first.count, digest)
      }
    }
    return Array(leaves[..<(chunks * 32)])
  }

  private static func chunk(_ index: Int, of weights: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let start = index * PlanLayout.chunkBytes
    return UnsafeRawBufferPointer(rebasing: weights[start..<min(start + PlanLayout.chunkBytes, weights.count)])
  }
}
