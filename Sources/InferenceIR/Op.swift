package import TensorTypes

/// One operation of the tensor graph, with everything but its tensor operands.
///
/// Importers convert every opset to these semantics; shapes of movement operations are already resolved, so no
/// operation reads a shape from a tensor. Unless stated otherwise operands broadcast as in numpy, axes are
/// non-negative, and the result has the operands' element type.
package enum Op: Hashable, Sendable {
  // MARK: Elementwise

  /// `f(x)`.
  case unary(UnaryOp)
  /// `f(a, b)`; both operands have one element type.
  case binary(BinaryOp)
  /// `a <op> b` -> bool.
  case compare(CompareOp)
  /// `select(condition: bool, a, b)`.
  case select
  /// Numeric conversion; float to integer truncates toward zero and saturates, NaN becomes 0; integer to narrower
  /// integer drops bits, and so does float to a small integer after truncating. The narrowing concerns small floating-point types alone.
  case cast(ElementType, Narrowing = .saturating)
  /// The same bits as another type of equal size; not from or to strings.
  case bitcast(ElementType)

  // MARK: Contractions

  /// Matrix product over the last two axes with numpy broadcasting of the leading ones. Operands have rank >= 2;
  /// a transposed operand is stored `[..., K, M]` (a) or `[..., N, K]` (b). Matrices of i16, which hold quantised
  /// numbers less their zero points, have a product of i32.
  case matmul(transposeA: Bool, transposeB: Bool)

  /// Operands x, weights, and a bias or none.
  case convolution(Convolution)

  // MARK: Reductions and normalisations

  case reduce(ReduceOp, axes: [Int], keepDims: Bool)
  /// Index (i64) of the largest or smallest element along an axis; ties give the first or the last.
  case argReduce(largest: Bool, axis: Int, keepDims: Bool, selectLast: Bool)
  case softmax(axis: Int)
  case logSoftmax(axis: Int)
  /// `(x - mean) / sqrt(var + epsilon) * scale + bias` over axes `axis...`; operands x, scale, bias (last optional).
  case layerNorm(axis: Int, epsilon: Double)
  /// `x / sqrt(mean(x^2) + epsilon) * scale` over axes `axis...`; operands x, scale.
  case rmsNorm(axis: Int, epsilon: Double)
  case cumulativeSum(axis: Int, exclusive: Bool, reverse: Bool)
  case cumulativeProduct(axis: Int, exclusive: Bool, reverse: Bool)
  case pool(Pool)

  // MARK: Sequences

  /// Scaled dot-product attention: `softmax(scale * q kᵀ + mask) v` over the last two axes of q `[..., S, D]`,
  /// k `[..., T, D]` and v `[..., T, E]`, giving `[..., S, E]`. Leading axes broadcast, and an optional mask broadcasts
  /// to the scores `[..., S, T]`.
  case attention(scale: Double, unattended: Unattended)
  /// A layer of recurrent cells over a sequence.
  case recurrent(Recurrence)

  // MARK: Movement

  /// Same elements in row-major order, new shape.
  case reshape(Shape)
  /// `result.axis[i] = x.axis[permutation[i]]`.
  case transpose([Int])
  /// Broadcast to the shape.
  case expand(Shape)
  /// Any number of operands, equal but for `axis`.
  case concat(axis: Int)
  /// `length` elements from `start` by `step` (may be negative) along `axis`.
  case slice(axis: Int, start: Dim, length: Dim, step: Int)
  /// `data, indices` (i32 or i64): result shape is data's with `axis` replaced by the indices' shape. An index
  /// out of range is clamped by nobody: the importer or the pipeline guarantees the range, the runtime checks ids
  /// that come from requests. Negative indices follow `negative`.
  case gather(axis: Int, negative: NegativeIndex)
  /// ONNX GatherElements: indices have data's rank.
  case gatherElements(axis: Int)
  /// ONNX GatherND.
  case gatherND(batchDims: Int)
  /// ONNX ScatterElements: `data, indices, updates`, the last two of one shape. Updates are applied in row-major order;
  /// an index outside the axis is the caller's fault, and kernels write the nearest element.
  case scatterElements(axis: Int, ScatterReduction)
  /// ONNX ScatterND: `data, indices, updates`, in row-major order of the index tuples.
  case scatterND(ScatterReduction)
  /// Constant padding: `before` and `after` per axis, all >= 0; operands x and a scalar pad value.
  case pad(before: [Int], after: [Int])
  /// The k largest or smallest along `axis`, sorted, ties by lower index first: outputs values and indices (i64).
  /// Where fewer than k exist the value is `pad` and the index -1; without `pad`, k never exceeds the dimension.
  case topK(k: Int, axis: Int, largest: Bool, pad: Double?)
  /// Where a vector of bools holds: the positions in ascending order, i64, and how many they are, an i64 scalar. The
  /// first result has `count` elements, a symbol that this operation alone defines while it runs.
  case positions(count: Dim)
  /// ONNX NonMaxSuppression: `boxes f32[batch, n, 4], scores f32[batch, classes, n]` -> i64[batch, classes, limit], for
  /// every class the boxes that are kept, best first, then -1.
  case nonMaxSuppression(NonMaxSuppression)
  /// ONNX OneHot along `axis` with constant depth: operands indices, off value, on value (scalars).
  case oneHot(depth: Int, axis: Int)

  // MARK: Sources of values

  /// The run-time values of dimensions as an i64 vector (ONNX Shape).
  case dimensions([Dim])
  /// `start + step * i` (i64), `count` elements.
  case iota(count: Dim, start: Int, step: Int)

  // MARK: Models and pre-processing

  /// ai.onnx.ml tree ensembles: x `f32[rows, features]` -> `f32[rows, targets]`.
  case treeEnsemble(TreeEnsemble)
  /// The number of boundaries <= x: i64. Boundaries ascend; NaN gives 0.
  case bucketize([Double])
  /// A stable hash of an integer or a string, modulo `buckets`: i64 in 0 ..< buckets. FNV-1a 64 over the UTF-8
  /// bytes or the 8 little-endian bytes of the value, finished by the SplitMix64 mixer.
  case hashBucket(buckets: Int)
}

