import Glibc

/// A regular file mapped read-only; the mapping lives as long as this object.
///
/// The bytes are immutable by agreement with whoever owns the file: cutting it short while it is mapped kills the
/// process, as with every mapped file.
package final class MappedFile: @unchecked Sendable {
  package let path: String
  package let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Contents that are in memory already, under the path that errors name.
  package init(path: String, contents: [UInt8]) {
    self.path = path
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 64)
    copy.copyBytes(from: contents)
    bytes = UnsafeRawBufferPointer(copy)
    isMapped = false
  }

  /// - Throws: `ImportError` with the reason of the operating system, or for anything but a regular file.
  package init(path: String) throws(ImportError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ImportError(file: path, .file, .unreadable(reason: Self.reason(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ImportError(file: path, .file, .unreadable(reason: Self.reason(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImportError(file: path, .file, .unreadable(reason: "it is not a regular file"))
    }
    isMapped = true
    if status.st_size == 0 {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let size = Int(status.st_size)
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw ImportError(file: path, .file, .unreadable(reason: Self.reason(errno)))
    }
    bytes = UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    guard isMapped else { return UnsafeMutableRawBufferPointer(mutating: bytes).deallocate() }
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
