import TensorTypes

extension Interpreter {
  static func transpose(_ permutation: [Int], _ x: Constant, _ to: ResultType) -> Constant {
    let strides = rowMajorStrides(x.shape)
    return x.picking(stridedOffsets(to.shape, permutation.map { strides[$0] }), shape: to.shape)
  }

  static func expand(_ x: Constant, _ to: ResultType) -> Constant {
    x.picking(broadcastOffsets(from: x.shape, to: to.shape), shape: to.shape)
  }

  static func concat(_ axis: Int, _ operands: [Constant], _ to: ResultType) -> Constant {
    // The operands end to end, then every element of the result is found in its operand.
    var all = operands[0].reshaped([operands[0].elementCount])
    for next in operands.dropFirst() { all = joined(all, next) }
    var bases: [Int] = []
    var total = 0
    for operand in operands {
      bases.append(total)
      total += operand.elementCount
    }
    let outer = to.shape[..<axis].reduce(1, *)
    var offsets: [Int] = []
    offsets.reserveCapacity(to.count)
    for row in 0..<outer {
      for (base, operand) in zip(bases, operands) {
        let block = operand.shape[axis...].reduce(1, *)
        offsets += (base + row * block)..<(base + (row + 1) * block)
      }
    }
    return all.picking(offsets, shape: to.shape)
  }

  /// The elements of both, end to end, as a vector.
  static func joined(_ a: Constant, _ b: Constant) -> Constant {
    if a.element == .string {
      return Constant(strings: a.strings + b.strings, shape: [a.strings.count + b.strings.count])
    }
    let first = a.data.bytes.count
    let data = ConstantBytes(byteCount: first + b.data.bytes.count) { target in
      UnsafeMutableRawBufferPointer(rebasing: target[..<first]).copyMemory(from: a.data.bytes)
      UnsafeMutableRawBufferPointer(rebasing: target[first...]).copyMemory(from: b.data.bytes)
    }
    return Constant(element: a.element, shape: [a.elementCount + b.elementCount], data: data)
  }

  static func slice(_ axis: Int, _ start: Int, _ step: Int, _ x: Constant, _ to: ResultType) -> Constant {
    var strides = rowMajorStrides(x.shape)
    let base = to.count == 0 ? 0 : start * strides[axis]
    strides[axis] *= step
    return x.picking(stridedOffsets(to.shape, strides, base: base), shape: to.shape)
  }

  static func gather(
    _ axis: Int, _ negative: NegativeIndex, _ data: Constant, _ indices: Constant, _ to: ResultType,
  ) throws(Failure) -> Constant {
    let outer = data.shape[..<axis].reduce(1, *)
    let inner = data.shape[(axis + 1)...].reduce(1, *)
    let count = data.shape[axis]
    var offsets: [Int] = []
    offsets.reserveCapacity(to.count)
    let wanted = indices.integers
    for row in 0..<outer {
      for raw in wanted {
        if raw < 0 && negative == .zero {
          offsets += repeatElement(-1, count: inner)
        } else {
          let start = (row * count + (try resolve(raw, count))) * inner
          offsets += start..<(start + inner)
        }
      }
    }
    return data.picking(offsets, shape: to.shape)
  }

  static func gatherElements(
    _ axis: Int, _ data: Constant, _ indices: Constant, _ to: ResultType,
  ) throws(Failure) -> Constant {
    var strides = rowMajorStrides(data.shape)
    let along = strides[axis]
    strides[axis] = 0
    var offsets = stridedOffsets(to.shape, strides)
    for (at, index) in indices.integers.enumerated() {
      offsets[at] += along * (try resolve(index, data.shape[axis]))
    }
    return data.picking(offsets, shape: to.shape)
  }

  static func gatherND(
    _ batchDims: Int, _ data: Constant, _ indices: Constant, _ to: ResultType,
  ) throws(Failure) -> Constant {
    let width = indices.shape[indices.shape.count - 1]
    let strides = rowMajorStrides(data.shape)
    let inner = data.shape[(batchDims + width)...].reduce(1, *)
    let tuples = indices.shape.dropLast().reduce(1, *)
    let perBatch = indices.shape[batchDims...].dropLast().reduce(1, *)
    let batch = data.shape[batchDims...].reduce(1, *)
    let numbers = indices.integers
    var offsets: [Int] = []
    offsets.reserveCapacity(to.count)
    for tuple in 0..<tuples {
      var start = (tuple / max(perBatch, 1)) * batch
      for part in 0..<width {
        let axis = batchDims + part
        start += strides[axis] * (try resolve(numbers[tuple * width + part], data.shape[axis]))
      }
      offsets += start..<(start + inner)
    }
    return data.picking(offsets, shape: to.shape)
  }

  /// A non-negative index; negative ones count from the end.
  static func resolve(_ index: Int64, _ count: Int) throws(Failure) -> Int {
    let resolved = index < 0 ? index + Int64(count) : index
    guard resolved >= 0, resolved < count else { throw Failure("index \(index) is outside 0 ..< \(count)") }
    return Int(resolved)
  }

  static func pad(_ before: [Int], _ x: Constant, _ fill: Constant, _ to: ResultType) -> Constant {
    let strides = rowMajorStrides(to.shape)
    let base = zip(before, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let inside = stridedOffsets(x.shape, strides, base: base)
    var offsets = [Int](repeating: x.elementCount, count: to.count)
    for (source, target) in inside.enumerated() { offsets[target] = source }
    return joined(x, fill).picking(offsets, shape: to.shape)
  }

  static func oneHot(
    _ depth: Int, _ axis: Int, _ indices: Constant, _ off: Constant, _ on: Constant, _ to: ResultType,
  ) -> Constant {
    let inner = indices.shape[axis...].reduce(1, *)
    let numbers = indices.integers
    let offsets = (0..<to.count).map { at -> Int in
      let (row, rest) = at.quotientAndRemainder(dividingBy: depth * inner)
      let (slot, column) = rest.quotientAndRemainder(dividingBy: inner)
      let index = numbers[row * inner + column]
      // An index outside -depth ..< depth turns nothing on.
      return index == Int64(slot) || index == Int64(slot - depth) ? 1 : 0
    }
    return joined(off, on).picking(offsets, shape: to.shape)
  }
}
