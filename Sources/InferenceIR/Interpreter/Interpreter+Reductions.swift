import Glibc
import TensorTypes

extension Interpreter {
  /// Columns of a product that are made together.
  private static let columnsAtOnce = 32

  static func matmul(
    _ transposeA: Bool, _ transposeB: Bool, _ a: Constant, _ b: Constant, _ to: ResultType,
  ) -> Constant {
    let rank = to.shape.count
    let (rows, columns) = (to.shape[rank - 2], to.shape[rank - 1])
    let inner = a.shape[a.shape.count - (transposeA ? 2 : 1)]
    let leading = Array(to.shape.dropLast(2))
    let aStarts = broadcastOffsets(from: Array(a.shape.dropLast(2)), to: leading)
    let bStarts = broadcastOffsets(from: Array(b.shape.dropLast(2)), to: leading)
    let (aRow, aStep) = transposeA ? (1, rows) : (inner, 1)
    let (bStep, bColumn) = transposeB ? (1, inner) : (columns, 1)

    func products<T: Numeric>(_ x: [T], _ y: [T], _ add: (T, T, T) -> T) -> [T] {
      var results = [T](repeating: 0, count: to.count)
      // Some columns at a time, side by side for all rows: every sum is still made in the order of k.
      for (at, (aStart, bStart)) in zip(aStarts, bStarts).enumerated() {
        for first in stride(from: 0, to: columns, by: columnsAtOnce) {
          let width = min(columnsAtOnce, columns - first)
          var block: [T] = []
          block.reserveCapacity(inner * width)
          for k in 0..<inner {
            let ys = bStart * inner * columns + k * bStep
            for column in first..<first + width { block.append(y[ys + column * bColumn]) }
          }
          for row in 0..<rows {
            let xs = aStart * rows * inner + row * aRow
            let sums = at * rows * columns + row * columns + first
            block.withUnsafeBufferPointer { block in
              results.withUnsafeMutableBufferPointer { results in
                for k in 0..<inner {
                  let factor = x[xs + k * aStep]
                  for column in 0..<width {
                    results[sums + column] = add(results[sums + column], factor, block[k * width + column])
                  }
                }
              }
            }
          }
        }
      }
      return results
    }
    if a.element.isFloat {
      return Constant(to.element, to.shape, rounding: products(a.doubles, b.doubles) { $0 + $1 * $2 })
    }
    return Constant(to.element, to.shape, wrapping: products(a.integers, b.integers) { $0 &+ $1 &* $2 })
  }

  static func reduce(_ function: ReduceOp, _ axes: [Int], _ x: Constant, _ to: ResultType) -> Constant {
    let strides = rowMajorStrides(x.shape)
    let kept = x.shape.indices.filter { !axes.contains($0) }
    let starts = stridedOffsets(kept.map { x.shape[$0] }, kept.map { strides[$0] })
    let inside = stridedOffsets(axes.sorted().map { x.shape[$0] }, axes.sorted().map { strides[$0] })
    if x.element.isFloat {
      let numbers = x.doubles
      let results = starts.map { start in reduce(function, inside.map { numbers[start + $0] }) }
      return Constant(to.element, to.shape, rounding: results)
    }
    let numbers = x.integers
    let results = starts.map { start -> Int64 in
      let line = inside.map { numbers[start + $0] }
      if x.element == .u64 {
        return Int64(bitPattern: reduce(function, line.map(UInt64.init(bitPattern:)), empty: (.min, .max)))
      }
      return reduce(function, line, empty: x.element.bounds)
    }
    return Constant(to.element, to.shape, wrapping: results)
  }

