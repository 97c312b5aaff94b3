package import TensorTypes

/// A tensor in host memory, little-endian and row-major: what goes into the reference interpreter and comes out.
package struct HostTensor: Hashable, Sendable {
  package var element: ElementType
  package var shape: [Int]
  /// Raw elements; empty for strings.
  package var bytes: [UInt8]
  /// The elements of a string tensor, UTF-8.
  package var strings: [[UInt8]]

  package init(element: ElementType, shape: [Int], bytes: [UInt8]) {
    self.element = element
    self.shape = shape
    self.bytes = bytes
    strings = []
  }

  package init(strings: [[UInt8]], shape: [Int]) {
    element = .string
    self.shape = shape
    self.strings = strings
    bytes = []
  }

  /// A tensor of trivial elements in host byte order; the caller matches `T` to `element`.
  package init<T: BitwiseCopyable>(_ element: ElementType, _ shape: [Int], _ values: [T]) {
    self.init(element: element, shape: shape, bytes: values.withUnsafeBytes { Array($0) })
  }

  /// Copies a constant.
  package init(_ constant: Constant) {
    element = constant.element
    shape = constant.shape
    bytes = Array(constant.data.bytes)
    strings = constant.strings
  }

  package var type: TensorType { TensorType(element, Shape(shape)) }

  /// The elements as trivial values; the caller matches `T` to `element`.
  package func values<T: BitwiseCopyable>(as type: T.Type) -> [T] {
    bytes.withUnsafeBytes { $0.copied(as: T.self) }
  }
}

extension Constant {
  /// Copies a host tensor.
  package init(_ tensor: HostTensor) {
    self.init(element: tensor.element, shape: tensor.shape, data: ConstantBytes(tensor.bytes))
    strings = tensor.strings
  }
}
