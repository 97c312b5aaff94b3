import InferenceIR
import TensorTypes
import Testing

@Suite struct ShapeRulesTests {
  let batch = Dim(symbol: "batch")
  let cand = Dim(symbol: "cand")

  @Test func `broadcasting keeps symbols and stretches ones`() throws {
    #expect(
      try infer(.binary(.add), TensorType(.f32, [batch, 1, 8]), TensorType(.f32, [cand, 1]))
        == [TensorType(.f32, [batch, cand, 8])])
  }

  @Test func `dimensions that are not provably equal do not broadcast`() {
    #expect(
      refusal(.binary(.add), TensorType(.f32, [batch, 8]), TensorType(.f32, [cand, 8]))
        == "add(f32[batch, 8], f32[cand, 8]): shapes [batch, 8] and [cand, 8] do not broadcast: "
        + "batch and cand at axis 0 of the result")
  }

  @Test func `element types are never mixed`() {
    #expect(refusal(.binary(.add), TensorType(.f32), TensorType(.i64)).hasSuffix("element types f32 and i64 differ"))
    #expect(refusal(.unary(.exp), TensorType(.i64)).hasSuffix("needs floating-point numbers, found i64"))
    #expect(refusal(.select, TensorType(.f32), TensorType(.f32), TensorType(.f32)).hasSuffix("not bool"))
  }

  @Test func `matmul broadcasts leading axes and honours transposes`() throws {
    #expect(
      try infer(
        .matmul(transposeA: false, transposeB: true), TensorType(.f32, [batch, 1, 3, 4]),
        TensorType(.f32, [5, 6, 4])) == [TensorType(.f32, [batch, 5, 3, 6])])
    #expect(
      refusal(.matmul(transposeA: false, transposeB: false), TensorType(.f32, [2, 3]), TensorType(.f32, [4, 5]))
        .hasSuffix("the inner dimensions 3 and 4 differ"))
  }

  @Test func `a reshape proves that the number of elements stays`() throws {
    #expect(
      try infer(.reshape([batch * 2, 4]), TensorType(.f32, [batch, 8])) == [TensorType(.f32, [batch * 2, 4])])
    #expect(
      refusal(.reshape([batch, 9]), TensorType(.f32, [batch, 8]))
        .hasSuffix("[batch, 8] has 8*batch elements and [batch, 9] has 9*batch"))
  }

  @Test func `concat adds symbolic extents and insists on the other axes`() throws {
    #expect(
      try infer(.concat(axis: 0), TensorType(.i64, [batch, 2]), TensorType(.i64, [3, 2]))
        == [TensorType(.i64, [batch + 3, 2])])
    #expect(
      refusal(.concat(axis: 0), TensorType(.i64, [batch, 2]), TensorType(.i64, [3, 4]))
        .contains("differ at axis 1: 2 and 4"))
  }

  @Test func `a slice that provably leaves its tensor is refused`() throws {
    #expect(
      try infer(.slice(axis: 0, start: 1, length: batch - 1, step: 1), TensorType(.f32, [batch]))
        == [TensorType(.f32, [batch - 1])])
    #expect(
      refusal(.slice(axis: 0, start: 1, length: batch, step: 1), TensorType(.f32, [batch]))
        .contains("element batch is outside axis 0"))
    #expect(refusal(.slice(axis: 0, start: 0, length: 5, step: -1), TensorType(.f32, [8])).contains("element -4"))
  }

  @Test func `gathers replace an axis by the shape of the indices`() throws {
    #expect(
      try infer(
        .gather(axis: 1, negative: .fromEnd), TensorType(.f32, [4, 100, 8]), TensorType(.i64, [batch, 2]))
        == [TensorType(.f32, [4, batch, 2, 8])])
    #expect(
      try infer(.gatherND(batchDims: 1), TensorType(.f32, [batch, 5, 6, 7]), TensorType(.i64, [batch, 3, 2]))
        == [TensorType(.f32, [batch, 3, 7])])
  }

  @Test func `k may exceed the dimension only when slots are padded`() throws {
    #expect(
      refusal(.topK(k: 5, axis: 0, largest: true, pad: nil), TensorType(.f32, [3])).contains("only 3 elements"))
    #expect(
      try infer(.topK(k: 5, axis: 0, largest: true, pad: 0), TensorType(.f32, [3]))
        == [TensorType(.f32, [5]), TensorType(.i64, [5])])
  }

  @Test func `negative dimensions and repeated axes are refused`() {
    #expect(refusal(.expand([-1]), TensorType(.f32)).contains("negative"))
    #expect(
      refusal(.reduce(.sum, axes: [0, 0], keepDims: true), TensorType(.f32, [2, 2])).contains("repeat"))
    #expect(refusal(.softmax(axis: 2), TensorType(.f32, [2, 2])).contains("axis 2 is outside rank 2"))
    #expect(refusal(.transpose([0, 0]), TensorType(.f32, [2, 2])).contains("not a permutation"))
  }
}
