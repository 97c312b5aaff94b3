import TensorTypes

/// How a window moves over the spatial axes of `[batch, channels, spatial…]`: one entry an axis.
///
/// Window `o` covers the positions `o * stride - before + k * dilation` for `k` in `0 ..< size`; positions outside the
/// tensor are padding. There are as many windows as fit into `before + extent + after` positions.
package struct Window: Hashable, Sendable {
  package var size: [Int]
  package var strides: [Int]
  package var dilations: [Int]
  /// Positions in front of the first element and behind the last one; negative ones leave elements out.
  package var before: [Int]
  package var after: [Int]

  package init(size: [Int], strides: [Int], dilations: [Int], before: [Int], after: [Int]) {
    self.size = size
    self.strides = strides
    self.dilations = dilations
    self.before = before
    self.after = after
  }

  /// Dense, without padding.
  package init(size: [Int]) {
    let (zeros, ones) = ([Int](repeating: 0, count: size.count), [Int](repeating: 1, count: size.count))
    self.init(size: size, strides: ones, dilations: ones, before: zeros, after: zeros)
  }

  package var rank: Int { size.count }
  package var elementCount: Int { size.reduce(1, *) }
  /// Positions from the first element of a window to its last one, along an axis.
  package func extent(_ axis: Int) -> Int { dilations[axis] * (size[axis] - 1) + 1 }
}

/// Cross-correlation of x `[N, C, spatial…]` with weights `[M, C / groups, size…]` and a bias `[M]`, which may be left
/// out: `y[n, m, o] = bias[m] + sum over c, k of x[n, group(m) * C / groups + c, window(o, k)] * w[m, c, k]`.
package struct Convolution: Hashable, Sendable {
  package var window: Window
  package var groups: Int
  /// Positions from one element of x to the next; those between are padding. More than 1 in a transposed convolution.
  package var inputDilations: [Int]

  package init(window: Window, groups: Int, inputDilations: [Int]? = nil) {
    self.window = window
    self.groups = groups
    self.inputDilations = inputDilations ?? [Int](repeating: 1, count: window.rank)
  }

  package var dilatesInput: Bool { inputDilations.contains { $0 != 1 } }
}

/// Combines the elements of each window of every channel of x `[N, C, spatial…]`.
package struct Pool: Hashable, Sendable {
  package enum Function: Hashable, Sendable {
    /// The largest element; a NaN gives NaN. Padding takes no part.
    case maximum
    /// The largest element, and its index (i64) in x as one row of elements, the first among equals. Spatial axes count
    /// in row-major order, or `columnMajor`: the first spatial axis is the fastest.
    case maximumWithIndices(columnMajor: Bool)
    /// The sum over the number of elements: of those inside x, or with `countsPadding` of those inside the padded x.
    case average(countsPadding: Bool)
    /// `(sum |x|^p)^(1/p)`.
    case norm(p: Int)
  }

  package var function: Function
  package var window: Window
  /// Positions behind the padding that the last window may reach (ONNX's ceil_mode); they never count.
  package var excess: [Int]

  package init(_ function: Function, window: Window, excess: [Int]? = nil) {
    self.function = function
    self.window = window
    self.excess = excess ?? [Int](repeating: 0, count: window.rank)
  }
}