  private static func reduce(_ function: ReduceOp, _ line: [Double]) -> Double {
    switch function {
    case .sum: return line.reduce(0, +)
    case .mean: return line.reduce(0, +) / Double(line.count)
    case .maximum: return line.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
    case .minimum: return line.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }
    case .product: return line.reduce(1, *)
    case .l1: return line.reduce(0) { $0 + abs($1) }
    case .l2: return line.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .sumSquare: return line.reduce(0) { $0 + $1 * $1 }
    case .logSum: return log(line.reduce(0, +))
    case .logSumExp:
      let peak = line.reduce(-.infinity, max)
      if peak.isInfinite { return line.isEmpty ? -.infinity : log(line.reduce(0) { $0 + exp($1) }) }
      return peak + log(line.reduce(0) { $0 + exp($1 - peak) })
    }
  }

  private static func reduce<T: FixedWidthInteger>(
    _ function: ReduceOp, _ line: [T], empty: (least: T, greatest: T),
  ) -> T {
    switch function {
    case .sum: line.reduce(0, &+)
    case .mean: line.isEmpty ? 0 : line.reduce(0, &+) / T(line.count)
    case .maximum: line.reduce(empty.least, max)
    case .minimum: line.reduce(empty.greatest, min)
    case .product: line.reduce(1, &*)
    case .l1: line.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
    case .sumSquare: line.reduce(0) { $0 &+ $1 &* $1 }
    // The shape rule admits only floating-point numbers here.
    case .l2, .logSum, .logSumExp: 0
    }
  }

  static func argReduce(
    _ largest: Bool, _ axis: Int, _ selectLast: Bool, _ x: Constant, _ to: ResultType,
  ) -> Constant {
    let lines = Lines(x.shape, axis: axis)
    let ranks = x.ordered
    let results = lines.starts.map { start -> Int64 in
      var best = 0
      for index in 1..<max(lines.count, 1) {
        let (candidate, holder) = (ranks[start + index * lines.stride], ranks[start + best * lines.stride])
        let wins = largest ? candidate > holder : candidate < holder
        if wins || (selectLast && candidate == holder) { best = index }
      }
      return Int64(best)
    }
    return Constant(.i64, to.shape, results)
  }

  static func softmax(_ axis: Int, logarithm: Bool, _ x: Constant) -> Constant {
    let lines = Lines(x.shape, axis: axis)
    var numbers = x.doubles
    for start in lines.starts {
      let places = (0..<lines.count).map { start + $0 * lines.stride }
      let peak = places.reduce(-.infinity) { max($0, numbers[$1]) }
      let total = places.reduce(0) { $0 + exp(numbers[$1] - peak) }
      for place in places {
        let shifted = numbers[place] - peak
        numbers[place] = logarithm ? shifted - log(total) : exp(shifted) / total
      }
    }
    return Constant(x.element, x.shape, rounding: numbers)
  }

  static func layerNorm(
    _ axis: Int, _ epsilon: Double, _ x: Constant, scale: Constant, bias: Constant?,
  ) -> Constant {
    let normalized = Array(x.shape[axis...])
    let count = normalized.reduce(1, *)
    var numbers = x.doubles
    let (scales, scaleAt) = (scale.doubles, broadcastOffsets(from: scale.shape, to: normalized))
    let biases = bias?.doubles
    let biasAt = bias.map { broadcastOffsets(from: $0.shape, to: normalized) } ?? []
    for start in stride(from: 0, to: numbers.count, by: max(count, 1)) {
      let mean = numbers[start..<start + count].reduce(0, +) / Double(count)
      let variance = numbers[start..<start + count].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      let inverse = 1 / (variance + epsilon).squareRoot()
      for at in 0..<count {
        let scaled = (numbers[start + at] - mean) * inverse * scales[scaleAt[at]]
        numbers[start + at] = scaled + (biases.map { $0[biasAt[at]] } ?? 0)
      }
    }
    return Constant(x.element, x.shape, rounding: numbers)
  }

  enum Accumulation { case sum, product }

  static func cumulative(
    _ kind: Accumulation, _ axis: Int, _ exclusive: Bool, _ reverse: Bool, _ x: Constant,
  ) -> Constant {
    let lines = Lines(x.shape, axis: axis)
    func results<T: Numeric>(_ input: [T], _ start: T, _ combine: (T, T) -> T) -> [T] {
      var numbers = input
      for first in lines.starts {
        var total = start
        for step in 0..<lines.count {
          let place = first + (reverse ? lines.count - 1 - step : step) * lines.stride
          let next = combine(total, input[place])
          numbers[place] = exclusive ? total : next
          total = next
        }
      }
      return numbers
    }
    switch kind {
    case .sum:
      return x.element.isFloat
        ? Constant(x.element, x.shape, rounding: results(x.doubles, 0, +))
        : Constant(x.element, x.shape, wrapping: results(x.integers, 0, &+))
    case .product:
      return x.element.isFloat
        ? Constant(x.element, x.shape, rounding: results(x.doubles, 1, *))
        : Constant(x.element, x.shape, wrapping: results(x.integers, 1, &*))
    }
  }

  /// - Parameter to: the positions, as many as hold, and their number.
  static func positions(_ mask: Constant, _ to: [ResultType]) throws(Failure) -> [Constant] {
    let found = held(mask)
    guard found.count == to[0].count else { throw Failure("\(found.count) hold where the dimension is \(to[0].count)") }
    return [Constant(.i64, to[0].shape, found), Constant(.i64, [], [Int64(found.count)])]
  }

  static func held(_ mask: Constant) -> [Int64] {
    mask.values(as: UInt8.self).enumerated().filter { $0.element != 0 }.map { Int64($0.offset) }
  }

  static func topK(
    _ k: Int, _ axis: Int, _ largest: Bool, _ pad: Double?, _ x: Constant, _ to: [ResultType],
  ) throws(Failure) -> [Constant] {
    let lines = Lines(x.shape, axis: axis)
    guard pad != nil || k <= lines.count else { throw Failure("k is \(k), and axis \(axis) has \(lines.count)") }
    let ranks = x.ordered
    let results = Lines(to[0].shape, axis: axis)
    // -1 marks a padded slot; the value is filled in below.
    var picks = [Int](repeating: -1, count: to[0].count)
    var indices = [Int64](repeating: -1, count: to[0].count)
    for (start, target) in zip(lines.starts, results.starts) {
      let order = (0..<lines.count).sorted { a, b in
        let (x, y) = (ranks[start + a * lines.stride], ranks[start + b * lines.stride])
        return x == y ? a < b : largest ? x > y : x < y
      }
      for (slot, index) in order.prefix(k).enumerated() {
        picks[target + slot * results.stride] = start + index * lines.stride
        indices[target + slot * results.stride] = Int64(index)
      }
    }
    let fill = Constant(x.element, [1], rounding: [pad ?? 0])
    let both = joined(x, fill)
    let values = both.picking(picks.map { $0 < 0 ? x.elementCount : $0 }, shape: to[0].shape)
    return [values, Constant(.i64, to[1].shape, indices)]
  }
}

extension ElementType {
  /// The least and the greatest value of an integer type within `Int64`.
  var bounds: (least: Int64, greatest: Int64) {
    switch self {
    case .bool: (0, 1)
    case .u8: (0, Int64(UInt8.max))
    case .u16: (0, Int64(UInt16.max))
    case .u32: (0, Int64(UInt32.max))
    case .i8: (Int64(Int8.min), Int64(Int8.max))
    case .i16: (Int64(Int16.min), Int64(Int16.max))
    case .i32: (Int64(Int32.min), Int64(Int32.max))
    case .u64, .i64, .f16, .bf16, .f32, .f64, .string, .small: (.min, .max)
    }
  }
}

extension Constant {
  /// Integers that order as the elements do; NaN is below everything, and the zeros are equal.
  fileprivate var ordered: [Int64] {
    if element.isFloat {
      return doubles.map { number in
        if number.isNaN { return .min }
        let bits = Int64(bitPattern: (number == 0 ? 0 : number).bitPattern)
        return bits < 0 ? bits ^ .max : bits
      }
    }
    return element == .u64 ? integers.map { $0 ^ .min } : integers
  }
}
