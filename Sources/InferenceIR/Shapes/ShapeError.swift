/// Operands that an operation cannot take; `message` says what was found and what was expected.
package struct ShapeError: Error, Hashable, Sendable {
  package var origin: String
  package var message: String

  package init(origin: String, message: String) {
    self.origin = origin
    self.message = message
  }
}
