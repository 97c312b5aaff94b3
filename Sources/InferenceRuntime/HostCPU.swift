import CHost
package import PlanFormat

/// The CPU under this process, as far as plans care.
package enum HostCPU {
  private struct Feature {
    let name: String
    let bit: Int
    /// The first family that needs it.
    let family: CPUFamily
  }

  private static let table = [
    Feature(name: "avx2", bit: SERVE_CPU_AVX2, family: .x86v3),
    Feature(name: "fma", bit: SERVE_CPU_FMA, family: .x86v3),
    Feature(name: "f16c", bit: SERVE_CPU_F16C, family: .x86v3),
    Feature(name: "bmi2", bit: SERVE_CPU_BMI2, family: .x86v3),
    Feature(name: "avx512f", bit: SERVE_CPU_AVX512F, family: .x86v4),
    Feature(name: "avx512bw", bit: SERVE_CPU_AVX512BW, family: .x86v4),
    Feature(name: "avx512cd", bit: SERVE_CPU_AVX512CD, family: .x86v4),
    Feature(name: "avx512dq", bit: SERVE_CPU_AVX512DQ, family: .x86v4),
    Feature(name: "avx512vl", bit: SERVE_CPU_AVX512VL, family: .x86v4),
    Feature(name: "fp16", bit: SERVE_CPU_FP16, family: .arm64),
    Feature(name: "dotprod", bit: SERVE_CPU_DOTPROD, family: .arm64),
  ].map { $0 }

  /// Names of the features that plans ask for and this CPU has.
  package static var features: [String] {
    let bits = Int(serve_cpu_features())
    return table.filter { bits & $0.bit != 0 }.map(\.name)
  }

  /// The families whose code runs here, fastest first.
  package static var families: [CPUFamily] { families(bits: Int(serve_cpu_features())) }

  static func families(bits: Int) -> [CPUFamily] {
    func has(_ families: CPUFamily...) -> Bool {
      table.filter { families.contains($0.family) }.allSatisfy { bits & $0.bit != 0 }
    }
    var found: [CPUFamily] = []
    if has(.x86v3, .x86v4) { found.append(.x86v4) }
    if has(.x86v3) { found.append(.x86v3) }
    if has(.arm64) { found.append(.arm64) }
    return found
  }
}

extension CPUFamily {
  /// The GKE machine families that run it, for advice.
  var machineFamilies: String {
    switch self {
    case .x86v3: "e2, n2d"
    case .x86v4: "n2, c3, c3d, c4, c4d"
    case .arm64: "t2a, c4a"
    }
  }
}
