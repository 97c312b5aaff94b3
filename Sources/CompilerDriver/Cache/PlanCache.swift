import Foundation
import PlanFormat
import ServeDiagnostics

/// Plans by all that goes into them, so that a build of unchanged inputs makes none anew.
///
/// `<key>.root` names a plan and has the findings that its build told of, a line each; `<root>.plan` is one. A plan is
/// used only after every byte of it was verified.
struct PlanCache {
  let cache: Cache
  /// What is the same for every plan of this process: this very program, and the C compiler.
  private let tools: [String]

  init(_ cache: Cache, clang: Clang) throws {
    self.cache = cache
    // The program itself, not its version: a compiler under development changes between versions.
    tools = [try FileDigest.sha256("/proc/self/exe"), clang.version]
  }

  /// The name of all that decides a plan's bytes: the tools, the text of every source file, the content of every file
  /// that the text names, and what of it is built.
  func key(_ program: CheckedProgram, environment: String, service: String, families: [CPUFamily]) -> String {
    let words = tools + [environment, service] + families.map(\.name) + program.artifactDigests
    var bytes: [UInt8] = []
    for part in words.map({ Array($0.utf8) }) + program.files.files.map(\.bytes) {
      // With its length, so that no two lists run together into the same bytes.
      bytes += "\(part.count):".utf8
      bytes += part
    }
    return Digest.hex(Digest.sha256(bytes))
  }

  /// The verified plan under a key, in `folder` by the name of its content.
  func plan(_ key: String, in folder: URL) -> (file: PlanFile, path: String, findings: [String])? {
    let lines = cache.read("\(key).root").map { String(decoding: $0, as: UTF8.self).components(separatedBy: "\n") }
    guard let lines, let root = lines.first else { return nil }
    let target = folder.appendingPathComponent("sha256-\(root).plan")
    func verified() -> (file: PlanFile, path: String, findings: [String])? {
      guard let file = try? PlanFile.open(target.path), file.root == root else { return nil }
      return (file, target.path, Array(lines.dropFirst()))
    }
    if let found = verified() { return found }
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return cache.fetch("\(root).plan", to: target) ? verified() : nil
  }

  func store(_ built: PlanBuilder.Built, as key: String) {
    cache.store(file: URL(fileURLWithPath: built.path), as: "\(built.root).plan")
    cache.store(Data(([built.root] + built.findings).joined(separator: "\n").utf8), as: "\(key).root")
  }
}
