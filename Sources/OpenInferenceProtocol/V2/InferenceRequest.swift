internal import TensorTypes

/// What an inference request of the Open Inference Protocol says beside its tensors.
package struct InferenceRequest: Hashable, Sendable {
  /// Echoed in the answer.
  package var id: String?
  /// Indices of the response's fields that are asked for, in the order asked; nil for all.
  package var outputs: [Int]?

  package init(id: String? = nil, outputs: [Int]? = nil) {
    self.id = id
    self.outputs = outputs
  }
}

extension RequestSchema.Field.Kind {
  private func integer(_ element: SmallElement) -> String {
    (element.integers?.contains(-1) == true ? "INT" : "UINT") + "\(element.bitWidth)"
  }

  /// The protocol's name of the datatype; strings and enumerations are `BYTES`.
  package var datatype: String {
    switch self {
    case .enumeration: "BYTES"
    case .tensor(let element):
      switch element {
      case .bool: "BOOL"
      case .u8: "UINT8"
      case .u16: "UINT16"
      case .u32: "UINT32"
      case .u64: "UINT64"
      case .i8: "INT8"
      case .i16: "INT16"
      case .i32: "INT32"
      case .i64: "INT64"
      case .f16: "FP16"
      case .bf16: "BF16"
      case .f32: "FP32"
      case .f64: "FP64"
      case .string: "BYTES"
      // Beyond the protocol's list, in its manner.
      case .small(let small): small.integers == nil ? "FP\(small.name.dropFirst().uppercased())" : integer(small)
      }
    }
  }
}
