import Glibc
import InferenceIR
import ModelImport
import TensorTypes
import Testing

/// A folder that disappears with the object.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/model-import-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  private var names: [String] = []

  /// Writes a file and gives its path.
  func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    names.append(name)
    return file
  }

  func link(_ name: String, to target: String) {
    symlink(target, "\(path)/\(name)")
    names.append(name)
  }
}

/// Opens the bytes as a model.
func open(_ bytes: [UInt8]) throws(ImportError) -> OnnxModel {
  try OnnxModel(MappedFile(path: "model.onnx", contents: bytes))
}

/// Imports a model and checks that its graph is legal.
func importModel(_ builder: ModelBuilder, _ options: ImportOptions = ImportOptions()) throws -> Graph {
  let graph = try open(builder.bytes).importGraph(options)
  try graph.verify()
  return graph
}

/// The error with which a model is refused.
func refusal(_ bytes: [UInt8]) -> ImportError? {
  do throws(ImportError) {
    _ = try open(bytes).importGraph()
    return nil
  } catch {
    return error
  }
}

func refusal(_ builder: ModelBuilder) -> ImportError? { refusal(builder.bytes) }

/// One node between inputs and one output `y`.
func single(
  _ operation: String, inputs: [(String, [String])], constants: [(String, [Int64], [Int64])] = [], opset: Int64 = 17,
  _ attributes: [(String, ModelBuilder.Attribute)] = [],
) -> ModelBuilder {
  var builder = ModelBuilder()
  builder.opsets = [("", opset)]
  for (name, dims) in inputs { builder.input(name, dims) }
  for (name, dims, values) in constants { builder.ints(name, dims, values) }
  builder.node(operation, inputs.map(\.0) + constants.map(\.0), ["y"], name: "it", attributes)
  builder.output("y")
  return builder
}
