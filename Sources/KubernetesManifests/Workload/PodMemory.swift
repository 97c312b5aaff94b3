package import ServeSema

/// What a pod's memory is made of, in bytes. The limit equals the request: a plan that fits at night fits at noon.
package struct PodMemory: Hashable, Sendable, CustomStringConvertible {
  /// The plan file, which is mapped and stays resident: weights, code, golden vectors.
  package var plan: Int64
  /// One arena per executor, and one executor per CPU that the pod has.
  package var arenas: Int64
  /// Requests that wait: their bytes as they came, and their parsed inputs.
  package var queue: Int64
  /// The process itself: code, connections, metrics, the cache of feature rows.
  package var process: Int64

  /// Bytes of the process before any request, with room for connections and rows of features.
  package static let processBytes: Int64 = 128 << 20
  /// What a waiting request holds beside its inputs: the body, its buffers and its place in the queue.
  package static let waitingRequestBytes: Int64 = 16 << 10

  package init(_ service: Service, _ plan: PlanFacts) {
    self.plan = max(plan.fileBytes, plan.weightBytes)
    arenas = plan.arenaBytes * Int64(Self.executors(of: service))
    queue = Int64(service.batching.queue) * (Self.waitingRequestBytes + plan.requestBytes)
    process = Self.processBytes
  }

  /// Executors of a pod: one per CPU of its quota, as `served` counts them.
  package static func executors(of service: Service) -> Int { max(1, (service.placement.milliCPU + 999) / 1000) }

  /// The parts with what people call them.
  package var parts: [(what: String, bytes: Int64)] {
    [("plan", plan), ("arenas", arenas), ("queue", queue), ("process", process)]
  }

  /// The least that a pod can have.
  package var sum: Int64 { plan + arenas + queue + process }

  /// What the pod asks for where nothing is said: the sum, in whole 64 MiB.
  package var total: Int64 { Quantity.roundUp(sum, to: 64 << 20) }

  package var description: String {
    let parts = parts.map { "\($0.what) \($0.bytes)" }.joined(separator: " + ")
    return "\(Quantity.text(bytes: total)): \(parts) bytes"
  }
}
