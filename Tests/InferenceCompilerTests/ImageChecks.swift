import InferenceIR
import TensorTypes
import Testing

extension HostTensor {
  /// One element of the leading axis, as a batch of one.
  func image(_ at: Int) -> HostTensor {
    let size = bytes.count / shape[0]
    return HostTensor(
      element: element, shape: [1] + shape.dropFirst(), bytes: Array(bytes[at * size..<(at + 1) * size]))
  }
}

extension LoadedPrograms {
  /// Expects the interpreter's results for a batch of images, and the same bits from split steps and for each image alone.
  func expectImages(_ at: Int = 0, of graph: Graph, _ inputs: [HostTensor], tolerance: Double = 1e-5) throws {
    let dims = ["batch": inputs[0].shape[0]]
    let found = run(at, inputs, dims: dims)
    expectEqual(found, try Interpreter.run(graph, inputs: inputs), tolerance: tolerance, graph.name)
    #expect(run(at, inputs, dims: dims, parts: 5) == found, "\(graph.name): parts")
    guard inputs.count == 1 else { return }
    for image in 0..<inputs[0].shape[0] {
      let alone = run(at, [inputs[0].image(image)], dims: ["batch": 1])
      // The indices of a pool's maxima count from the first image.
      for (x, y) in zip(alone, found) where x.element != .i64 || inputs[0].element == .i64 && alone.count == 1 {
        #expect(x.bytes == y.image(image).bytes, "\(graph.name): image \(image)")
      }
    }
  }
}
