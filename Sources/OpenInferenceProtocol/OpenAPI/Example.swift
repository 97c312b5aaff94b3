internal import PlanFormat
internal import TensorTypes

/// Requests that a service accepts, for its description: the fewest elements, the smallest values in range.
enum Example {
  static func typed(_ request: RequestSchema) -> JSONValue {
    .object(
      request.fields.map { field in
        let extents = field.axes.map { extent($0, request) }
        return (
          field.name,
          extents.reversed().reduce(value(field)) { items, count in .array(Array(repeating: items, count: count)) }
        )
      })
  }

  static func inference(_ request: RequestSchema) -> JSONValue {
    let inputs = request.fields.map { field -> JSONValue in
      let extents = field.axes.map { extent($0, request) }
      return .object([
        ("name", .text(field.name)), ("shape", .array(([1] + extents).map { .integer($0) })),
        ("datatype", .text(field.kind.datatype)),
        ("data", .array(Array(repeating: value(field), count: extents.reduce(1, *)))),
      ])
    }
    return .object([("inputs", .array(inputs))])
  }

  private static func extent(_ axis: RequestSchema.Axis, _ request: RequestSchema) -> Int {
    switch axis {
    case .constant(let count): count
    case .symbol(let index): min(max(1, request.symbols[index].minimum), request.symbols[index].maximum)
    }
  }

  private static func value(_ field: RequestSchema.Field) -> JSONValue {
    switch (field.kind, field.refinement) {
    case (.enumeration(let cases), _): .text(cases.first.map { String(decoding: $0, as: UTF8.self) } ?? "")
    case (.tensor(.string), .length(let minimum, _)): .text(String(repeating: "a", count: minimum))
    case (.tensor(.string), _): .text("a")
    case (.tensor(.bool), _): .boolean(false)
    case (.tensor(let element), .integers(let minimum, let maximum)) where element.isInteger:
      .integer(Int(clamping: maximum == 0 ? 0 : max(minimum, 1)))
    case (.tensor(let element), _) where element.isInteger: .integer(1)
    case (.tensor, .numbers(let minimum, let maximum)): .number(min(max(0, minimum), maximum))
    case (.tensor, _): .number(0)
    }
  }
}
