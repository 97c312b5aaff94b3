import InferenceIR
import TensorTypes
import Testing

@testable import InferenceCompiler

@Suite struct MemoryPlanTests {
  @Test func `buffers that live together never overlap`() {
    var random = Seeded(9)
    for _ in 0..<200 {
      let blocks = (0..<Int.random(in: 1...20, using: &random)).map { _ in
        let start = Int.random(in: 0..<10, using: &random)
        return ArenaPlan.Block(
          byteCount: Int.random(in: 0...500, using: &random), life: start...Int.random(in: start...12, using: &random))
      }
      let plan = ArenaPlan(blocks)
      for (a, x) in blocks.enumerated() {
        #expect(plan.offsets[a] % ArenaPlan.alignment == 0)
        #expect(plan.offsets[a] + x.byteCount <= plan.byteCount)
        for (b, y) in blocks.enumerated() where a < b && x.life.overlaps(y.life) && x.byteCount > 0 && y.byteCount > 0 {
          let apart =
            plan.offsets[a] + x.byteCount <= plan.offsets[b] || plan.offsets[b] + y.byteCount <= plan.offsets[a]
          #expect(apart)
        }
      }
    }
  }

  @Test func `memory of the dead is used again`() {
    let plan = ArenaPlan((0..<6).map { ArenaPlan.Block(byteCount: 1000, life: $0...$0 + 1) })
    #expect(plan.byteCount == 2 * 1024)
  }

  @Test func `a view shows another shape where strides allow`() {
    let batch = Dim(symbol: "batch")
    let dense = View.dense(.buffer(0), [batch, 6, 4])
    #expect(dense.reshaped(from: [batch, 6, 4], to: [batch, 24])?.strides == [24, 1])
    #expect(dense.reshaped(from: [batch, 6, 4], to: [batch * 6, 4])?.strides == [4, 1])
    #expect(dense.reshaped(from: [batch, 6, 4], to: [batch, 2, 3, 1, 4])?.strides == [24, 12, 4, 0, 1])
    // Two of nine columns of a wider matrix: rows do not follow each other.
    let part = View(root: .buffer(0), offset: 2, strides: [9, 1])
    #expect(part.reshaped(from: [batch, 4], to: [batch * 4]) == nil)
    #expect(part.reshaped(from: [batch, 4], to: [batch, 2, 2])?.strides == [9, 2, 1])
    #expect(part.reshaped(from: [batch, 4], to: [batch, 1, 4])?.offset == 2)
  }
}
