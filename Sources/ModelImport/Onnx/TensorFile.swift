package import InferenceIR

/// Files that hold one `onnx.TensorProto`, as ONNX's own tests keep inputs and outputs (`input_0.pb`).
package enum TensorFile {
  /// Reads and copies the tensor.
  package static func read(_ path: String) throws(ImportError) -> HostTensor {
    let file = try MappedFile(path: path)
    var reader = WireReader(file.bytes)
    let tensor: TensorProto
    do {
      tensor = try TensorProto(&reader)
    } catch {
      throw ImportError(file: path, .offset(error.offset, field: error.path), .malformed(error.text))
    }
    var loader = TensorLoader(file: file)
    return HostTensor(try loader.constant(tensor))
  }
}
