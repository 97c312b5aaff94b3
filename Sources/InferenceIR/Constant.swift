package import TensorTypes

/// Bytes of a constant, owned or borrowed from a mapped file that `owner` keeps alive.
///
/// The bytes never change after creation, which is what makes sharing them between threads sound.
package final class ConstantBytes: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let owner: AnyObject?

  /// Copies `array`.
  package init(_ array: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(array.count, 1), alignment: 64)
    copy.copyBytes(from: array)
    bytes = UnsafeRawBufferPointer(rebasing: copy[0..<array.count])
    owner = nil
  }

  /// `byteCount` zero bytes that `fill` may write once.
  package init(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let fresh = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    fresh.initializeMemory(as: UInt8.self, repeating: 0)
    fill(UnsafeMutableRawBufferPointer(rebasing: fresh[0..<byteCount]))
    bytes = UnsafeRawBufferPointer(rebasing: fresh[0..<byteCount])
    owner = nil
  }

  /// Borrows `bytes` from `owner` (a mapped file).
  package init(borrowing bytes: UnsafeRawBufferPointer, from owner: AnyObject) {
    self.bytes = bytes
    self.owner = owner
  }

  deinit {
    if owner == nil, let base = bytes.baseAddress { UnsafeMutableRawPointer(mutating: base).deallocate() }
  }
}

/// A tensor that is known at compile time, little-endian and row-major; its shape has no symbols.
package struct Constant: Sendable {
  package var element: ElementType
  package var shape: [Int]
  /// Raw elements; empty for strings.
  package var data: ConstantBytes
  /// The elements of a string tensor, UTF-8.
  package var strings: [[UInt8]]

  package init(element: ElementType, shape: [Int], data: ConstantBytes) {
    self.element = element
    self.shape = shape
    self.data = data
    strings = []
  }

  package init(strings: [[UInt8]], shape: [Int]) {
    element = .string
    self.shape = shape
    self.strings = strings
    data = ConstantBytes([])
  }

  /// A tensor of trivial elements in host byte order (`Float`, `Int64`, …).
  package init<T: BitwiseCopyable>(_ element: ElementType, _ shape: [Int], _ values: [T]) {
    precondition(MemoryLayout<T>.stride == element.byteCount && shape.reduce(1, *) == values.count)
    self.init(element: element, shape: shape, data: ConstantBytes(values.withUnsafeBytes { Array($0) }))
  }

  package var type: TensorType { TensorType(element, Shape(shape)) }
  package var elementCount: Int { shape.reduce(1, *) }

  /// The elements as trivial values; the caller matches `T` to `element`. Bytes may be unaligned in a mapped file.
  package func values<T: BitwiseCopyable>(as type: T.Type) -> [T] {
    data.bytes.copied(as: T.self)
  }
}

extension UnsafeRawBufferPointer {
  /// The elements that fill it, as one copy: element by element it would cost much where `T` is known in another module.
  func copied<T: BitwiseCopyable>(as type: T.Type) -> [T] {
    let count = self.count / MemoryLayout<T>.stride
    return [T](unsafeUninitializedCapacity: count) { target, filled in
      UnsafeMutableRawBufferPointer(target)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: self[0..<count * MemoryLayout<T>.stride]))
      filled = count
    }
  }
}
