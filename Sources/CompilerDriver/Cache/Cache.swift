import Foundation
import Glibc

/// What builds keep for each other, by names that say what it was made from.
///
/// Lies in `SERVEC_CACHE`, else `$XDG_CACHE_HOME/servec`, else `~/.cache/servec`. An entry is written beside and renamed,
/// so that builds may run at the same time. A cache that cannot be written only costs time: failures are not errors.
struct Cache: Sendable {
  /// Bytes over which `trim` deletes what was not used for longest; a few of the largest plans fit.
  static let limit: UInt64 = 8 << 30

  let folder: URL

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let chosen = environment["SERVEC_CACHE"], !chosen.isEmpty {
      folder = URL(fileURLWithPath: chosen)
    } else if let caches = environment["XDG_CACHE_HOME"], !caches.isEmpty {
      folder = URL(fileURLWithPath: caches).appendingPathComponent("servec")
    } else {
      let home = environment["HOME"] ?? FileManager.default.temporaryDirectory.path
      folder = URL(fileURLWithPath: home).appendingPathComponent(".cache/servec")
    }
  }

  /// The content of an entry, which counts as used now.
  func read(_ name: String) -> Data? {
    let entry = folder.appendingPathComponent(name)
    guard let data = try? Data(contentsOf: entry) else { return nil }
    utimensat(AT_FDCWD, entry.path, nil, 0)
    return data
  }

  func store(_ data: Data, as name: String) {
    placing(name) { beside in (try? data.write(to: beside)) != nil }
  }

  /// Keeps a file, which must not be written again: where the file systems allow it, as a second name of the same bytes.
  func store(file: URL, as name: String) {
    placing(name) { beside in Self.link(file, to: beside) }
  }

  /// Puts an entry at `target`, in place of what is there; false when there is no such entry.
  func fetch(_ name: String, to target: URL) -> Bool {
    let entry = folder.appendingPathComponent(name)
    let beside = target.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString)")
    defer { unlink(beside.path) }
    guard Self.link(entry, to: beside), rename(beside.path, target.path) == 0 else { return false }
    utimensat(AT_FDCWD, entry.path, nil, 0)
    return true
  }

  private func placing(_ name: String, _ write: (_ beside: URL) -> Bool) {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let beside = folder.appendingPathComponent("\(UUID().uuidString).tmp")
    if write(beside) { _ = rename(beside.path, folder.appendingPathComponent(name).path) }
    // Still there where the rename failed, or where both are names of one file already.
    unlink(beside.path)
  }

  private static func link(_ file: URL, to other: URL) -> Bool {
    if Glibc.link(file.path, other.path) == 0 { return true }
    return (try? FileManager.default.copyItem(at: file, to: other)) != nil
  }

  /// Deletes the entries that were not used for longest, until the rest is within the limit.
  func trim(to limit: UInt64 = Cache.limit) {
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey, .isRegularFileKey]
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys))
    var entries: [(url: URL, bytes: UInt64, used: Date)] = []
    while let url = files?.nextObject() as? URL {
      guard let values = try? url.resourceValues(forKeys: keys), values.isRegularFile == true else { continue }
      entries.append((url, UInt64(values.fileSize ?? 0), values.contentModificationDate ?? .distantPast))
    }
    var total = entries.reduce(0) { $0 + $1.bytes }
    for entry in entries.sorted(by: { $0.used < $1.used }) where total > limit {
      if unlink(entry.url.path) == 0 { total -= entry.bytes }
    }
  }
}
