import CPlanABI
import Glibc
import Synchronization
import TensorTypes

/// Decoded rows of one group by integer key, shared by all executors.
///
/// The store is immutable, so a row is decoded once and never changes: look-ups take no lock, and rows are only
/// added, until the budget is used up. What did not fit is read from the database each time.
final class RowCache: Sendable {
  /// The most memory it will touch.
  let byteBudget: Int
  private let layout: RowLayout
  private let capacity: Int
  private let rowBytes: Int
  private let slotMask: Int
  private nonisolated(unsafe) let slots: UnsafeMutablePointer<Atomic<UInt32>>
  private nonisolated(unsafe) let rows: UnsafeMutableRawPointer
  private nonisolated(unsafe) let mapping: UnsafeMutableRawBufferPointer
  private let textStart: Int
  private let state: Mutex<State>

  private struct State {
    var count = 0
    var textUsed = 0
  }

  /// How many rows fit: a row takes its key, its bytes and two to four slots of the table. Texts get a quarter.
  static func capacity(of layout: RowLayout, byteBudget budget: Int) -> Int {
    let text = layout.hasText ? budget / 4 : 0
    return min((budget - text) / (8 + layout.byteCount + 16), Int(UInt32.max) - 1)
  }

  /// Room for `count` rows, at most what the budget holds; nil when that is none.
  init?(_ layout: RowLayout, rows count: Int, byteBudget budget: Int) {
    let rowBytes = 8 + layout.byteCount
    let text = layout.hasText ? budget / 4 : 0
    let capacity = min(count, Self.capacity(of: layout, byteBudget: budget))
    guard capacity > 0 else { return nil }
    var slotCount = 4
    while slotCount < 2 * capacity { slotCount *= 2 }
    let slotBytes = slotCount * MemoryLayout<Atomic<UInt32>>.stride
    let total = slotBytes + capacity * rowBytes + text
    // Pages cost memory only when they are first written.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, total, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else { return nil }
    self.layout = layout
    self.capacity = capacity
    self.rowBytes = rowBytes
    byteBudget = total
    slotMask = slotCount - 1
    slots = base.bindMemory(to: Atomic<UInt32>.self, capacity: slotCount)
    rows = base + slotBytes
    textStart = slotBytes + capacity * rowBytes
    mapping = UnsafeMutableRawBufferPointer(start: base, count: total)
    state = Mutex(State())
  }

  deinit { munmap(mapping.baseAddress, mapping.count) }

  /// The row of `key`, valid as long as the cache; nil when it is not there.
  func row(_ key: Int64) -> UnsafeRawPointer? {
    var slot = Self.hash(key) & slotMask
    while true {
      // Pairs with the release in `insert`: a number that is seen has its row written.
      let number = slots[slot].load(ordering: .acquiring)
      if number == 0 { return nil }
      let row = rows + (Int(number) - 1) * rowBytes
      if row.load(as: Int64.self) == key { return UnsafeRawPointer(row + 8) }
      slot = (slot + 1) & slotMask
    }
  }

  /// Copies a decoded row, texts included, if there is room and no other thread is adding one just now.
  func insert(_ key: Int64, _ row: UnsafeRawPointer) {
    state.withLockIfAvailable { state in
      guard state.count < capacity else { return }
      let target = rows + state.count * rowBytes
      target.storeBytes(of: key, as: Int64.self)
      (target + 8).copyMemory(from: row, byteCount: layout.byteCount)
      guard adoptTexts(target + 8, &state) else { return }
      var slot = Self.hash(key) & slotMask
      while true {
        let number = slots[slot].load(ordering: .relaxed)
        if number == 0 { break }
        // Another thread may have added the same key since the look-up.
        if (rows + (Int(number) - 1) * rowBytes).load(as: Int64.self) == key { return }
        slot = (slot + 1) & slotMask
      }
      state.count += 1
      slots[slot].store(UInt32(state.count), ordering: .releasing)
    }
  }

  /// Rows that are held.
  var count: Int { state.withLock { $0.count } }

  /// Moves the texts that a new row points to into the cache; false when they do not fit.
  private func adoptTexts(_ row: UnsafeMutableRawPointer, _ state: inout State) -> Bool {
    guard layout.hasText else { return true }
    for column in layout.columns where column.element == .string {
      let text = (row + column.offset).load(as: serve_string.self)
      let count = Int(text.length)
      let start = textStart + state.textUsed
      guard count <= mapping.count - start, let base = mapping.baseAddress else { return false }
      if let bytes = text.bytes { (base + start).copyMemory(from: bytes, byteCount: count) }
      let copy = (base + start).assumingMemoryBound(to: UInt8.self)
      (row + column.offset).storeBytes(
        of: serve_string(bytes: copy, length: text.length), as: serve_string.self)
      state.textUsed += count
    }
    return true
  }

  /// Fibonacci hashing: the high bits of the product are well mixed for consecutive keys.
  private static func hash(_ key: Int64) -> Int {
    Int(truncatingIfNeeded: (UInt64(bitPattern: key) &* 0x9e37_79b9_7f4a_7c15) >> 32)
  }
}
