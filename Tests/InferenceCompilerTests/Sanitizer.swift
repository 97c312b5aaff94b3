import Foundation

/// Kernels under the address and undefined-behaviour sanitizers, where SANITIZE is set and the runtime of the first is
/// loaded before everything else (`make sanitize`).
///
/// Every buffer of an arena then stands apart, and memory that belongs to none may not be touched.
enum Sanitizer {
  static let isOn = ProcessInfo.processInfo.environment["SANITIZE"] != nil

  /// Checks of addresses as calls, and of pointers' overflow as traps: in line and with messages, clang takes many
  /// minutes over kernels that are unrolled.
  static let flags =
    isOn
    ? [
      "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fsanitize-address-outline-instrumentation",
      "-fsanitize-trap=pointer-overflow", "-Wl,-z,undefs", "-O1",
    ] : []

  private typealias Mark = @convention(c) (UnsafeRawPointer, Int) -> Void

  private static func function(_ name: String) -> Mark? {
    guard isOn, let address = dlsym(nil, name) else { return nil }
    return unsafeBitCast(address, to: Mark.self)
  }
  private static let poison = function("__asan_poison_memory_region")
  private static let unpoison = function("__asan_unpoison_memory_region")

  /// Forbids all of some memory but for these ranges.
  static func allow(_ ranges: [Range<Int>], of memory: GuardedMemory) {
    guard isOn else { return }
    guard let poison, let unpoison else { fatalError("SANITIZE is set and the sanitizer's runtime is not loaded") }
    poison(memory.start, memory.byteCount)
    for range in ranges {
      unpoison(memory.start + range.lowerBound, min(range.count, memory.byteCount - range.lowerBound))
    }
  }
}
