import ServeSema
import Testing

@testable import KubernetesManifests

@Suite struct WorkloadTests {
  @Test(arguments: ["rec", "a-1", String(repeating: "a", count: 63)])
  func `a name that Kubernetes takes is kept`(name: String) throws {
    #expect("\(try KubernetesName(name, what: ""))" == name)
  }

  @Test func `underscores become dashes`() throws {
    #expect("\(try KubernetesName("my_rec", what: ""))" == "my-rec")
  }

  @Test(arguments: ["", "1rec", "-a", "a-", "a.b", "é", String(repeating: "a", count: 64)])
  func `a name that Kubernetes does not take is refused`(name: String) {
    #expect(throws: ManifestError.self) { try KubernetesName(name, what: "x") }
  }

  @Test func `a name that is too long with its env is refused`() {
    #expect(throws: ManifestError.self) {
      try Fixture.workload { service, _ in service.name = String(repeating: "a", count: 60) }
    }
  }

  @Test func `the selector does not change with the build`() throws {
    var facts = Fixture.facts
    facts.digest = String(repeating: "cd", count: 32)
    facts.settings = "{}"
    #expect(try Fixture.workload(facts: facts).selector == Fixture.workload().selector)
  }

  @Test func `other settings are another ConfigMap`() throws {
    var facts = Fixture.facts
    facts.settings += " "
    #expect(try Fixture.workload(facts: facts).settingsName != Fixture.workload().settingsName)
  }

  @Test func `a pod gets its drain and the time that proxies need`() throws {
    let lifetime = try Fixture.workload().lifetime
    #expect(lifetime.startup == 30)
    #expect(lifetime.preStopSleep == 5)
    #expect(lifetime.terminationGracePeriod == 22)
  }

  @Test func `a spot pod ends within its notice`() throws {
    let lifetime = try Fixture.workload { service, _ in service.placement.pool?.spot = true }.lifetime
    #expect(lifetime.preStopSleep == 2)
    #expect(lifetime.terminationGracePeriod == 15)
  }

  @Test func `parts of a second count as a whole one`() {
    #expect(Quantity.seconds(nanoseconds: 1_500_000_000) == 2)
    #expect(Quantity.seconds(nanoseconds: 2_000_000_000) == 2)
  }

  @Test(arguments: [(1 << 30, "1Gi"), (192 << 20, "192Mi"), (1000, "1000"), (0, "0")])
  func `bytes have the largest unit that divides them`(bytes: Int64, text: String) {
    #expect(Quantity.text(bytes: bytes) == text)
  }
}
