import InferenceIR
import Testing
import TensorTypes

/// Deterministic numbers for test data (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Largest difference over the largest reference magnitude; infinite when one side is NaN alone.
func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
  var (difference, magnitude) = (0.0, 0.0)
  for (x, y) in zip(found, expected) {
    if x == y || (x.isNaN && y.isNaN) { continue }
    if x.isNaN != y.isNaN || x.isInfinite || y.isInfinite { return .infinity }
    difference = max(difference, abs(x - y))
  }
  for y in expected where y.isFinite { magnitude = max(magnitude, abs(y)) }
  return difference == 0 ? 0 : difference / max(magnitude, 1e-30)
}

/// Expects floats within `tolerance` of the reference and everything else equal.
func expectEqual(
  _ found: [HostTensor], _ expected: [HostTensor], tolerance: Double = 1e-5, _ label: String,
  sourceLocation: SourceLocation = #_sourceLocation,
) {
  #expect(found.count == expected.count, "\(label)", sourceLocation: sourceLocation)
  for (at, (x, y)) in zip(found, expected).enumerated() {
    #expect(x.shape == y.shape && x.element == y.element, "\(label) output \(at)", sourceLocation: sourceLocation)
    if x.element.isFloat {
      let error = relativeError(Constant(x).doubles, Constant(y).doubles)
      let text =
        "\(label) output \(at): error \(error), found \(Constant(x).doubles.prefix(8)), expected \(Constant(y).doubles.prefix(8))"
      #expect(error <= tolerance, Comment(rawValue: text), sourceLocation: sourceLocation)
    } else {
      let text =
        "\(label) output \(at): found \(Constant(x).integers.prefix(12)) \(x.strings), expected \(Constant(y).integers.prefix(12)) \(y.strings)"
      #expect(x == y, Comment(rawValue: text), sourceLocation: sourceLocation)
    }
  }
}
