package import ServeSema

/// What a pod's memory is made of, in bytes. The limit equals the request: a plan that fits at night fits at noon.
package struct PodMemory: Hashable, Sendable, CustomStringConvertible {
  /// The plan file, which is mapped and stays resident: weights, code, golden vectors.
  package var plan: Int64
  /// One arena per executor, and one executor per CPU that the pod has.
  package var arenas: Int64
  /// Requests that wait: their connections and their parsed inputs.
  package var queue: Int64
  /// Bodies that are being read: `served` holds two of the largest size an event loop, and refuses more.
  package var bodies: Int64
  /// The process itself: code and what it allocates at the start, and the rows of features that it keeps.
  package var process: Int64

  /// Bytes of the process before any request. 12.5 MiB were measured of a server that had answered, 11.4 of them code
  /// of the program and its libraries. Code beyond that is seldom needed, and its pages are the file's: the system
  /// takes them back when memory is short.
  package static let processBytes: Int64 = 15 << 20
  /// What a waiting request holds beside its inputs: of 512 with bodies of 5 KiB, 6.5 KiB were measured of each, 4.7 of
  /// them of the open connection.
  package static let waitingRequestBytes: Int64 = 8 << 10

  package init(_ service: Service, _ plan: PlanFacts) {
    self.plan = max(plan.fileBytes, plan.weightBytes)
    arenas = plan.arenaBytes * Int64(Self.executors(of: service))
    queue = Int64(service.batching.queue) * (Self.waitingRequestBytes + plan.requestBytes)
    bodies = 2 * plan.bodyBytes * Int64(Self.executors(of: service))
    process = Self.processBytes + plan.storeBytes
  }

  /// Executors of a pod: one per CPU of its quota, as `served` counts them.
  package static func executors(of service: Service) -> Int { max(1, (service.placement.milliCPU + 999) / 1000) }

  /// The parts with what people call them.
  package var parts: [(what: String, bytes: Int64)] {
    [("plan", plan), ("arenas", arenas), ("queue", queue), ("bodies", bodies), ("process", process)]
  }

  /// The least that a pod can have.
  package var sum: Int64 { plan + arenas + queue + bodies + process }

  /// What the pod asks for where nothing is said: the sum, in whole MiB.
  package var total: Int64 { Quantity.roundUp(sum, to: 1 << 20) }

  package var description: String {
    let parts = parts.map { "\($0.what) \($0.bytes)" }.joined(separator: " + ")
    return "\(Quantity.text(bytes: total)): \(parts) bytes"
  }
}
