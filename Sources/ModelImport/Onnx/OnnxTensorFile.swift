package import InferenceIR

/// A tensor in a file of its own: the `input_0.pb` and `output_0.pb` of ONNX's test data.
package enum OnnxTensorFile {
  /// Reads a file that holds one `TensorProto`.
  /// - Returns: the tensor and its name, which is often empty.
  package static func read(_ path: String) throws(ImportError) -> (name: String, tensor: HostTensor) {
    let file = try MappedFile(path: path)
    var reader = WireReader(file.bytes)
    let proto: TensorProto
    do {
      proto = try TensorProto(&reader)
    } catch {
      throw ImportError(file: path, .offset(error.offset, field: error.path), .malformed(error.text))
    }
    var loader = TensorLoader(file: file)
    return (proto.name, HostTensor(try loader.constant(proto)))
  }
}
