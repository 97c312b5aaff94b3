import TensorTypes

extension Plan {
  /// Any client may send so much, however small the model: strings have no bound of their own.
  package static let smallestBodyLimit = 4 << 20
  /// Nobody may send more.
  package static let largestBodyLimit = 1 << 30

  /// What an element takes as text, generously: a double has up to 24 characters, and a comma and a line with indentation
  /// may follow.
  private static let elementText = 32

  /// The largest body that a client has reason to send: one request at the largest dimensions.
  package var largestRequestBody: Int {
    let largest = Dictionary(uniqueKeysWithValues: symbols.map { ($0.name, $0.maximum) })
    let most = Self.largestBodyLimit / Self.elementText
    let elements = request.reduce(0) { sum, field in
      // Each term is at most `most`, so a sum cannot overflow.
      min(most, sum + min(most, field.shape.elementCount.evaluate(largest) ?? most))
    }
    return max(Self.smallestBodyLimit, elements * Self.elementText)
  }
}
