import FeatureStores
import InferenceRuntime
import PlanFormat
import ServeSema

/// Does with an open, verified plan what `served` will: kernels, golden vectors, and the tables that features come from.
///
/// A family that this machine cannot run is checked by the pods that can.
enum SelfCheck {
  static func run(
    _ file: PlanFile, stores: [StoreDeclaration], families: [CPUFamily], progress: Progress,
  ) throws {
    let runnable = families.filter { HostCPU.families.contains($0) }
    progress.step("\(file.plan.service): check the plan as served will")
    do throws(any Error) {
      for family in runnable {
        let plan = try LoadedPlan(file: file, family: family)
        try plan.selfTest()
      }
      try FeatureStores.validate(
        file.plan, paths: Dictionary(stores.map { ($0.name, $0.path) }, uniquingKeysWith: { first, _ in first }))
    } catch {
      throw DriverError(.inputErrors, "\(error)")
    }
    for family in families where !runnable.contains(family) {
      progress.step("\(file.plan.service): \(family.name) kernels compiled; this machine cannot run them")
    }
  }
}
