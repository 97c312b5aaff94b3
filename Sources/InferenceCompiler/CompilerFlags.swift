package import PlanFormat

/// How clang is called for one CPU family.
package enum CompilerFlags {
  /// Every argument but the input and output file.
  ///
  /// Contraction is off and fused multiply-adds are written out, so results do not depend on what the optimiser
  /// finds; `-z defs` makes a call of a libc function (a copied aggregate) an error here and not in the pod.
  package static func arguments(for family: CPUFamily) -> [String] {
    [
      "-x", "c", "-std=gnu17", "-O2", "-ffreestanding", "-fno-math-errno", "-ffp-contract=off", "-fno-trapping-math",
      "-fno-strict-aliasing", "-fwrapv", "-nostdlib", "-shared", "-fPIC", "-fvisibility=hidden", "-fuse-ld=lld",
      "-Wl,-z,defs",
      "-Wl,--build-id=none", "-Wl,-s", "-Werror=implicit-function-declaration", "-w",
    ] + target(family)
  }

  private static func target(_ family: CPUFamily) -> [String] {
    switch family {
    case .x86v3: ["--target=x86_64-linux-gnu", "-march=x86-64-v3"]
    case .x86v4: ["--target=x86_64-linux-gnu", "-march=x86-64-v4", "-mprefer-vector-width=512"]
    case .arm64: ["--target=aarch64-linux-gnu", "-march=armv8.2-a+fp16+dotprod"]
    }
  }
}
