import InferenceIR
import TensorTypes
import Testing

@testable import InferenceCompiler

/// Elementary functions against f64, in units of the last place of the f32 result.
@Suite struct AccuracyTests {
  /// Bit patterns spread evenly over all finite floats, and a denser grid where the functions bend.
  private func samples() -> [Float] {
    let patterns = stride(from: UInt32(0), to: 0x7F80_0000, by: 104_729)
    let all = patterns.flatMap { [Float(bitPattern: $0), -Float(bitPattern: $0)] }
    return all + stride(from: Float(-20), to: 20, by: 0.00391)
  }

  private func worst(_ function: UnaryOp, _ found: [Float], _ expected: [Double], _ inputs: [Float]) -> (Double, Float)
  {
    var result = (0.0, Float(0))
    for ((y, reference), x) in zip(zip(found, expected), inputs) {
      let rounded = Float(reference)
      if y == rounded || (y.isNaN && rounded.isNaN) { continue }
      if !y.isFinite || !rounded.isFinite { return (.infinity, x) }
      let error = abs(Double(y) - reference) / Double(max(rounded.magnitude, .leastNormalMagnitude).ulp)
      if error > result.0 { result = (error, x) }
    }
    return result
  }

  @Test func `elementary functions are within a few units of the last place`() throws {
    // Functions that subtract near their zeros are bounded by what their definition loses there.
    let bounds: [(UnaryOp, Double)] = [
      (.exp, 1.5), (.log, 1.5), (.log1p, 2.5), (.tanh, 2.5), (.sigmoid, 2.5), (.erf, 2), (.sqrt, 0.6),
      (.reciprocal, 0.6), (.softplus, 3),
    ]
    let inputs = samples()
    let graphs = try bounds.map { function, _ in
      var graph = Graph(name: function.mnemonic)
      let x = graph.addInput("x", TensorType(.f32, [Dim(inputs.count)]))
      graph.outputs = [try graph.apply(.unary(function), x)]
      return graph
    }
    let loaded = try LoadedPrograms(graphs)
    for (at, (function, bound)) in bounds.enumerated() {
      let found = loaded.run(at, [HostTensor(.f32, [inputs.count], inputs)])[0].values(as: Float.self)
      let wide = Constant(.f64, [inputs.count], inputs.map(Double.init))
      let expected = try Interpreter.evaluate(.unary(function), [wide])[0].doubles
      let (error, x) = worst(function, found, expected, inputs)
      #expect(error <= bound, "\(function.mnemonic)(\(x)): \(error) ulp")
    }
  }
}
