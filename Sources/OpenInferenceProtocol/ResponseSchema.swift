package import PlanFormat
package import TensorTypes

/// The fields of a response, prepared for writing.
package struct ResponseSchema: Sendable {
  package struct Field: Sendable {
    package var name: String
    /// `"name":`
    package var quotedKey: [UInt8]
    package var kind: RequestSchema.Field.Kind
    package var axes: [SymbolicExtent]

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
  package init(_ plan: Plan) throws(SchemaError) {
    fields = []
    for field in plan.response {
      var axes: [SymbolicExtent] = []
      for dim in field.shape.dims {
        guard let axis = SymbolicExtent(dim, symbols: plan.symbols) else {
          throw SchemaError("response field '\(field.name)': the dimension \(dim) names no symbol of the plan")
        }
        axes.append(axis)
      }
      var key = ByteWriter(capacity: field.name.utf8.count + 8)
      key.appendJSON(field.name)
      key.append(":")
      let kind: RequestSchema.Field.Kind =
        switch field.kind {
        case .tensor(let element): .tensor(element)
        case .enumeration(let cases): .enumeration(cases.map { Array($0.utf8) })
        }
      fields.append(Field(name: field.name, quotedKey: Array(key.bytes), kind: kind, axes: axes))
    }
  }
}

/// A dimension whose symbols are indices: `Dim` in a form that costs no look-up by name.
package struct SymbolicExtent: Hashable, Sendable {
  private struct Term: Hashable, Sendable {
    var coefficient: Int
    /// Indices into the plan's symbols, with repetition for powers.
    var symbols: [Int]
  }

  private var terms: [Term]

  /// Nil when `dim` names a symbol that is not in `symbols`.
  package init?(_ dim: Dim, symbols: [Symbol]) {
    terms = []
    for term in dim.terms {
      var indices: [Int] = []
      for name in term.monomial {
        guard let index = symbols.firstIndex(where: { $0.name == name }) else { return nil }
        indices.append(index)
      }
      terms.append(Term(coefficient: term.coefficient, symbols: indices))
    }
  }

  /// The value for the given symbols; never negative.
  package func value(_ dims: UnsafePointer<Int64>) -> Int {
    var sum = 0
    for term in terms {
      var product = term.coefficient
      for symbol in term.symbols { product = product &* Int(dims[symbol]) }
      sum = sum &+ product
    }
    return max(0, sum)
  }

  /// The value when no symbol takes part.
  package var constant: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 && terms[0].symbols.isEmpty ? terms[0].coefficient : nil
  }
}
