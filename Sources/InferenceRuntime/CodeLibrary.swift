import CHost
import CPlanABI
import Glibc

/// A code object in this process: kernels by index, valid as long as this object lives.
final class CodeLibrary: Sendable {
  typealias Kernel =
    @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>?, UnsafePointer<Int64>?, Int64, Int64) -> Void

  /// A loaded object, and the memory file that it came from.
  struct Opened {
    let handle: UnsafeMutableRawPointer
    /// Stays open as long as the object: the dynamic loader knows objects by name, and `/proc/self/fd/<n>` must not
    /// come to name another plan's file while this one is loaded.
    let file: Int32?

    func close() {
      dlclose(handle)
      if let file { Glibc.close(file) }
    }
  }

  private nonisolated(unsafe) let opened: Opened
  let kernels: [Kernel]

  /// Loads `elf`, whose table `serve_kernels` must have exactly `count` entries.
  ///
  /// The bytes go through a file in memory, which a read-only root file system allows; where the kernel refuses to
  /// execute such a file (vm.memfd_noexec), a temporary file takes its place.
  init(_ elf: UnsafeRawBufferPointer, kernels count: Int) throws(RuntimeError) {
    let opened: Opened
    do throws(RuntimeError) {
      opened = try Self.loadFromMemory(elf)
    } catch {
      opened = try Self.loadFromTemporaryFile(elf)
    }
    do throws(RuntimeError) {
      kernels = try Self.table(opened.handle, count)
    } catch {
      opened.close()
      throw error
    }
    self.opened = opened
  }

  deinit { opened.close() }

  static func loadFromMemory(_ elf: UnsafeRawBufferPointer) throws(RuntimeError) -> Opened {
    let file = serve_memory_file("serve-kernels")
    guard file >= 0 else { throw failure("memfd_create") }
    do throws(RuntimeError) {
      try write(elf, to: file)
      return Opened(handle: try load("/proc/self/fd/\(file)"), file: file)
    } catch {
      close(file)
      throw error
    }
  }

  static func loadFromTemporaryFile(_ elf: UnsafeRawBufferPointer) throws(RuntimeError) -> Opened {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array("\(folder)/serve-kernels-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    guard file >= 0 else { throw failure("a temporary file in \(folder)") }
    let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      unlink(name)
      close(file)
    }
    try write(elf, to: file)
    return Opened(handle: try load(name), file: nil)
  }

  private static func write(_ elf: UnsafeRawBufferPointer, to file: Int32) throws(RuntimeError) {
    var rest = elf[...]
    while !rest.isEmpty {
      let bytes = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(file, bytes.baseAddress, bytes.count)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure("writing the code object") }
      rest = rest.dropFirst(written)
    }
  }

  private static func load(_ path: String) throws(RuntimeError) -> UnsafeMutableRawPointer {
    // Every relocation now: nothing is resolved during a request.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .code(dlerror().map { String(cString: $0) } ?? "unknown reason")
    }
    return handle
  }

  private static func table(_ handle: UnsafeMutableRawPointer, _ count: Int) throws(RuntimeError) -> [Kernel] {
    if count == 0 { return [] }
    guard let address = dlsym(handle, "serve_kernels") else { throw .code("it does not export serve_kernels") }
    let found = serve_symbol_size(address) / MemoryLayout<serve_kernel_entry>.stride
    guard found == count else { throw .kernelTable(expected: count, found: found) }
    let entries = UnsafeBufferPointer(start: address.assumingMemoryBound(to: serve_kernel_entry.self), count: count)
    let kernels = entries.compactMap(\.run)
    guard kernels.count == count else { throw .code("serve_kernels has an empty entry") }
    return kernels
  }

  private static func failure(_ what: String) -> RuntimeError {
    .code("\(what): \(String(cString: strerror(errno)))")
  }
}
