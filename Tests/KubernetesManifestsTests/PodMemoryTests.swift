import ServeSema
import Testing

@testable import KubernetesManifests

@Suite struct PodMemoryTests {
  @Test func `the request is the plan, an arena and bodies per executor, the queue and the process`() {
    let memory = PodMemory(Fixture.service, Fixture.facts)
    #expect(memory.plan == 12 << 20)
    #expect(memory.arenas == 2 * (3 << 20))
    #expect(memory.queue == 512 * (8192 + 4096))
    #expect(memory.bodies == 2 * 2 * (4 << 20))
    #expect(memory.process == (15 + 64) << 20)
    #expect(memory.total == (12 + 6 + 6 + 16 + 79) << 20)
    #expect(memory.sum == memory.plan + memory.arenas + memory.queue + memory.bodies + memory.process)
  }

  @Test(arguments: [(500, 1), (1000, 1), (1500, 2), (8000, 8)])
  func `there is an executor for each begun CPU`(milliCPU: Int, executors: Int) {
    var service = Fixture.service
    service.placement.milliCPU = milliCPU
    #expect(PodMemory.executors(of: service) == executors)
  }

  @Test func `a request of one's own is taken when it suffices`() throws {
    let workload = try Fixture.workload { service, _ in service.placement.memory = 4 << 30 }
    #expect(workload.memory == 4 << 30)
  }

  @Test func `too little memory names what needs it`() throws {
    let error = #expect(throws: ManifestError.self) {
      try Fixture.workload { service, _ in service.placement.memory = 64 << 20 }
    }
    #expect(
      error?.description
        == "service `recommender` has 64Mi of memory and needs 119Mi: plan 12582912 + arenas 6291456 + queue 6291456 "
        + "+ bodies 16777216 + process 82837504 bytes")
  }
}
