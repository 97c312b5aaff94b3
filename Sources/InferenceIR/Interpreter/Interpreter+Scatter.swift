import TensorTypes

extension Interpreter {
  static func scatterElements(
    _ axis: Int, _ reduction: ScatterReduction, _ data: Constant, _ indices: Constant, _ updates: Constant,
  ) throws(Failure) -> Constant {
    var strides = rowMajorStrides(data.shape)
    let along = strides[axis]
    strides[axis] = 0
    var targets = stridedOffsets(indices.shape, strides)
    for (at, index) in indices.integers.enumerated() {
      targets[at] += along * (try resolve(index, data.shape[axis]))
    }
    return scattered(reduction, data, targets, updates)
  }

  static func scatterND(
    _ reduction: ScatterReduction, _ data: Constant, _ indices: Constant, _ updates: Constant,
  ) throws(Failure) -> Constant {
    let width = indices.shape[indices.shape.count - 1]
    let strides = rowMajorStrides(data.shape)
    let inner = data.shape[width...].reduce(1, *)
    let numbers = indices.integers
    var targets: [Int] = []
    targets.reserveCapacity(updates.elementCount)
    for tuple in 0..<indices.shape.dropLast().reduce(1, *) {
      var start = 0
      for axis in 0..<width { start += strides[axis] * (try resolve(numbers[tuple * width + axis], data.shape[axis])) }
      targets += start..<(start + inner)
    }
    return scattered(reduction, data, targets, updates)
  }

  /// Applies the updates one after the other.
  private static func scattered(
    _ reduction: ScatterReduction, _ data: Constant, _ targets: [Int], _ updates: Constant,
  ) -> Constant {
    func apply<T: Comparable>(
      _ numbers: [T], _ updates: [T], _ add: (T, T) -> T, _ multiply: (T, T) -> T, isNaN: (T) -> Bool,
    ) -> [T] {
      var result = numbers
      for (target, update) in zip(targets, updates) {
        let old = result[target]
        result[target] =
          switch reduction {
          case .replace: update
          case .add: add(old, update)
          case .multiply: multiply(old, update)
          case .minimum: isNaN(old) ? old : isNaN(update) ? update : min(old, update)
          case .maximum: isNaN(old) ? old : isNaN(update) ? update : max(old, update)
          }
      }
      return result
    }
    if data.element.isFloat {
      let numbers = apply(data.doubles, updates.doubles, +, *) { $0.isNaN }
      return Constant(data.element, data.shape, rounding: numbers)
    }
    if data.element == .u64 {
      let numbers = apply(
        data.integers.map { UInt64(bitPattern: $0) }, updates.integers.map { UInt64(bitPattern: $0) }, &+, &*
      ) { _ in false }
      return Constant(.u64, data.shape, numbers)
    }
    return Constant(
      data.element, data.shape, wrapping: apply(data.integers, updates.integers, &+, &*) { _ in false })
  }
}
