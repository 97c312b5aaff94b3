import Glibc

/// One anonymous mapping: all the memory that a program computes in.
struct Arena: ~Copyable {
  let memory: UnsafeMutableRawBufferPointer

  /// 4 KiB for each of the 1,024 entries that second-level TLBs have at least (Neoverse N1: 1,280, Zen 2: 2,048).
  private static let coveredBySmallPages = 4 << 20

  /// Memory of zeros, at least `byteCount` bytes, starting at a page.
  init(byteCount: Int) throws(RuntimeError) {
    let page = 4096
    let (padded, overflow) = max(byteCount, 1).addingReportingOverflow(page - 1)
    let size = padded / page * page
    guard !overflow, let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      address != MAP_FAILED
    else { throw .memory(bytes: byteCount, code: overflow ? ENOMEM : errno) }
    // Advice only: fewer TLB misses where the system grants it. Below, the TLB has an entry for every page, and a huge
    // one would be zeroed for the few bytes that a small request touches.
    if size > Self.coveredBySmallPages { madvise(address, size, MADV_HUGEPAGE) }
    memory = UnsafeMutableRawBufferPointer(start: address, count: size)
  }

  deinit { munmap(memory.baseAddress, memory.count) }
}
