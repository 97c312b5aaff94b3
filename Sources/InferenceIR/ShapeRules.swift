package import TensorTypes

/// The result types of every operation.
package enum ShapeRules {
  /// - Parameter operands: types, and constants where an operand is one.
  /// - Throws: `ShapeError` when the operands do not fit.
  package static func infer(_ op: Op, _ operands: [Value], origin: String) throws(ShapeError) -> [TensorType] {
    throw ShapeError(origin: origin, message: "no shape rule for \(op)")
  }
}
