import InferenceRuntime
import PlanFormat
import Testing

@Suite struct MetricsTests {
  private func lines(_ metrics: Metrics, _ name: String) -> [String] {
    metrics.render().split(separator: "\n").map { String($0) }.filter { $0.hasPrefix(name + "{") }
  }

  @Test func `counts of all threads are added up under the arm's labels`() {
    let metrics = Metrics(plan: TestPlan.plan, shards: 2)
    metrics.shard(0).request(program: 0, code: 200)
    metrics.shard(1).request(program: 0, code: 200)
    metrics.shard(1).request(program: 1, code: 504)
    metrics.shard(1).request(program: nil, code: 400)
    #expect(
      lines(metrics, "serve_requests_total") == [
        #"serve_requests_total{service="echo",arm="",model="",version="",code="400"} 1"#,
        #"serve_requests_total{service="echo",arm="a",model="Echo",version="1",code="200"} 2"#,
        #"serve_requests_total{service="echo",arm="b",model="Echo",version="1",code="200"} 0"#,
        #"serve_requests_total{service="echo",arm="b",model="Echo",version="1",code="504"} 1"#,
      ])
  }

  @Test func `a time falls into its bucket and every larger one`() throws {
    let metrics = Metrics(plan: TestPlan.plan, shards: 1)
    let shard = metrics.shard(0)
    for nanoseconds: UInt64 in [1_000, 1_001, 3_000_000_000] {
      shard.observe(.compute, nanoseconds: nanoseconds, program: 1)
    }
    let arm = #"service="echo",arm="b",model="Echo",version="1""#
    let text = metrics.render()
    #expect(text.contains("serve_compute_seconds_bucket{\(arm),le=\"1e-06\"} 1\n"))
    #expect(text.contains("serve_compute_seconds_bucket{\(arm),le=\"2.5e-06\"} 2\n"))
    #expect(text.contains("serve_compute_seconds_bucket{\(arm),le=\"2.5\"} 2\n"))
    #expect(text.contains("serve_compute_seconds_bucket{\(arm),le=\"+Inf\"} 3\n"))
    #expect(text.contains("serve_compute_seconds_sum{\(arm)} 3.000002001\n"))
    #expect(text.contains("serve_compute_seconds_count{\(arm)} 3\n"))
  }

  @Test func `a request that ends on another thread leaves the gauge at zero`() {
    let metrics = Metrics(plan: TestPlan.plan, shards: 2)
    metrics.shard(0).inFlight(1)
    metrics.shard(0).inFlight(1)
    metrics.shard(1).inFlight(-1)
    #expect(lines(metrics, "serve_in_flight_requests") == [#"serve_in_flight_requests{service="echo"} 1"#])
    metrics.shard(1).inFlight(-1)
    #expect(lines(metrics, "serve_in_flight_requests") == [#"serve_in_flight_requests{service="echo"} 0"#])
  }

  @Test func `the plan and gauges are described`() throws {
    let loaded = try TestPlan.load()
    let metrics = Metrics(plan: loaded.plan, shards: 1)
    metrics.describe(loaded)
    metrics.set(.start, to: 0.0625)
    #expect(
      lines(metrics, "serve_plan_info") == [
        #"serve_plan_info{service="echo",plan="\#(loaded.root)",cpu="\#(loaded.family.name)"} 1"#
      ])
    #expect(lines(metrics, "serve_start_seconds") == [#"serve_start_seconds{service="echo"} 0.0625"#])
  }

  @Test func `every metric is introduced once and keeps to the naming rules`() {
    let text = Metrics(plan: TestPlan.plan, shards: 1).render()
    for metric in Metric.all {
      #expect(text.components(of: "# HELP \(metric.name) ") == 1)
      #expect(text.components(of: "# TYPE \(metric.name) \(metric.kind.rawValue)\n") == 1)
      #expect(metric.name.hasPrefix("serve_"))
      #expect(metric.kind != .counter || metric.name.hasSuffix("_total"))
    }
    #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
    #expect(Stage.allCases.allSatisfy { Metric.all.contains($0.metric) })
    #expect(Gauge.allCases.allSatisfy { Metric.all.contains($0.metric) })
  }

  @Test func `label values are escaped`() {
    var plan = TestPlan.plan
    plan.service = "a\"b\\c\nd"
    let metrics = Metrics(plan: plan, shards: 1)
    #expect(lines(metrics, "serve_ready") == [#"serve_ready{service="a\"b\\c\nd"} 0"#])
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
