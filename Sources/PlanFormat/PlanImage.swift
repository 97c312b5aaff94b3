/// A plan with its code and its weights, ready to be written.
package struct PlanImage: Sendable {
  package var plan: Plan
  package var code: [CodeObject]
  package var weights: [WeightSegment]

  package init(plan: Plan, code: [CodeObject], weights: [WeightSegment]) {
    self.plan = plan
    self.code = code
    self.weights = weights
  }
}

/// The kernels for one CPU family: an ELF shared object that exports `serve_kernels` (an array of `serve_kernel`, in
/// the order of `Plan.kernels`) and needs nothing else.
package struct CodeObject: Hashable, Sendable {
  package var family: CPUFamily
  package var elf: [UInt8]

  package init(family: CPUFamily, elf: [UInt8]) {
    self.family = family
    self.elf = elf
  }
}

/// A class of CPUs that one code object runs on.
package enum CPUFamily: UInt8, Hashable, Sendable, CaseIterable {
  /// AVX2, FMA, F16C, BMI2.
  case x86v3
  /// AVX-512 F, BW, CD, DQ, VL on top of v3.
  case x86v4
  /// Armv8.2-A with fp16 and dotprod.
  case arm64

  /// As plans, logs and messages name it.
  package var name: String {
    switch self {
    case .x86v3: "x86-64-v3"
    case .x86v4: "x86-64-v4"
    case .arm64: "arm64"
    }
  }
}

/// A piece of the weights section, written straight into the mapped output file.
package struct WeightSegment: Sendable {
  /// Byte offset in the weights section, a multiple of 64.
  package var offset: UInt64
  package var byteCount: Int
  /// Writes exactly `byteCount` bytes (packing on the way); segments are filled in parallel.
  package var fill: @Sendable (UnsafeMutableRawBufferPointer) -> Void

  package init(offset: UInt64, byteCount: Int, fill: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
    self.offset = offset
    self.byteCount = byteCount
    self.fill = fill
  }
}
