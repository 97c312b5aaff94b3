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
    Parallel.forEach(chunks, threads: threads) { chunk in
      let start = chunk * PlanLayout.chunkBytes
      let end = min(start + PlanLayout.chunkBytes, input.count)
      let bytes = UnsafeRawBufferPointer(rebasing: input[start..<end])
      serve_sha256(bytes.baseAddress, bytes.count, output.baseAddress?.advanced(by: chunk * 32))
    }
    return Array(leaves[..<(chunks * 32)])
  }
}
