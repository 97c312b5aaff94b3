import CPlanABI
import PlanFormat
import TensorTypes

/// How one row of a feature group stands in memory: its columns one after the other, 8-byte aligned.
struct RowLayout: Sendable {
  struct Column: Sendable {
    let name: String
    let element: ElementType
    /// A scalar is a plain SQL value, a tensor a BLOB.
    let isScalar: Bool
    let offset: Int
    let byteCount: Int
  }

  let columns: [Column]
  let byteCount: Int
  let hasText: Bool

  init(_ group: FeatureGroup) {
    var columns: [Column] = []
    var offset = 0
    for column in group.columns {
      let count = column.shape.reduce(column.element.byteCount, *)
      columns.append(
        Column(
          name: column.name, element: column.element, isScalar: column.shape.isEmpty, offset: offset,
          byteCount: count))
      offset = (offset + count + 7) / 8 * 8
    }
    self.columns = columns
    byteCount = offset
    hasText = columns.contains { $0.element == .string }
  }
}

/// The row that stands for a missing one; its texts live as long as it does.
final class DefaultRow: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawPointer
  private nonisolated(unsafe) let texts: [UnsafeMutableRawPointer]

  init(_ group: FeatureGroup, _ layout: RowLayout) {
    let row = UnsafeMutableRawPointer.allocate(byteCount: max(8, layout.byteCount), alignment: 8)
    row.initializeMemory(as: UInt8.self, repeating: 0, count: max(8, layout.byteCount))
    var texts: [UnsafeMutableRawPointer] = []
    for (column, place) in zip(group.columns, layout.columns) {
      let bytes = column.defaultValue
      if column.element == .string {
        let text = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        bytes.withUnsafeBytes { text.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(text), byteCount: $0.count) }
        let value = serve_string(bytes: text.assumingMemoryBound(to: UInt8.self), length: UInt64(bytes.count))
        row.storeBytes(of: value, toByteOffset: place.offset, as: serve_string.self)
        texts.append(text)
      } else {
        UnsafeMutableRawBufferPointer(start: row + place.offset, count: place.byteCount).copyBytes(from: bytes)
      }
    }
    self.bytes = UnsafeRawPointer(row)
    self.texts = texts
  }

  deinit {
    bytes.deallocate()
    for text in texts { text.deallocate() }
  }
}
