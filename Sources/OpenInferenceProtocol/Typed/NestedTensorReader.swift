internal import PlanFormat

/// Reads a tensor from arrays nested as its shape says, settling symbolic dimensions on the way.
struct NestedTensorReader: TensorReader {
  let field: RequestSchema.Field
  let frame: RequestFrame
  var json: JSONReader

  mutating func read<R: ElementReader>(_ elements: inout R) throws(ValueError) {
    if field.axes.isEmpty {
      do { try elements.next(&json) } catch { throw ValueError(.json(error)) }
    } else {
      try read(axis: 0, &elements)
    }
  }

  private mutating func read<R: ElementReader>(axis: Int, _ elements: inout R) throws(ValueError) {
    do { try json.beginArray() } catch { throw ValueError(.json(error)) }
    let limit = limit(field.axes[axis])
    let isInnermost = axis + 1 == field.axes.count
    var index = 0
    while try hasNext(isFirst: index == 0) {
      guard index < limit else { throw tooMany(field.axes[axis], limit) }
      if isInnermost {
        do { try elements.next(&json) } catch { throw ValueError(.json(error)).inside(index) }
      } else {
        do { try read(axis: axis + 1, &elements) } catch { throw error.inside(index) }
      }
      index += 1
    }
    try settle(field.axes[axis], count: index)
  }

  @inline(__always)
  private mutating func hasNext(isFirst: Bool) throws(ValueError) -> Bool {
    do { return try json.nextElement(isFirst: isFirst) } catch { throw ValueError(.json(error)) }
  }

  /// Most elements that an axis may have; the memory reserved for the field has room for them.
  private func limit(_ axis: RequestSchema.Axis) -> Int {
    switch axis {
    case .constant(let count): count
    case .symbol(let index): frame.dims[index] < 0 ? frame.schema.symbols[index].maximum : Int(frame.dims[index])
    }
  }

  private func settle(_ axis: RequestSchema.Axis, count: Int) throws(ValueError) {
    switch axis {
    case .constant(let expected):
      guard count == expected else { throw ValueError(.count(expected: "\(expected) elements", got: "\(count)")) }
    case .symbol(let index):
      let symbol = frame.schema.symbols[index]
      if frame.dims[index] < 0 {
        guard count >= symbol.minimum else {
          throw ValueError(.count(expected: "at least \(symbol.minimum) elements (\(symbol.name))", got: "\(count)"))
        }
        frame.dims[index] = Int64(count)
      } else if count != Int(frame.dims[index]) {
        throw ValueError(.count(expected: "\(frame.dims[index]) elements (\(symbol.name))", got: "\(count)"))
      }
    }
  }

  @inline(never)
  private func tooMany(_ axis: RequestSchema.Axis, _ limit: Int) -> ValueError {
    switch axis {
    case .constant: ValueError(.count(expected: "\(limit) elements", got: "more"))
    case .symbol(let index):
      ValueError(
        .count(
          expected: "\(frame.dims[index] < 0 ? "at most " : "")\(limit) elements (\(frame.schema.symbols[index].name))",
          got: "more"))
    }
  }
}
