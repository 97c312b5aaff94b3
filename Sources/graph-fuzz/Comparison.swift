import InferenceIR
import TensorTypes

/// How much a compiled graph may differ from the interpreter, which rounds once an operation.
enum Comparison {
  /// Relative errors: a few hundred units in the last place of the coarsest type on the way, over graphs of 30 nodes.
  private static func tolerance(_ types: Set<ElementType>) -> Double {
    types.contains(.bf16) ? 0.2 : types.contains(.f16) ? 0.03 : 1e-4
  }

  /// What is wrong, in words that follow the output's name.
  ///
  /// Floats are held against the largest number that the graph computes, since differences of large numbers keep the
  /// errors of those; other types must be equal.
  static func problem(_ found: HostTensor, _ expected: HostTensor, largest: Double, types: Set<ElementType>) -> String?
  {
    guard found.element == expected.element, found.shape == expected.shape else { return "has another type" }
    guard found.element.isFloat else { return found == expected ? nil : "is not equal" }
    let bound = tolerance(types) * largest
    for (at, (x, y)) in zip(Constant(found).doubles, Constant(expected).doubles).enumerated() {
      if x == y || (x.isNaN && y.isNaN) { continue }
      guard abs(x - y) <= bound else { return "has \(x) in element \(at) where \(y) belongs" }
    }
    return nil
  }
}
