/// What attention gives for a query whose scores have no softmax, as when all are -inf.
package enum Unattended: String, Hashable, Sendable, CaseIterable {
  /// NaN, as a softmax does.
  case nan = "undefined"
  /// Zeros where the mask is -inf for every key, else NaN: ONNX's Attention.
  case zeroWhereMasked
  /// As if every key weighed nothing, whatever the reason: `where(isNaN(p), 0, p) v`, which PyTorch exports.
  case zero = "zeroed"
}
