package import PlanFormat
package import TensorTypes

/// The fields of a response, prepared for writing.
package struct ResponseSchema: Sendable {
  package struct Field: Sendable {
    package var name: String
    /// `"name":`
    package var quotedKey: [UInt8]
    package var kind: RequestSchema.Field.Kind
    package var axes: [CompiledDim]

    package var element: ElementType {
      switch kind {
      case .tensor(let element): element
      case .enumeration: .u8
      }
    }

    /// Number of elements in one request's part.
    package func count(_ dims: UnsafePointer<Int64>) -> Int {
      var product = 1
      for axis in axes { product *= axis.value(dims) }
      return product
    }
  }

  package var fields: [Field]

  /// Prepares the response fields of `plan`.
  package init(_ plan: Plan) {
    fields = plan.response.map { field in
      var key = ByteWriter(capacity: field.name.utf8.count + 8)
      key.appendJSON(field.name)
      key.append(":")
      return Field(
        name: field.name, quotedKey: Array(key.bytes), kind: RequestSchema.Field.Kind(field.kind),
        axes: field.shape.dims.map { CompiledDim($0, symbols: plan.symbols) })
    }
  }
}
