import Foundation
import InferenceRuntime
import PlanFormat
import ServeSema

/// `servec run`: builds for this machine, then becomes `served`.
package struct Run {
  let environment: String?
  let service: String?
  let port: Int?
  let progress: Progress

  package init(environment: String?, service: String?, port: Int?, progress: Progress) {
    self.environment = environment
    self.service = service
    self.port = port
    self.progress = progress
  }

  /// Does not return when all is well.
  package func run(_ program: CheckedProgram) throws {
    guard let module = program.module, let environment = module.environments.first else { return }
    let chosen = try choose(environment)
    let (clang, cache) = (try Clang.find(), Cache())
    let families = Array(HostCPU.families.prefix(1))
    guard !families.isEmpty else {
      throw DriverError(.environment, "this CPU has no AVX2, which every family of kernels needs")
    }
    // Beside the cache: the same spec runs the same plan file again, and nothing piles up in a temporary folder.
    let folder = cache.folder.appendingPathComponent("run")
    let built = try PlanMaker(
      kernels: KernelCache(clang: clang, cache: cache), plans: try PlanCache(cache, clang: clang), program: program,
      module: module, progress: progress
    ).plan(of: chosen, in: environment.name, families: families, folder: folder)
    cache.trim()

    var settings = ServedSettings(chosen)
    if let port { settings.httpPort = port }
    for store in module.stores { settings.stores[store.name] = URL(fileURLWithPath: store.path).path }
    let config = folder.appendingPathComponent("\(built.root)-\(settings.httpPort).json")
    try Data(try settings.json().utf8).write(to: config)
    let served = try Self.served()
    progress.step("http://127.0.0.1:\(settings.httpPort)/v1/\(chosen.name), OpenAPI at /openapi.json; Ctrl-C ends it")
    Self.become(served, ["--plan", built.path, "--config", config.path])
    throw DriverError(.environment, "cannot start \(served): \(String(cString: strerror(errno)))")
  }

  private func choose(_ environment: Environment) throws -> Service {
    let names = environment.services.map { "`\($0.name)`" }.joined(separator: ", ")
    if let service {
      guard let found = environment.services.first(where: { $0.name == service }) else {
        throw DriverError(.usage, "there is no service `\(service)`", help: "declared: \(names)")
      }
      return found
    }
    guard let only = environment.services.first else {
      throw DriverError(.inputErrors, "the file declares no service", help: "add: service name { model = M }")
    }
    guard environment.services.count == 1 else {
      throw DriverError(.usage, "the file declares several services", help: "choose with --service: \(names)")
    }
    return only
  }

  /// The `served` beside this program, else on PATH.
  static func served() throws -> String {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = own.deletingLastPathComponent().appendingPathComponent("served").path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let candidates = [beside] + path.split(separator: ":").map { "\($0)/served" }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw DriverError(
        .environment, "there is no `served` beside servec or on PATH", help: "build it: swift build -c release")
    }
    return found
  }

  private static func become(_ program: String, _ arguments: [String]) {
    var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    pointers.append(nil)
    execv(program, pointers)
    for pointer in pointers { free(pointer) }
  }
}
