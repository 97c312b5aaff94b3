import Foundation
import PlanFormat
import ServeSema

/// Makes the plan of a service, or takes the one that an earlier build made of the same inputs; checks either.
struct PlanMaker {
  let kernels: KernelCache
  /// Nil to make every plan anew.
  let plans: PlanCache?
  let program: CheckedProgram
  let module: TypedModule
  let progress: Progress
  private let importer = GraphImporter()

  init(
    kernels: KernelCache, plans: PlanCache?, program: CheckedProgram, module: TypedModule, progress: Progress,
  ) {
    self.kernels = kernels
    self.plans = plans
    self.program = program
    self.module = module
    self.progress = progress
  }

  /// A plan in `folder`, named by its content.
  func plan(
    of service: Service, in environment: String, families: [CPUFamily], folder: URL,
  ) throws -> PlanBuilder.Built {
    let key = plans?.key(program, environment: environment, service: service.name, families: families)
    if let key, let known = plans?.plan(key, in: folder) {
      progress.step("\(service.name): nothing changed; the plan is there")
      try SelfCheck.run(known.file, stores: module.stores, families: families, progress: progress)
      return PlanBuilder.Built(path: known.path, file: known.file, findings: known.findings)
    }
    let assembly = try ServiceAssembler(module: module, service: service) { try importer.graph($0) }.assemble()
    let built = try PlanBuilder(cache: kernels, families: families, progress: progress)
      .build(assembly, metadata: PlanMetadata(module: module, service: service).json, into: folder)
    try SelfCheck.run(try built.open(), stores: module.stores, families: families, progress: progress)
    if let key { plans?.store(built, as: key) }
    return built
  }
}
