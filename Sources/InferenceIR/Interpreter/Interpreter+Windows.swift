import Glibc
import TensorTypes

extension Interpreter {
  static func convolution(_ op: Convolution, _ operands: [Constant], _ to: ResultType) -> Constant {
    let (x, w) = (operands[0], operands[1])
    let bias = operands.count > 2 ? operands[2] : nil

    /// `add(y, x, step, count, factor)` adds `count` products to neighbouring elements of y.
    func sums<T: Numeric>(
      _ x: [T], _ w: [T], _ bias: [T]?,
      _ add: (UnsafeMutablePointer<T>, UnsafePointer<T>, _ step: Int, _ count: Int, _ factor: T) -> Void,
    ) -> [T] {
      let (maps, width) = (to.shape[1], operands[1].shape[1])
      let (inside, outside) = (to.shape[2...].reduce(1, *), operands[0].shape[2...].reduce(1, *))
      let taps = op.window.elementCount
      var y = [T](repeating: 0, count: to.count)
      if let bias {
        for at in y.indices { y[at] = bias[at / max(inside, 1) % maps] }
      }
      y.withUnsafeMutableBufferPointer { y in
        x.withUnsafeBufferPointer { x in
          guard let y = y.baseAddress, let x = x.baseAddress else { return }
          for tap in 0..<taps {
            let step = op.window.strides[op.window.rank - 1]
            let runs = op.window.pairs(
              tap, from: Array(operands[0].shape[2...]), to: Array(to.shape[2...]), spread: op.inputDilations
            ).runs(step: step)
            for row in 0..<to.shape[0] * maps {
              let (image, map) = (row / maps, row % maps)
              let first = map / (maps / op.groups) * width
              for channel in 0..<width {
                let factor = w[(map * width + channel) * taps + tap]
                let source = (image * operands[0].shape[1] + first + channel) * outside
                for run in runs {
                  add(y + row * inside + run.window, x + source + run.element, step, run.count, factor)
                }
              }
            }
          }
        }
      }
      return y
    }
    if x.element.isFloat {
      let results = sums(x.doubles, w.doubles, bias?.doubles) { y, x, step, count, factor in
        for at in 0..<count { y[at] += x[at &* step] * factor }
      }
      return Constant(to.element, to.shape, rounding: results)
    }
    let results = sums(x.integers, w.integers, bias?.integers) { y, x, step, count, factor in
      for at in 0..<count { y[at] = y[at] &+ x[at &* step] &* factor }
    }
    return Constant(to.element, to.shape, wrapping: results)
  }

