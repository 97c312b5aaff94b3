/// Places buffers in one arena so that buffers that are alive at the same time do not overlap.
///
/// Greedy by size, first fit: the largest buffer first, each at the lowest offset that is free during its life
/// (Pisarchyk and Lee, arXiv 2001.03288).
struct ArenaPlan {
  struct Block {
    var byteCount: Int
    /// First and last dispatch that touch it.
    var life: ClosedRange<Int>
  }

  static let alignment = 64

  private(set) var offsets: [Int]
  private(set) var byteCount = 0

  init(_ blocks: [Block]) {
    offsets = Array(repeating: 0, count: blocks.count)
    var placed: [Int] = []
    let order = blocks.indices.sorted { (blocks[$1].byteCount, $0) < (blocks[$0].byteCount, $1) }
    for at in order {
      let size = Self.rounded(blocks[at].byteCount)
      let neighbours = placed.filter { blocks[$0].life.overlaps(blocks[at].life) }.sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in neighbours {
        if offset + size <= offsets[other] { break }
        offset = max(offset, offsets[other] + Self.rounded(blocks[other].byteCount))
      }
      offsets[at] = offset
      byteCount = max(byteCount, offset + size)
      placed.append(at)
    }
  }

  static func rounded(_ bytes: Int) -> Int { max((bytes + alignment - 1) / alignment, 1) * alignment }
}
