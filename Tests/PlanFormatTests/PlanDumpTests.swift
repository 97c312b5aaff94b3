import PlanFormat
import Testing

@Suite struct PlanDumpTests {
  @Test func `a dump states every part of a plan, one fact a line`() {
    let lines = PlanDump.text(SamplePlan.plan).split(separator: "\n").map { String($0) }
    for line in [
      "plan recommender",
      "  weights 5242880 bytes",
      "  dim cand = 1...100",
      "  customer_id: u64 in 0...18446744073709551615",
      "  device: enum(phone, desktop)?",
      "  age: f32? in 0.0...130.0",
      "  query: string? of 0...80 bytes",
      "  scores: f32[cand + 1]",
      #"  shop: sqlite "shop.sqlite""#,
      "features Product from shop.products by product_id = candidates, on miss reject",
      "  dense: f32[2] = 0.0",
      #"  title: string = "unknown""#,
      #"program recommender.control: version "v1", model Ranker, batched over batch, arena 16384 bytes, scratch 128 bytes"#,
      "  in arena+3200: bool presence of request.device",
      "  in arena+3392: i64[cand] Product.category",
      "  0: gemm_0(arena+0, weights+64, arena+12992)  # gemm, split (22000*cand + 60 ps)",
      "  1: relu_1(arena+12992, scratch+64)  # relu",
      "  request by request: 2...3",
      "  3: relu_1(arena+12992+request*404, local+64)  # relu",
      "  out arena+12992: f32[cand + 1] response.scores",
      #"  out model = "v2""#,
      #"experiment ranker_v2 by request.customer_id, salt "2026-spring""#,
      "  control: recommender.control below 16602069666338596449",
      "  recommender.control at batch = 2, cand = 3: relative, tolerance 1e-05",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }
}
