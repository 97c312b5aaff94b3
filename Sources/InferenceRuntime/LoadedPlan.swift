package import PlanFormat

/// A plan that can be executed here: verified bytes, and the kernels for this CPU in memory. Executors share it.
package final class LoadedPlan: Sendable {
  package let file: PlanFile
  /// The plan of `file`, here too so that other modules reach a part of it without copying the whole.
  package let plan: Plan
  /// The family whose code was loaded.
  package let family: CPUFamily
  let library: CodeLibrary

  /// The digest that names the plan, in hexadecimal.
  package var root: String { file.root }

  /// Opens, verifies and loads the plan at `path`, with as many threads as the container has CPUs.
  package convenience init(path: String) throws(RuntimeError) {
    let file: PlanFile
    do throws(PlanError) {
      file = try PlanFile.open(path, threads: CPUQuota.threads)
    } catch {
      throw .plan(error)
    }
    try self.init(file: file)
  }

  /// Loads the code of `family`, or of the fastest family that this CPU runs and the plan holds.
  package init(file: PlanFile, family wanted: CPUFamily? = nil) throws(RuntimeError) {
    let candidates = wanted.map { [$0] } ?? HostCPU.families
    guard let family = candidates.first(where: { file.code(for: $0) != nil }), let elf = file.code(for: family) else {
      throw .noCode(host: HostCPU.features, families: file.families)
    }
    library = try CodeLibrary(elf, kernels: file.plan.kernels.count)
    self.file = file
    plan = file.plan
    self.family = family
  }
}
