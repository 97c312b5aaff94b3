import TensorTypes

/// Row-major strides, in elements, of a tensor of this shape.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// `base + sum(index[axis] * strides[axis])` for every index of `shape` in row-major order.
func stridedOffsets(_ shape: [Int], _ strides: [Int], base: Int = 0) -> [Int] {
  var offsets = [base]
  for (count, stride) in zip(shape, strides) {
    var next: [Int] = []
    next.reserveCapacity(offsets.count * count)
    for offset in offsets {
      for index in 0..<count { next.append(offset + index * stride) }
    }
    offsets = next
  }
  return offsets
}

/// Where each element of `result` is read in a tensor of shape `operand` that broadcasts to it.
func broadcastOffsets(from operand: [Int], to result: [Int]) -> [Int] {
  let missing = result.count - operand.count
  let strides = zip(operand, rowMajorStrides(operand)).map { size, stride in size == 1 ? 0 : stride }
  return stridedOffsets(result, [Int](repeating: 0, count: missing) + strides)
}

/// The lines of a tensor along one axis: element `i` of a line stands at `start + i * stride`.
struct Lines {
  let starts: [Int]
  let stride: Int
  let count: Int

  init(_ shape: [Int], axis: Int) {
    let strides = rowMajorStrides(shape)
    var others = shape
    others[axis] = 1
    starts = stridedOffsets(others, strides)
    stride = strides[axis]
    count = shape[axis]
  }
}

extension Constant {
  /// The same elements under another shape.
  func reshaped(_ shape: [Int]) -> Constant {
    var copy = self
    copy.shape = shape
    return copy
  }

  /// The elements at `offsets`, in that order; -1 stands for zero, false or the empty string. Only those are read,
  /// so that a few rows of a large mapped table cost a few rows.
  func picking(_ offsets: [Int], shape: [Int]) -> Constant {
    if element == .string { return Constant(strings: offsets.map { $0 < 0 ? [] : strings[$0] }, shape: shape) }
    let size = element.byteCount
    let data = ConstantBytes(byteCount: offsets.count * size) { target in
      for (at, offset) in offsets.enumerated() where offset >= 0 {
        let source = UnsafeRawBufferPointer(rebasing: self.data.bytes[offset * size..<(offset + 1) * size])
        UnsafeMutableRawBufferPointer(rebasing: target[at * size..<(at + 1) * size]).copyMemory(from: source)
      }
    }
    return Constant(element: element, shape: shape, data: data)
  }
}
