package import PlanFormat

/// The families of code that plans hold; pools name them by text, so that the checker knows nothing of plans.
package typealias CPUFamily = PlanFormat.CPUFamily
