package import InferenceIR

/// What a value of a model is.
package indirect enum ValueKind: Sendable {
  case tensor, sequence
  case optional(ValueKind)

  init(_ type: TypeProto?) {
    switch type {
    case .sequence: self = .sequence
    case .optional(let element): self = .optional(ValueKind(element))
    case .tensor, .other, nil: self = .tensor
    }
  }
}

/// A value in host memory.
package indirect enum HostValue: Sendable {
  case tensor(HostTensor)
  case sequence([HostTensor])
  case optional(HostValue?)

  /// The tensors inside, in order.
  package var tensors: [HostTensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .sequence(let tensors): tensors
    case .optional(let content): content?.tensors ?? []
    }
  }

  /// What an input with this value is imported as.
  package var content: PortContent {
    switch self {
    case .tensor(let tensor): .tensor(tensor.type)
    case .sequence(let tensors): .sequence(tensors.map(\.type))
    case .optional(let content): .optional(content?.content)
    }
  }
}

/// A value in a file of its own: the `input_0.pb` and `output_0.pb` of ONNX's test data.
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

  /// Reads a file that holds a `TensorProto`, a `SequenceProto` or an `OptionalProto`.
  package static func read(_ path: String, _ kind: ValueKind) throws(ImportError) -> HostValue {
    let file = try MappedFile(path: path)
    var reader = WireReader(file.bytes)
    let proto: ValueProto
    do {
      proto = try ValueProto(&reader, kind)
    } catch {
      throw ImportError(file: path, .offset(error.offset, field: error.path), .malformed(error.text))
    }
    var loader = TensorLoader(file: file)
    return try value(proto, &loader)
  }

  private static func value(_ proto: ValueProto, _ loader: inout TensorLoader) throws(ImportError) -> HostValue {
    switch proto {
    case .tensor(let proto): return .tensor(HostTensor(try loader.constant(proto)))
    case .sequence(let protos):
      var tensors: [HostTensor] = []
      for proto in protos { tensors.append(HostTensor(try loader.constant(proto))) }
      return .sequence(tensors)
    case .optional(let content):
      guard let content else { return .optional(nil) }
      return .optional(try value(content, &loader))
    }
  }
}

/// `onnx.TensorProto`, `onnx.SequenceProto` of tensors or `onnx.OptionalProto`: the kind says which, not the file.
private indirect enum ValueProto {
  case tensor(TensorProto)
  case sequence([TensorProto])
  case optional(ValueProto?)

  init(_ reader: inout WireReader, _ kind: ValueKind) throws(WireReader.Failure) {
    switch kind {
    case .tensor: self = .tensor(try TensorProto(&reader))
    case .sequence:
      var tensors: [TensorProto] = []
      while let field = try reader.next() {
        if field.number == 3 {
          var message = try reader.message(field, "tensor_values", index: tensors.count)
          tensors.append(try TensorProto(&message))
        } else {
          try reader.skip(field)
        }
      }
      self = .sequence(tensors)
    case .optional(let element):
      var content: ValueProto?
      while let field = try reader.next() {
        // `tensor_value` or `sequence_value`; an empty optional has neither.
        if field.number == 3 || field.number == 5 {
          var message = try reader.message(field, "value")
          content = try ValueProto(&message, element)
        } else {
          try reader.skip(field)
        }
      }
      self = .optional(content)
    }
  }
}
