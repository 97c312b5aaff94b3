import CHost
import PlanFormat
import Testing

@testable import InferenceRuntime

@Suite struct HostTests {
  @Test func `a CPU runs a family only with every feature of it`() {
    let v3 = SERVE_CPU_AVX2 | SERVE_CPU_FMA | SERVE_CPU_F16C | SERVE_CPU_BMI2
    let v4 =
      v3 | SERVE_CPU_AVX512F | SERVE_CPU_AVX512BW | SERVE_CPU_AVX512CD | SERVE_CPU_AVX512DQ | SERVE_CPU_AVX512VL
    #expect(HostCPU.families(bits: v4) == [.x86v4, .x86v3])
    #expect(HostCPU.families(bits: v4 & ~SERVE_CPU_AVX512VL) == [.x86v3])
    #expect(HostCPU.families(bits: v3 & ~SERVE_CPU_FMA) == [])
    #expect(HostCPU.families(bits: v4 & ~SERVE_CPU_AVX2) == [])
    #expect(HostCPU.families(bits: SERVE_CPU_FP16 | SERVE_CPU_DOTPROD) == [.arm64])
    #expect(HostCPU.families(bits: SERVE_CPU_FP16) == [])
  }

  @Test func `the quota of a control group is read as CPUs`() {
    #expect(CPUQuota.quota(cpuMax: "150000 100000\n") == 1.5)
    #expect(CPUQuota.quota(cpuMax: "max 100000\n") == nil)
    #expect(CPUQuota.quota(cpuMax: "-1 100000") == nil)
    #expect(CPUQuota.quota(cpuMax: "") == nil)
    #expect((1...1024).contains(CPUQuota.threads))
  }
}
