/// Where a pod has its files. The driver writes `served.json` with these paths, the Deployment mounts them.
package enum PodLayout {
  /// The artifacts: a folder of plans, with the stores' files in `stores/`.
  package static let artifacts = "/plans"
  /// `served.json`.
  package static let settings = "/etc/served"
  package static let settingsFile = "served.json"

  /// The plan of a root digest (64 hex digits): `<artifacts>/sha256-<root>.plan`.
  package static func plan(_ digest: String) -> String { "\(artifacts)/sha256-\(digest).plan" }

  /// The file of a store: `<artifacts>/stores/<name>.sqlite`.
  package static func store(_ name: String) -> String { "\(artifacts)/stores/\(name).sqlite" }
}
