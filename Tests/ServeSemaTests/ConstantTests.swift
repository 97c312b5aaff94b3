import ServeDiagnostics
import Testing

@testable import ServeSema

/// Amounts with units, and the machines that they are held against.
@Suite struct ConstantTests {
  @Test func `fractions are exact`() throws {
    let tenth = try #require(Rational(1, over: 10))
    let fifth = try #require(Rational(2, over: 10))
    #expect(tenth.adding(fifth) == Rational(3, over: 10))
    #expect(fifth.divided(by: tenth)?.integer == 2)
    #expect(Rational(1, over: 0) == nil)
    #expect(Rational(3, over: -6)?.description == "-0.5")
    #expect(Rational(1, over: 3)?.description == "1/3")
    #expect(Rational(Int.max).multiplied(by: Rational(Int.max))?.multiplied(by: Rational(Int.max)) == nil)
  }

  @Test(arguments: [
    ("1s + 500ms", 1_500_000_000), ("2 * 30ms", 60_000_000), ("1min / 4", 15_000_000_000), ("0.1s + 0.2s", 300_000_000),
    ("1h - 59min", 60_000_000_000),
  ]) func `times are calculated with`(text: String, nanoseconds: Int64) throws {
    let result = check(Self.service("deadline = \(text)"), artifacts: Self.artifacts)
    #expect(result.module?.environments[0].services[0].deadline == nanoseconds)
  }

  @Test(arguments: ["5min + 3GiB", "5min * 3min", "50%", "3", "-1s", "0.1ns", "5min / 30s"])
  func `what is no time is refused`(text: String) {
    let result = check(Self.service("deadline = \(text)"), artifacts: Self.artifacts)
    #expect(
      result.errors.count == 1 && [.unitMismatch, .outOfRange].contains(result.errors[0].code), "\(result.codes)")
  }

  @Test func `amounts read as people write them`() {
    #expect(Amounts.duration(300_000_000_000) == "5min")
    #expect(Amounts.duration(1_500_000) == "1500us")
    #expect(Amounts.bytes(1 << 34) == "16GiB")
    #expect(Amounts.bytes((1 << 30) + 1) == "1.1GiB")
    #expect(Amounts.cpu(3920) == "3.92 cores")
    #expect(Amounts.cpu(50) == "0.05 cores")
  }

  @Test func `machines have what GKE leaves of them`() throws {
    let c3 = try #require(Machine.named("c3-standard-8"))
    #expect(c3.family == .c3 && c3.vcpus == 8 && c3.memoryMiB == 32 << 10)
    let e2 = try #require(Machine.named("e2-standard-4"))
    #expect(e2.allocatableMilliCPU == 3920)
    // 16 GiB less 1 + 0.8 + 0.8 GiB, rounded up to MiB by step, and 100 MiB.
    #expect(e2.allocatableMemory >> 20 == 16_384 - 1024 - 820 - 820 - 100)
    let shared = try #require(Machine.named("e2-medium"))
    #expect(shared.vcpus == 2 && shared.allocatableMilliCPU == 940)
    #expect(Machine.named("g2-standard-4") == nil)
    #expect(Set(Machine.all.map(\.name)).count == Machine.all.count && Machine.all.count > 250)
    #expect(Set(Machine.all.map(\.family)) == Set(CPUFamily.allCases))
  }

  @Test func `names have their case`() {
    #expect(NameCase.lower("maxSize") == "max_size")
    #expect(NameCase.lower("iOS") == "ios")
    #expect(NameCase.lower("ranker_v2") == "ranker_v2")
    #expect(NameCase.upperCamel("ranker_v2") == "RankerV2")
    #expect(NameCase.upperCamel("RankerV2") == "RankerV2")
  }

  static let artifacts = """
    model Ranker {
      source = "ranker.onnx"
      signature {
        in x : f32[N, 4]
        out score : f32[N]
      }
    }
    """

  static func service(_ body: String) -> String {
    """
    serve 1
    model Ranker { source = "ranker.onnx" }
    service recommender {
      model = Ranker
      \(body)
    }
    """
  }
}
