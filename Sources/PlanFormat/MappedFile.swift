import Glibc

/// Bytes that stay where they are as long as the object lives: a read-only mapping, or memory of our own.
final class MappedFile: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Maps a whole file. A file that another process shortens meanwhile raises SIGBUS, so plans must be replaced by
  /// rename, never rewritten in place, as `PlanWriter` does.
  init(path: String) throws(PlanError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(doing: "open", path: path, code: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .system(doing: "read", path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .system(doing: "map", path: path, code: EINVAL) }
    let count = Int(status.st_size)
    guard count >= PlanLayout.headerBytes else {
      throw .wrongSize(expected: UInt64(PlanLayout.headerBytes), actual: UInt64(count))
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_SHARED, file, 0), address != MAP_FAILED else {
      throw .system(doing: "map", path: path, code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: count)
    isMapped = true
  }

  /// Copies bytes to memory that is aligned as a mapping is.
  init(copying source: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, source.count), alignment: 4096)
    source.withUnsafeBytes { memory.copyMemory(from: $0) }
    bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<source.count])
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.baseAddress?.deallocate()
    }
  }
}
