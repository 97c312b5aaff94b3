import InferenceIR
import TensorTypes
import Testing

@Suite struct MovementTests {
  let x = i64([2, 3], [1, 2, 3, 4, 5, 6])

  @Test func `transpose, expand and reshape`() throws {
    #expect(try integers(.transpose([1, 0]), x) == [1, 4, 2, 5, 3, 6])
    #expect(try integers(.expand([2, 2, 3]), x) == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    #expect(try run(.reshape([3, 2]), x).shape == [3, 2])
  }

  @Test func `concat interleaves along its axis`() throws {
    #expect(try integers(.concat(axis: 1), x, i64([2, 1], [8, 9])) == [1, 2, 3, 8, 4, 5, 6, 9])
  }

  @Test func `slices walk both ways and may be empty`() throws {
    #expect(try integers(.slice(axis: 1, start: 2, length: 2, step: -2), x) == [3, 1, 6, 4])
    #expect(try integers(.slice(axis: 1, start: 0, length: 0, step: 1), x) == [])
  }

  @Test func `gather counts negative indices from the end or reads zero`() throws {
    #expect(try integers(.gather(axis: 1, negative: .fromEnd), x, i64([2], [-1, 0])) == [3, 1, 6, 4])
    #expect(try integers(.gather(axis: 0, negative: .zero), x, i64([2], [-1, 1])) == [0, 0, 0, 4, 5, 6])
    let names = Constant(strings: [Array("a".utf8)], shape: [1])
    #expect(try run(.gather(axis: 0, negative: .zero), names, i64([2], [0, -1])).strings == [Array("a".utf8), []])
  }

  @Test func `an index out of range is an error that names it`() {
    #expect(throws: InterpreterError(origin: "", message: "gather: index 2 is outside 0 ..< 2")) {
      try run(.gather(axis: 0, negative: .fromEnd), x, i64([], [2]))
    }
    #expect(throws: InterpreterError.self) { try run(.gather(axis: 0, negative: .fromEnd), x, i64([], [-3])) }
  }

  @Test func `scatters apply updates in order`() throws {
    let data = i64([2, 3], [1, 2, 3, 4, 5, 6])
    let (places, updates) = (i64([1, 2], [0, 0]), i64([1, 2], [10, 20]))
    #expect(try integers(.scatterElements(axis: 1, .replace), data, places, updates) == [20, 2, 3, 4, 5, 6])
    #expect(try integers(.scatterElements(axis: 1, .add), data, places, updates) == [31, 2, 3, 4, 5, 6])
    #expect(
      try integers(.scatterElements(axis: 0, .maximum), data, i64([1, 2], [-1, -1]), updates) == [1, 2, 3, 10, 20, 6])
    #expect(
      try integers(.scatterND(.multiply), data, i64([1, 1], [1]), i64([1, 3], [2, 3, 4])) == [1, 2, 3, 8, 15, 24])
    #expect(throws: InterpreterError.self) {
      try run(.scatterND(.replace), data, i64([1, 1], [2]), i64([1, 3], [0, 0, 0]))
    }
    #expect(throws: InterpreterError.self) { try run(.scatterElements(axis: 1, .replace), data, places, data) }
  }

  @Test func `gatherElements and gatherND follow ONNX`() throws {
    #expect(try integers(.gatherElements(axis: 1), x, i64([2, 2], [0, 0, -1, 1])) == [1, 1, 6, 5])
    #expect(try integers(.gatherND(batchDims: 0), x, i64([2, 2], [0, 0, 1, 2])) == [1, 6])
    #expect(try integers(.gatherND(batchDims: 1), x, i64([2, 1], [2, 0])) == [3, 4])
  }

  @Test func `pad surrounds with the value`() throws {
    #expect(
      try integers(.pad(before: [0, 1], after: [1, 0]), x, i64([], [9])) == [9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9])
  }

  @Test func `oneHot ignores indices out of range`() throws {
    let hot = try run(.oneHot(depth: 3, axis: 0), i64([3], [0, -1, 5]), f32([], [0]), f32([], [2]))
    #expect(hot.shape == [3, 3])
    #expect(hot.values(as: Float.self) == [2, 0, 0, 0, 0, 0, 0, 2, 0])
  }

  @Test func `dimensions and iota read symbols`() throws {
    let n = Dim(symbol: "n")
    #expect(try Interpreter.evaluate(.dimensions([n, n * 2]), [], symbols: ["n": 3])[0].integers == [3, 6])
    #expect(
      try Interpreter.evaluate(.iota(count: n, start: 5, step: -2), [], symbols: ["n": 3])[0].integers == [5, 3, 1])
    #expect(throws: InterpreterError.self) { try Interpreter.evaluate(.dimensions([n]), []) }
    let slice = Op.slice(axis: 0, start: n, length: 1, step: 1)
    #expect(throws: InterpreterError.self) { try Interpreter.evaluate(slice, [Constant(.i64, [3], [1, 2, 3])]) }
    #expect(throws: InterpreterError.self) { try Interpreter.evaluate(.iota(count: n, start: 0, step: 1), []) }
  }

  @Test func `absurd sizes are refused before memory is taken`() {
    #expect(throws: InterpreterError.self) { try run(.expand(Shape([1 << 20, 1 << 20])), f32([], [0])) }
  }
}
