/// What a run found.
struct LoadResult {
  var good = 0
  /// Answers that are not 2xx, and connections that broke.
  var bad = 0
  var seconds = 0.0
  /// Nanoseconds from sending a request to the last byte of its answer, of good answers.
  var times = Histogram()
}

/// The words for it.
struct Report {
  private let result: LoadResult

  init(_ result: LoadResult) { self.result = result }

  private var rate: Double { (Double(result.good) / result.seconds * 10).rounded() / 10 }

  private func microseconds(_ fraction: Double) -> Double { Double(result.times.quantile(fraction)) / 1000 }

  private func milliseconds(_ value: Double) -> String {
    let thousandths = Int(value.rounded())
    let digits = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits) ms"
  }

  var text: String {
    "  \(Int(rate.rounded())) requests/s, p50 \(milliseconds(microseconds(0.5))), p99 \(milliseconds(microseconds(0.99)))"
      + " (\(result.good) requests in \((result.seconds * 100).rounded() / 100) s, \(result.bad) failed)"
  }

  var json: String {
    "{\"rps\":\(rate),\"p50\":\(microseconds(0.5)),\"p90\":\(microseconds(0.9)),\"p99\":\(microseconds(0.99)),"
      + "\"max\":\(Double(result.times.maximum) / 1000),\"requests\":\(result.good),\"bad\":\(result.bad),"
      + "\"seconds\":\(result.seconds)}"
  }
}
