import FeatureStores
import InferenceRuntime
import PlanFormat
import ServeSema

/// Opens a plan as `served` will: hashes, kernels, golden vectors, and the tables that features come from.
///
/// A family that this machine cannot run is checked by the pods that can.
enum SelfCheck {
  static func run(
    _ built: PlanBuilder.Built, stores: [StoreDeclaration], families: [CPUFamily], progress: Progress,
  ) throws {
    let runnable = families.filter { HostCPU.families.contains($0) }
    progress.step("\(built.plan.service): check the plan as served will")
    do throws(any Error) {
      let file = try PlanFile.open(built.path)
      for family in runnable {
        let plan = try LoadedPlan(file: file, family: family)
        try plan.selfTest()
      }
      try FeatureStores.validate(
        built.plan, paths: Dictionary(stores.map { ($0.name, $0.path) }, uniquingKeysWith: { first, _ in first }))
    } catch {
      throw DriverError(.inputErrors, "\(error)")
    }
    for family in families where !runnable.contains(family) {
      progress.step("\(built.plan.service): \(family.name) kernels compiled; this machine cannot run them")
    }
  }
}