  static func pool(_ op: Pool, _ x: Constant, _ to: [ResultType]) -> [Constant] {
    let (from, spatial) = (Array(x.shape[2...]), Array(to[0].shape[2...]))
    let (inside, outside) = (spatial.reduce(1, *), from.reduce(1, *))
    let planes = to[0].shape[0] * to[0].shape[1]
    let ones = [Int](repeating: 1, count: from.count)
    func eachElement(_ visit: (_ window: Int, _ plane: Int, _ element: Int) -> Void) {
      for tap in 0..<op.window.elementCount {
        let pairs = op.window.pairs(tap, from: from, to: spatial, spread: ones)
        for plane in 0..<planes {
          for pair in pairs { visit(plane * inside + pair.window, plane, pair.element) }
        }
      }
    }
    switch op.function {
    case .maximum, .maximumWithIndices:
      var best = [Int](repeating: -1, count: to[0].count)
      let values: Constant
      if x.element.isFloat {
        let numbers = x.doubles
        eachElement { window, plane, element in
          let at = plane * outside + element
          if best[window] < 0 { return best[window] = at }
          let (new, old) = (numbers[at], numbers[best[window]])
          if new > old || (new.isNaN && !old.isNaN) { best[window] = at }
        }
        values = Constant(x.element, to[0].shape, rounding: best.map { $0 < 0 ? -.infinity : numbers[$0] })
      } else {
        let numbers = x.integers
        // Flipping the sign bit orders unsigned numbers.
        let flip: Int64 = x.element == .u64 ? .min : 0
        eachElement { window, plane, element in
          let at = plane * outside + element
          if best[window] < 0 || numbers[at] ^ flip > numbers[best[window]] ^ flip { best[window] = at }
        }
        let least = x.element == .u64 ? 0 : x.element.bounds.least
        values = Constant(x.element, to[0].shape, wrapping: best.map { $0 < 0 ? least : numbers[$0] })
      }
      guard case .maximumWithIndices(let columnMajor) = op.function else { return [values] }
      let indices = best.map { at -> Int64 in
        guard at >= 0, columnMajor else { return Int64(at) }
        var (rest, place, step) = (at % outside, 0, 1)
        var parts: [Int] = []
        for size in from.reversed() {
          parts.append(rest % size)
          rest /= size
        }
        for (part, size) in zip(parts.reversed(), from) {
          place += part * step
          step *= size
        }
        return Int64(at / outside * outside + place)
      }
      return [values, Constant(.i64, to[0].shape, indices)]
    case .average(let countsPadding):
      let numbers = x.doubles
      var sums = [Double](repeating: 0, count: to[0].count)
      var counts = [Int](repeating: 0, count: to[0].count)
      eachElement { window, plane, element in
        sums[window] += numbers[plane * outside + element]
        counts[window] += 1
      }
      if countsPadding {
        let padded = op.window.countsInsidePadding(from: from, to: spatial)
        for at in counts.indices { counts[at] = padded[at % max(inside, 1)] }
      }
      return [Constant(to[0].element, to[0].shape, rounding: zip(sums, counts).map { $1 == 0 ? 0 : $0 / Double($1) })]
    case .norm(let p):
      let numbers = x.doubles
      var sums = [Double](repeating: 0, count: to[0].count)
      eachElement { window, plane, element in
        sums[window] += pow(abs(numbers[plane * outside + element]), Double(p))
      }
      return [Constant(to[0].element, to[0].shape, rounding: sums.map { pow($0, 1 / Double(p)) })]
    }
  }
}

extension [(window: Int, element: Int)] {
  /// Pairs that follow each other: neighbouring windows, and elements `step` apart.
  fileprivate func runs(step: Int) -> [(window: Int, element: Int, count: Int)] {
    var runs: [(window: Int, element: Int, count: Int)] = []
    for pair in self {
      if let last = runs.last, last.window + last.count == pair.window,
        last.element + last.count * step == pair.element
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((pair.window, pair.element, 1))
      }
    }
    return runs
  }
}

extension Window {
  /// For one element of the window, in row-major order: every window of which it lies inside the tensor, and where.
  func pairs(_ tap: Int, from: [Int], to: [Int], spread: [Int]) -> [(window: Int, element: Int)] {
    var pairs: [(window: Int, element: Int)] = [(0, 0)]
    var rest = tap
    var places = size
    for axis in size.indices.reversed() {
      places[axis] = rest % size[axis]
      rest /= size[axis]
    }
    for axis in size.indices {
      var next: [(window: Int, element: Int)] = []
      let along = (0..<to[axis]).compactMap { index -> (Int, Int)? in
        let position = index * strides[axis] - before[axis] + places[axis] * dilations[axis]
        guard position >= 0, position % spread[axis] == 0, position / spread[axis] < from[axis] else { return nil }
        return (index, position / spread[axis])
      }
      for pair in pairs {
        for (index, place) in along {
          next.append((pair.window * to[axis] + index, pair.element * from[axis] + place))
        }
      }
      pairs = next
    }
    return pairs
  }

  /// For every window how many of its elements lie inside the padded tensor.
  func countsInsidePadding(from: [Int], to: [Int]) -> [Int] {
    var counts = [1]
    for axis in size.indices {
      let along = (0..<to[axis]).map { index in
        (0..<size[axis]).count {
          index * strides[axis] + $0 * dilations[axis] < before[axis] + from[axis] + after[axis]
        }
      }
      counts = counts.flatMap { count in along.map { count * $0 } }
    }
    return counts
  }
}
