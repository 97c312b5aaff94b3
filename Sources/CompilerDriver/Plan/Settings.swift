import Foundation
import PlanFormat
import ServeSema

extension ServedSettings {
  /// What a service's declaration decides about serving.
  init(_ service: Service) {
    self.init()
    httpPort = service.httpPort
    batching.maxSize = service.batching.maximumSize
    batching.maxWaitMicroseconds = Int(service.batching.maximumWait / 1000)
    batching.queue = service.batching.queue
    deadlineMilliseconds = service.deadline.map { Double($0) / 1e6 }
    drainMilliseconds = Double(service.drain) / 1e6
  }

  /// `served.json`: sorted keys, so that the same settings give the same bytes.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
