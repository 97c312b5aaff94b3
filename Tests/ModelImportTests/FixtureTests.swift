import Glibc
import InferenceIR
import ModelImport
import TensorTypes
import Testing

/// The model fixtures, whose expected outputs onnxruntime computed.
@Suite struct FixtureTests {
  static let root = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/"

  /// Whole models, and one operator each.
  static let cases = ["onnx", "onnx-operators", "onnx-contrib"].flatMap(folders)

  private static func folders(in set: String) -> [String] {
    guard let folder = opendir(root + set) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append("\(set)/\(name)") }
    }
    return names.sorted()
  }

  @Test func `the fixtures are there`() { #expect(Self.cases.count >= 190) }

  @Test(arguments: cases)
  func `the interpreter agrees with onnxruntime`(name: String) throws {
    let folder = Self.root + name
    let graph = try OnnxModel.open("\(folder)/model.onnx").importGraph()
    try graph.verify()
    #expect(try Graph(parsing: graph.text(elideAbove: .max)).text(elideAbove: .max) == graph.text(elideAbove: .max))
    for set in ["test_data_set_0", "test_data_set_1"] where access("\(folder)/\(set)", F_OK) == 0 {
      let inputs = try graph.inputs.indices.map { try OnnxTensorFile.read("\(folder)/\(set)/input_\($0).pb").tensor }
      let outputs = try Interpreter.run(graph, inputs: inputs)
      for (index, output) in outputs.enumerated() {
        let expected = try OnnxTensorFile.read("\(folder)/\(set)/output_\(index).pb").tensor
        #expect(output.element == expected.element && output.shape == expected.shape)
        guard output.element.isFloat else {
          #expect(output == expected)
          continue
        }
        let pairs = Array(zip(Constant(output).doubles, Constant(expected).doubles))
        let finite = pairs.filter { $0.1.isFinite }
        let scale = finite.reduce(1e-30) { max($0, abs($1.1)) }
        #expect(finite.reduce(0) { max($0, abs($1.0 - $1.1)) } / scale < 1e-5)
        #expect(pairs.allSatisfy { $0.1.isFinite || $0.0 == $0.1 || ($0.0.isNaN && $0.1.isNaN) })
      }
    }
  }
}
