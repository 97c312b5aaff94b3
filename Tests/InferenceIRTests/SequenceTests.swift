import TensorTypes
import Testing

@testable import InferenceIR

@Suite struct SequenceTests {
  @Test func `attention weighs values by the softmax of scores`() throws {
    let q = f32([1, 2], [2, 0])
    let k = f32([2, 2], [1, 0, 0, 1])
    // Scores 1 and 0 after scaling; with the mask both are 0.
    let v = f32([2, 1], [10, 20])
    #expect(try floats(.attention(scale: 0.5, unattended: .nan), q, k, v, f32([1, 2], [-1, 0])) == [15])
    #expect(try floats(.attention(scale: 0.5, unattended: .nan), q, k, v, f32([2], [0, -.infinity])) == [10])
    #expect(
      refusal(
        .attention(scale: 1, unattended: .nan), TensorType(.f32, [1, 2]), TensorType(.f32, [3, 2]),
        TensorType(.f32, [4, 2])
      )
      .hasSuffix("3 keys and 4 values differ"))
  }

  @Test func `a simple cell adds the weighed state to its input`() throws {
    let recurrence = Recurrence(cell: .simple, hidden: 1, activations: [.relu])
    let results = try Interpreter.evaluate(
      .recurrent(recurrence), [f32([3, 1, 1], [1, 2, 3]), f32([1, 1], [0.5]), f32([1, 1], [4])])
    #expect(results[0].values(as: Float.self) == [3, 3.5, 4.75])
    #expect(results[1].values(as: Float.self) == [4.75])
  }

  @Test func `a shorter sequence is followed by zeros and runs backwards from its own end`() throws {
    let recurrence = Recurrence(cell: .simple, hidden: 1, activations: [.relu], reverse: true, hasLengths: true)
    let results = try Interpreter.evaluate(
      .recurrent(recurrence),
      [f32([3, 1, 1], [1, 2, 3]), f32([1, 1], [0.5]), f32([1, 1], [0]), Constant(.i32, [1], [2 as Int32])])
    #expect(results[0].values(as: Float.self) == [2, 2, 0])
    #expect(results[1].values(as: Float.self) == [2])
  }

  @Test func `an LSTM keeps its cell where the forget gate is open`() throws {
    let recurrence = Recurrence(cell: .lstm, hidden: 1, activations: [.hardSigmoid(alpha: 1, beta: 0), .relu, .relu])
    // Gates i o f c: 0.5, 1, 1, 2 -> cell 3 + 0.5 * 2.
    let results = try Interpreter.evaluate(
      .recurrent(recurrence),
      [f32([1, 1, 4], [0.5, 1, 1, 2]), f32([4, 1], [0, 0, 0, 0]), f32([1, 1], [0]), f32([1, 1], [3])])
    #expect(results.map { $0.values(as: Float.self) } == [[4], [4], [4]])
  }
}
