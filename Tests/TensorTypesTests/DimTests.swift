import TensorTypes
import Testing

@Suite struct DimTests {
  let batch = Dim(symbol: "batch")
  let cand = Dim(symbol: "cand")

  @Test func `equal polynomials are equal values`() {
    #expect(batch * cand + 3 == 3 + cand * batch)
    #expect((batch + 1) * 2 - 2 == batch * 2)
    #expect(batch - batch == 0)
  }

  @Test func `a sum of distinct terms is taken as it is, in any order`() {
    #expect(Dim(distinct: []) == 0)
    #expect(Dim(distinct: [(3, ["cand", "batch"]), (7, [])]) == cand * batch * 3 + 7)
    #expect(Dim(distinct: [(1, ["cand"]), (2, ["batch", "batch"])]) == batch * batch * 2 + cand)
    #expect(Dim(distinct: [(0, ["batch"])]) == nil)
    #expect(Dim(distinct: [(1, ["batch", "cand"]), (2, ["cand", "batch"])]) == nil)
  }

  @Test func `division is exact or nothing`() {
    #expect((batch * 12).dividedExactly(by: 4) == batch * 3)
    #expect((batch * cand * 6).dividedExactly(by: cand * 2) == batch * 3)
    #expect((batch * 3).dividedExactly(by: 2) == nil)
    #expect((batch + 4).dividedExactly(by: cand) == nil)
  }

  @Test func `a dimension prints as people write it`() {
    #expect((cand + 1).description == "cand + 1")
    #expect((batch * cand * 2 - 3).description == "2*batch*cand - 3")
    #expect(TensorType(.f32, [batch, 77]).description == "f32[batch, 77]")
  }

  @Test func `evaluation needs every symbol and refuses overflow`() {
    #expect((batch * cand + 1).evaluate(["batch": 3, "cand": 5]) == 16)
    #expect((batch * cand).evaluate(["batch": 3]) == nil)
    #expect((batch * batch).evaluate(["batch": Int.max]) == nil)
  }
}
