internal import PlanFormat
internal import TensorTypes

/// JSON Schemas of fields.
enum FieldSchema {
  static func object(_ properties: [JSONValue.Member], required: [String]) -> JSONValue {
    .object([
      ("type", .text("object")), ("additionalProperties", .boolean(false)),
      ("required", .array(required.map { .text($0) })), ("properties", .object(properties)),
    ])
  }

  static func request(_ field: RequestSchema.Field, _ symbols: [Symbol]) -> JSONValue {
    let ranges: [ClosedRange<Int>] = field.axes.map { axis in
      switch axis {
      case .constant(let count): count...count
      case .symbol(let index): symbols[index].minimum...symbols[index].maximum
      }
    }
    return nested(element(field.kind, field.refinement), ranges.map { ($0.lowerBound, $0.upperBound) })
  }

  static func response(_ field: ResponseSchema.Field) -> JSONValue {
    nested(element(field.kind, .none), field.axes.map { ($0.constant, $0.constant) })
  }

  private static func nested(_ element: JSONValue, _ axes: [(minimum: Int?, maximum: Int?)]) -> JSONValue {
    axes.reversed().reduce(element) { items, axis in
      var members: [JSONValue.Member] = [("type", .text("array")), ("items", items)]
      if let minimum = axis.minimum { members.append(("minItems", .integer(minimum))) }
      if let maximum = axis.maximum { members.append(("maxItems", .integer(maximum))) }
      return .object(members)
    }
  }

  private static func element(
    _ kind: RequestSchema.Field.Kind, _ refinement: PlanFormat.Field.Refinement,
  ) -> JSONValue {
    switch kind {
    case .enumeration(let cases):
      let names = cases.map { JSONValue.text(String(decoding: $0, as: UTF8.self)) }
      return .object([("type", .text("string")), ("enum", .array(names))])
    case .tensor(.bool): return .object([("type", .text("boolean"))])
    case .tensor(.string): return string(refinement)
    case .tensor(let element) where element.isInteger: return integer(element, refinement)
    case .tensor: return number(refinement)
    }
  }

  private static func string(_ refinement: PlanFormat.Field.Refinement) -> JSONValue {
    guard case .length(let minimum, let maximum) = refinement else { return .object([("type", .text("string"))]) }
    return .object([
      ("type", .text("string")), ("description", .text("\(minimum) to \(maximum) bytes of UTF-8.")),
    ])
  }

  private static func number(_ refinement: PlanFormat.Field.Refinement) -> JSONValue {
    guard case .numbers(let minimum, let maximum) = refinement else { return .object([("type", .text("number"))]) }
    return .object([("type", .text("number")), ("minimum", .number(minimum)), ("maximum", .number(maximum))])
  }

  private static func integer(_ element: ElementType, _ refinement: PlanFormat.Field.Refinement) -> JSONValue {
    let bits = element.byteCount * 8
    let isSigned = [.i8, .i16, .i32, .i64].contains(element)
    var members: [JSONValue.Member] = [
      // A 64-bit integer may be a decimal string, because many JSON writers cannot write it exactly.
      ("type", bits == 64 ? .array([.text("integer"), .text("string")]) : .text("integer")),
      ("format", .text("\(isSigned ? "int" : "uint")\(bits)")),
    ]
    if case .integers(let minimum, let maximum) = refinement {
      members.append(("minimum", .integer(Int(minimum))))
      if let maximum = Int(exactly: maximum) { members.append(("maximum", .integer(maximum))) }
    } else if bits < 64 {
      members.append(("minimum", .integer(isSigned ? -(1 << (bits - 1)) : 0)))
      members.append(("maximum", .integer(isSigned ? 1 << (bits - 1) - 1 : 1 << bits - 1)))
    } else if !isSigned {
      members.append(("minimum", .integer(0)))
    }
    return .object(members)
  }
}

/// JSON Schemas of the Open Inference Protocol's documents.
enum InferenceSchema {
  private static let text: JSONValue = .object([("type", .text("string"))])
  private static let shape: JSONValue = .object([
    ("type", .text("array")), ("items", .object([("type", .text("integer"))])),
  ])

  static func request(_ request: RequestSchema) -> JSONValue {
    let names = request.fields.map { JSONValue.text($0.name) }
    let types = Set(request.fields.map(\.kind.datatype)).sorted().map { JSONValue.text($0) }
    let tensor = FieldSchema.object(
      [
        ("name", .object([("type", .text("string")), ("enum", .array(names))])),
        ("shape", shape), ("datatype", .object([("type", .text("string")), ("enum", .array(types))])),
        ("parameters", .object([("type", .text("object"))])), ("data", .object([("type", .text("array"))])),
      ], required: ["name", "shape", "datatype", "data"])
    return .object([
      ("type", .text("object")), ("required", .array([.text("inputs")])),
      (
        "properties",
        .object([
          ("id", text), ("parameters", .object([("type", .text("object"))])),
          ("inputs", .object([("type", .text("array")), ("items", tensor)])),
          (
            "outputs",
            .object([
              ("type", .text("array")),
              ("items", .object([("type", .text("object")), ("required", .array([.text("name")]))])),
            ])
          ),
        ])
      ),
    ])
  }

  static let response: JSONValue = FieldSchema.object(
    [
      ("id", text), ("model_name", text), ("model_version", text),
      (
        "outputs",
        .object([
          ("type", .text("array")),
          (
            "items",
            FieldSchema.object(
              [("name", text), ("datatype", text), ("shape", shape), ("data", .object([("type", .text("array"))]))],
              required: ["name", "datatype", "shape", "data"])
          ),
        ])
      ),
    ], required: ["model_name", "model_version", "outputs"])
}