/// What a negative index of a gather means.
package enum NegativeIndex: Hashable, Sendable {
  /// Counts from the end, as ONNX does.
  case fromEnd
  /// Reads zero (false, empty string): how padded top-k slots are gathered.
  case zero
}

/// `round` takes halves to even; `gelu` is the exact form with erf, `geluTanh` its tanh approximation.
package enum UnaryOp: Hashable, Sendable {
  case negate, absolute, sign, exp, log, log1p, sqrt, reciprocal, square
  case tanh, sigmoid, relu, erf, softplus, softsign, gelu, geluTanh, silu, hardSwish, mish
  case floor, ceil, round, sin, cos
  /// Of bool, and bit by bit of integers.
  case not
  case isNaN, isInf
  case leakyRelu(Double), elu(Double), selu(alpha: Double, gamma: Double), hardSigmoid(alpha: Double, beta: Double)
  case inverse(InverseOp)
}

/// Hyperbolic functions, and inverses of those and of the trigonometric ones: rare, so computed in f64 everywhere.
package enum InverseOp: String, Hashable, Sendable, CaseIterable {
  case acos, acosh, asin, asinh, atan, atanh, cosh, sinh
}

/// Integers wrap around. Integer division truncates toward zero; dividing by zero gives 0, and so does its modulo.
/// A NaN operand of `minimum` or `maximum` gives NaN.
package enum BinaryOp: Hashable, Sendable {
  case add, subtract, multiply, divide, power, minimum, maximum
  /// `truncated` follows the sign of the dividend (C), else of the divisor (Python).
  case modulo(truncated: Bool)
  /// Of bool, and bit by bit of integers.
  case and, or, xor
  /// Of integers by a number of bits; a signed value keeps its sign to the right. A negative number or one of the
  /// type's width and more shifts everything out: to 0, and to the right to the sign.
  case shiftLeft, shiftRight
  /// `x < 0 ? slope * x : x`.
  case prelu
}

package enum CompareOp: String, Hashable, Sendable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// What a scatter does with an element that is there.
package enum ScatterReduction: String, Hashable, Sendable, CaseIterable {
  case replace, add, multiply, minimum, maximum
}

package enum ReduceOp: String, Hashable, Sendable, CaseIterable {
  case sum, mean, maximum, minimum, product, l1, l2, sumSquare, logSum, logSumExp
}
