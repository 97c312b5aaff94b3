import CFileSystem
import Foundation

/// Writes folders so that a reader sees the old content or the new, never a part.
enum DistWriter {
  /// Replaces `folder` by one with exactly `files` (paths relative to it).
  ///
  /// The new folder is written beside and swapped in with one exchange of paths.
  static func replace(_ folder: URL, with files: [(path: String, text: String)]) throws {
    let manager = FileManager.default
    let parent = folder.deletingLastPathComponent()
    let beside = parent.appendingPathComponent(".\(folder.lastPathComponent).\(UUID().uuidString)")
    do {
      try manager.createDirectory(at: beside, withIntermediateDirectories: true)
      defer { try? manager.removeItem(at: beside) }
      for file in files {
        let path = beside.appendingPathComponent(file.path)
        try manager.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(file.text.utf8).write(to: path)
      }
      let exists = manager.fileExists(atPath: folder.path)
      guard (exists ? serve_exchange_paths(beside.path, folder.path) : rename(beside.path, folder.path)) == 0 else {
        throw DriverError(.environment, "cannot write \(folder.path): \(String(cString: strerror(errno)))")
      }
    } catch let error as DriverError {
      throw error
    } catch {
      throw DriverError(.environment, "cannot write \(folder.path): \(error.localizedDescription)")
    }
  }
}
