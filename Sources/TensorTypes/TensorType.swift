/// The dimensions of a tensor, outermost first; a scalar has none.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  package var dims: [Dim]

  package init(_ dims: [Dim]) { self.dims = dims }
  package init(_ dims: [Int]) { self.dims = dims.map { Dim($0) } }
  package init(arrayLiteral elements: Dim...) { dims = elements }

  package static let scalar = Shape([Dim]())

  package var rank: Int { dims.count }

  /// The product of all dimensions.
  package var elementCount: Dim { dims.reduce(Dim(1), *) }

  /// The dimensions as integers when none is symbolic.
  package var constant: [Int]? {
    let values = dims.compactMap(\.constant)
    return values.count == dims.count ? values : nil
  }

  package subscript(axis: Int) -> Dim { dims[axis] }

  package func substituting(_ replacements: [String: Dim]) -> Shape {
    Shape(dims.map { $0.substituting(replacements) })
  }

  package func evaluate(_ values: [String: Int]) -> [Int]? {
    let result = dims.compactMap { $0.evaluate(values) }
    return result.count == dims.count ? result : nil
  }

  package var description: String { "[" + dims.map(\.description).joined(separator: ", ") + "]" }
}

/// An element type and a shape.
package struct TensorType: Hashable, Sendable, CustomStringConvertible {
  package var element: ElementType
  package var shape: Shape

  package init(_ element: ElementType, _ shape: Shape = .scalar) {
    self.element = element
    self.shape = shape
  }

  package func substituting(_ replacements: [String: Dim]) -> TensorType {
    TensorType(element, shape.substituting(replacements))
  }

  /// As the language writes it: `f32[batch, 77]`, `u64` for a scalar.
  package var description: String { shape.rank == 0 ? element.name : element.name + shape.description }
}
