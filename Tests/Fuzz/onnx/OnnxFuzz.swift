import InferenceIR
import ModelImport
import TensorTypes

/// Imports any bytes as an ONNX model: an error, or a graph that verifies, prints, parses back and, when it is small,
/// runs. Never a crash, a hang or unbounded memory.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOnnx(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    let model = try OnnxModel(MappedFile(path: "fuzz.onnx", contents: bytes))
    _ = try? model.signature
    let graph = try model.importGraph()
    try graph.verify()
    let text = graph.text(elideAbove: 64)
    if !text.contains("elided"), !text.contains("sha256:") {
      let again = try Graph(parsing: text)
      precondition(again.text(elideAbove: 64) == text, "a graph's text does not read back")
    }
    runIfSmall(graph)
  } catch let error as ImportError {
    precondition(!error.description.isEmpty)
  } catch {
    preconditionFailure("an imported graph is not legal: \(error)")
  }
  return 0
}

/// Runs the graph on zeros with every symbol 2.
private func runIfSmall(_ graph: Graph) {
  let symbols = Dictionary(uniqueKeysWithValues: graph.symbols.map { ($0.name, 2) })
  var total = 0
  for value in graph.values {
    guard let count = value.type.shape.elementCount.evaluate(symbols), count >= 0, count < 1 << 12 else { return }
    total += count
  }
  guard total < 1 << 14 else { return }
  let inputs = graph.inputs.compactMap { id -> HostTensor? in
    let type = graph.type(of: id)
    guard let shape = type.shape.evaluate(symbols) else { return nil }
    let elements = shape.reduce(1, *)
    if type.element == .string { return HostTensor(strings: [[UInt8]](repeating: [], count: elements), shape: shape) }
    let bytes = [UInt8](repeating: 0, count: elements * type.element.byteCount)
    return HostTensor(element: type.element, shape: shape, bytes: bytes)
  }
  // Indices out of range are errors, and so are dimensions that only this run shows to be wrong.
  _ = try? Interpreter.run(graph, inputs: inputs, symbols: symbols)
}
