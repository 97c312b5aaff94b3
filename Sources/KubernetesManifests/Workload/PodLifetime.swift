internal import ServeSema

/// The times in a pod's life, in seconds, from the service's `startup` and `drain`.
struct PodLifetime: Hashable, Sendable {
  /// From start to ready, after which the pod is replaced.
  var startup: Int
  /// Between leaving the endpoints and SIGTERM: proxies go on sending until they have heard of it.
  var preStopSleep: Int
  /// From the deletion to SIGKILL.
  var terminationGracePeriod: Int

  /// What proxies take to forget an endpoint.
  private static let endpointPropagation = 5
  /// Between the end of the drain and SIGKILL.
  private static let margin = 5
  /// A spot machine gives its pods 15 seconds: <https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms>.
  private static let spotNotice = 15

  init(_ service: Service) {
    startup = max(1, Quantity.seconds(nanoseconds: service.startup))
    let drain = Quantity.seconds(nanoseconds: service.drain)
    if service.placement.pool?.spot == true {
      preStopSleep = max(1, min(Self.endpointPropagation, Self.spotNotice - drain - 1))
      terminationGracePeriod = preStopSleep + drain + 1
    } else {
      preStopSleep = Self.endpointPropagation
      terminationGracePeriod = preStopSleep + drain + Self.margin
    }
  }

  /// A rollout that has made no progress for this long has failed: longer than a slow start, with time to schedule.
  var progressDeadline: Int { max(600, startup + 300) }
}
