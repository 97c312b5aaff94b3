import Foundation
import InferenceIR
import KubernetesManifests
import ModelImport
import PlanFormat
import ServeDiagnostics
import ServeSema

/// `servec build`: the table of contents of a build.
package struct Build {
  package struct Result {
    /// With the diagnostics that needed the plan; nothing was written when they hold errors.
    package var program: CheckedProgram
    /// What was written, for people.
    package var summary: [String]
  }

  let environment: String?
  let output: String
  /// Where kernels and plans of earlier builds are, and are kept for later ones; nil to make all anew.
  var cache: Cache?
  let progress: Progress

  package init(environment: String?, output: String, usesCache: Bool = true, progress: Progress) {
    self.environment = environment
    self.output = output
    cache = usesCache ? Cache() : nil
    self.progress = progress
  }

  package func run(_ program: CheckedProgram) throws -> Result {
    guard let module = program.module else { return Result(program: program, summary: []) }
    var program = program
    let dist = URL(fileURLWithPath: output)
    let clang = try Clang.find()
    defer { cache?.trim() }
    let maker = PlanMaker(
      kernels: KernelCache(clang: clang, cache: cache), plans: try cache.map { try PlanCache($0, clang: clang) },
      program: program, module: module, progress: progress)
    var plans = PlanMemo()
    var bases: [(environment: String, files: [ManifestFile])] = []
    var summary: [String] = []

    for environment in module.environments {
      var facts: [String: PlanFacts] = [:]
      for service in environment.services {
        let families = Self.families(of: service.name, in: module)
        let built = try plans.plan(for: service, families: families) {
          try maker.plan(
            of: service, in: environment.name, families: families, folder: dist.appendingPathComponent("plans"))
        }
        var settings = ServedSettings(service)
        for store in module.stores { settings.stores[store.name] = PodLayout.store(store.name) }
        let known = built.facts(settings: try settings.json(), families: families)
        let memory = PodMemory(service, known)
        program.diagnostics += Checker.checkPlacement(service, needs: memory.parts)
        facts[service.name] = known
        summary += built.findings
        summary.append("\(environment.name)/\(service.name): \(built.path) (\(ByteCount(UInt64(built.fileBytes))))")
      }
      // What does not fit has no manifests; the diagnostics say so with the place.
      guard !program.hasErrors else { continue }
      bases.append((environment.name, try Self.manifests(environment, facts)))
    }
    if program.hasErrors { return Result(program: program, summary: []) }

    for base in bases {
      guard !base.files.isEmpty else {
        let cluster = "`env \(base.environment) { cluster = … }`"
        summary.append("\(base.environment): no manifests, for it has no cluster (\(cluster))")
        continue
      }
      let folder = dist.appendingPathComponent(base.environment)
      progress.step("\(base.environment): write \(base.files.count) manifests")
      try DistWriter.replace(folder, with: base.files.map { ($0.path, $0.text) })
      summary.append("\(base.environment): kubectl apply -k \(folder.relativePath)")
    }
    return Result(program: program, summary: summary)
  }

  private static func manifests(_ environment: Environment, _ facts: [String: PlanFacts]) throws -> [ManifestFile] {
    do {
      return try KubernetesManifests.manifests(environment: environment, facts: facts)
    } catch {
      throw DriverError(.inputErrors, "environment `\(environment.name)`: \(error)")
    }
  }

  /// The families of every pool that a service is placed on in any environment, so that environments share a plan.
  static func families(of service: String, in module: TypedModule) -> [CPUFamily] {
    var names: Set<String> = []
    for environment in module.environments {
      for candidate in environment.services where candidate.name == service {
        names.insert(candidate.placement.pool?.cpuFamily ?? CPUFamily.x86v3.name)
      }
    }
    return CPUFamily.allCases.filter { names.contains($0.name) }
  }
}

/// Plans that environments share are built once.
struct PlanMemo {
  private struct Key: Hashable {
    var name: String
    var body: Service.Body
    var experiment: ServeSema.Experiment?
    var maximumBatch: Int
    var families: [CPUFamily]
  }

  private var built: [Key: PlanBuilder.Built] = [:]

  mutating func plan(
    for service: Service, families: [CPUFamily], build: () throws -> PlanBuilder.Built,
  ) throws -> PlanBuilder.Built {
    let key = Key(
      name: service.name, body: service.body, experiment: service.experiment,
      maximumBatch: service.batching.maximumSize, families: families)
    if let known = built[key] { return known }
    let made = try build()
    built[key] = made
    return made
  }
}

/// Imports each model file once.
final class GraphImporter {
  private var graphs: [String: Graph] = [:]

  init() {}

  func graph(_ path: String) throws -> Graph {
    if let known = graphs[path] { return known }
    do {
      let graph = try OnnxModel.open(path).importGraph()
      graphs[path] = graph
      return graph
    } catch {
      throw DriverError(.inputErrors, "\(error)")
    }
  }
}
