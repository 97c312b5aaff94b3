package import PlanFormat
package import TensorTypes

/// The fields of a request, prepared for reading: what is looked up per request is an index here.
package struct RequestSchema: Sendable {
  /// One dimension of a field.
  package enum Axis: Hashable, Sendable {
    case constant(Int)
    /// Index into `symbols`.
    case symbol(Int)
  }

  package struct Field: Sendable {
    package var name: String
    package var key: [UInt8]
    package var kind: Field.Kind
    package var axes: [Axis]
    package var isOptional: Bool
    package var refinement: PlanFormat.Field.Refinement
    /// Most elements in one request.
    package var maximumCount: Int

    package enum Kind: Hashable, Sendable {
      case tensor(ElementType)
      /// UTF-8 of each case.
      case enumeration([[UInt8]])

      init(_ kind: PlanFormat.Field.Kind) {
        switch kind {
        case .tensor(let element): self = .tensor(element)
        case .enumeration(let cases): self = .enumeration(cases.map { Array($0.utf8) })
        }
      }
    }

    package var element: ElementType {
      switch kind {
      case .tensor(let element): element
      case .enumeration: .u8
      }
    }
  }

  package var service: String
  package var fields: [Field]
  package var symbols: [Symbol]
  /// Whether text must be kept for the duration of a request.
  package var hasText: Bool

  /// Prepares the request fields of `plan`.
  package init(_ plan: Plan) throws(SchemaError) {
    service = plan.service
    symbols = plan.symbols
    fields = []
    for field in plan.request { fields.append(try Self.prepare(field, symbols: plan.symbols)) }
    hasText = fields.contains { $0.element == .string }
  }

  private static func prepare(_ field: PlanFormat.Field, symbols: [Symbol]) throws(SchemaError) -> Field {
    var axes: [Axis] = []
    var count = 1
    for dim in field.shape.dims {
      let largest: Int
      if let constant = dim.constant, constant >= 0 {
        axes.append(.constant(constant))
        largest = constant
      } else if let name = dim.symbol, let index = symbols.firstIndex(where: { $0.name == name }) {
        axes.append(.symbol(index))
        largest = symbols[index].maximum
      } else {
        throw SchemaError("request field '\(field.name)': the dimension \(dim) is neither a constant nor a symbol")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: largest)
      guard !overflow, product >= 0, product <= 1 << 28 else {
        throw SchemaError("request field '\(field.name)' may hold more than 2^28 elements")
      }
      count = product
    }
    return Field(
      name: field.name, key: Array(field.name.utf8), kind: Field.Kind(field.kind), axes: axes,
      isOptional: field.isOptional,
      refinement: field.refinement, maximumCount: count)
  }

  /// The index of the field named `key`; `hint` is the field that comes next if the client keeps their order.
  @inline(__always)
  func index(of key: JSONText, hint: Int) -> Int? {
    if hint < fields.count, key.equals(fields[hint].key) { return hint }
    return fields.firstIndex { key.equals($0.key) }
  }
}
