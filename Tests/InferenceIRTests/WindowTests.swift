import InferenceIR
import TensorTypes
import Testing

@Suite struct WindowTests {
  let image = f32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])

  @Test func `a convolution correlates windows with weights`() throws {
    let w = f32([1, 1, 2, 2], [1, 10, 100, 1000])
    let plain = Convolution(window: Window(size: [2, 2]), groups: 1)
    #expect(try floats(.convolution(plain), image, w) == [5421, 6532, 8754, 9865])
    #expect(try floats(.convolution(plain), image, w, f32([1], [0.5])) == [5421.5, 6532.5, 8754.5, 9865.5])
    var padded = plain
    (padded.window.before, padded.window.strides) = ([1, 1], [2, 2])
    #expect(try floats(.convolution(padded), image, w) == [1000, 3200, 7040, 9865])
  }

  @Test func `groups read their own channels`() throws {
    let x = f32([1, 2, 2], [1, 2, 3, 4])
    let w = f32([2, 1, 1], [10, 100])
    let op = Convolution(window: Window(size: [1]), groups: 2)
    #expect(try floats(.convolution(op), x, w) == [10, 20, 300, 400])
  }

  @Test func `gaps between elements are padding`() throws {
    let x = f32([1, 1, 2], [1, 2])
    var window = Window(size: [2])
    (window.before, window.after) = ([1], [1])
    let op = Convolution(window: window, groups: 1, inputDilations: [3])
    #expect(try floats(.convolution(op), x, f32([1, 1, 2], [10, 1])) == [1, 10, 0, 2, 20])
  }

  @Test func `integers wrap around`() throws {
    let x = Constant(.i32, [1, 1, 1], [Int32.max])
    let op = Convolution(window: Window(size: [1]), groups: 1)
    #expect(try integers(.convolution(op), x, Constant(.i32, [1, 1, 1], [2 as Int32])) == [-2])
  }

  @Test func `pools combine windows`() throws {
    var window = Window(size: [2, 2])
    window.strides = [2, 2]
    func values(_ function: Pool.Function, excess: [Int]? = nil) throws -> [Float] {
      try floats(.pool(Pool(function, window: window, excess: excess)), image)
    }
    #expect(try values(.maximum) == [5])
    #expect(try values(.maximum, excess: [1, 1]) == [5, 6, 8, 9])
    #expect(try values(.average(countsPadding: true), excess: [1, 1]) == [3, 4.5, 7.5, 9])
    #expect(try values(.norm(p: 1)) == [12])
    window.before = [1, 1]
    #expect(try values(.average(countsPadding: false)) == [1, 2.5, 5.5, 7])
    #expect(try values(.average(countsPadding: true)) == [0.25, 1.25, 2.75, 7])
  }

  @Test func `the index of a largest element counts rows or columns first`() throws {
    let window = Window(size: [2, 2])
    for (columnMajor, expected) in [(false, [4, 5, 7, 8]), (true, [4, 7, 5, 8])] as [(Bool, [Int64])] {
      let op = Op.pool(Pool(.maximumWithIndices(columnMajor: columnMajor), window: window))
      #expect(try Interpreter.evaluate(op, [image])[1].integers == expected)
    }
  }

  @Test func `shapes with a symbolic batch and a symbolic extent`() throws {
    var window = Window(size: [3])
    (window.strides, window.before, window.after) = ([2], [1], [1])
    let n = Dim(symbol: "n")
    let op = Op.convolution(Convolution(window: window, groups: 1))
    let w = TensorType(.f32, [8, 4, 3])
    #expect(try infer(op, TensorType(.f32, [n, 4, 9]), w) == [TensorType(.f32, [n, 8, 5])])
    #expect(try infer(op, TensorType(.f32, [1, 4, n * 2]), w) == [TensorType(.f32, [1, 8, n])])
    #expect(refusal(op, TensorType(.f32, [1, 4, n]), w).contains("does not divide by the stride 2"))
    #expect(refusal(op, TensorType(.f32, [1, 5, 9]), w).contains("x has 5 channels, 1 groups of weights read 4 each"))
    #expect(refusal(op, TensorType(.f32, [1, 4]), w).contains("does not fit x of shape [1, 4]"))
  }

  @Test func `windows have a textual form`() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput("x", TensorType(.f32, [1, 4, 9, 9]))
    let w = graph.addInput("w", TensorType(.f32, [4, 1, 3, 3]))
    var window = Window(size: [3, 3])
    window.before = [1, 0]
    let op = Convolution(window: window, groups: 4, inputDilations: [1, 2])
    let y = try graph.add(.convolution(op), [x, w], name: "y", origin: "here")
    for function in [
      Pool.Function.maximum, .maximumWithIndices(columnMajor: true), .average(countsPadding: true), .norm(p: 3),
    ] {
      graph.outputs += try graph.add(
        .pool(Pool(function, window: window, excess: [0, 1])), y, name: "p", origin: "here")
    }
    try graph.verify()
    let text = graph.text()
    #expect(try Graph(parsing: text).text() == text)
  }
}
