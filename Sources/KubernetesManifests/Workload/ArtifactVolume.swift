internal import ServeSema

/// How the pod gets at the folder of plans and stores, always read-only.
struct ArtifactVolume: Hashable, Sendable {
  /// The volume in the pod, without its name.
  var source: YAMLNode.Entry
  /// What the pod template's annotations say about it.
  var annotations: [String: String] = [:]
  /// Whether the pod reaches Cloud Storage over the network.
  var usesCloudStorage = false

  init(_ artifacts: Cluster.Artifacts, plan: PlanFacts) {
    switch artifacts {
    case .claim(let name):
      source = .init("persistentVolumeClaim", ["claimName": .string(name), "readOnly": true])
    case .hostPath(let path):
      source = .init("hostPath", ["path": .string(path), "type": "Directory"])
    case .bucket(let name, let folder):
      let cache = Quantity.roundUp(plan.fileBytes + Self.storeCache, to: Quantity.gibibyte)
      source = Self.cloudStorage(bucket: name, folder: folder, cacheBytes: cache)
      annotations = [
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/ephemeral-storage-limit": Quantity.text(bytes: cache + Quantity.gibibyte),
      ]
      usesCloudStorage = true
    }
  }

  /// The GCS FUSE CSI driver. The plan is mapped into memory, so without a file cache that holds it whole every page
  /// fault would be an HTTP request. All attributes are strings, of
  /// <https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver>.
  private static func cloudStorage(bucket: String, folder: String, cacheBytes: Int64) -> YAMLNode.Entry {
    var options = ["implicit-dirs", "uid=\(Container.user)", "gid=\(Container.user)"]
    let path = folder.split(separator: "/").joined(separator: "/")
    if !path.isEmpty { options.append("only-dir=\(path)") }
    return .init(
      "csi",
      [
        "driver": "gcsfuse.csi.storage.gke.io",
        "readOnly": true,
        "volumeAttributes": [
          "bucketName": .string(bucket),
          "fileCacheCapacity": .string(Quantity.text(bytes: cacheBytes)),
          "fileCacheForRangeRead": "true",
          "mountOptions": .string(options.joined(separator: ",")),
        ],
      ])
  }

  /// Room in the cache for the stores' files, whose size the build does not know.
  private static let storeCache: Int64 = 4 << 30
}
