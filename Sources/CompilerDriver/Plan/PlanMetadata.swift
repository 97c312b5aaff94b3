import Foundation
import ServeSema

/// Facts about a plan's origin, for people and tools; nothing that differs between two builds of the same input.
struct PlanMetadata {
  let module: TypedModule
  let service: Service

  var json: String {
    let models = module.models.flatMap { model in
      model.versions.map { version in
        ["model": model.name, "version": version.name, "digest": "sha256:\(version.digest)"]
      }
    }
    let value: [String: Any] = ["service": service.name, "models": models]
    let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
