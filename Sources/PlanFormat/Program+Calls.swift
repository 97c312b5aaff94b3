extension Program {
  /// One kernel call: of all requests, or of one of a request loop.
  package struct Call: Hashable, Sendable {
    /// Index into `Program.steps`.
    package var step: Int
    /// The request that it is for, with a batch of one; nil for all of them.
    package var request: Int?
  }

  /// The calls for so many requests in the order in which one thread makes them.
  package func calls(requests: Int) -> [Call] {
    var calls: [Call] = []
    var next = 0
    for loop in requestLoops + [steps.count..<steps.count] {
      calls += (next..<loop.lowerBound).map { Call(step: $0, request: nil) }
      for request in 0..<requests { calls += loop.map { Call(step: $0, request: request) } }
      next = loop.upperBound
    }
    return calls
  }
}
