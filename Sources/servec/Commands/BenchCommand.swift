import ArgumentParser
import CompilerDriver

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times the compiled plan in this process, from bound inputs to output buffers.",
    discussion:
      "For a .serve file each arm is a row. With more threads, long steps of a request are split over them; with more requests, as many run at a time and share the threads."
  )

  @Argument(help: "An .onnx, .serve or .plan file.")
  var path: String

  @Option(help: "Batch sizes, separated by commas.")
  var batch = "1"

  @Option(help: "Threads, separated by commas.")
  var threads = "1"

  @Option(help: "Requests at a time.")
  var requests = 1

  @Option(help: "Seconds for each row.")
  var seconds = 2.0

  @Option(help: "A folder with input_<i>.pb to run on, which also give the dimensions; random inputs when left out.")
  var data: String?

  @Option(
    help: "f32, f16, bf16 or int8: what the weights of an .onnx file are rounded to; as in the file when left out.")
  var weights: String?

  @Option(help: "precise or fast, for an .onnx file: whether faster algorithms with more roundings are taken.")
  var numerics: String?

  @Flag(
    help:
      "A row for each step of the plan, on the first of --threads: json has step, kernel, p50_us, min_us, weight_bytes."
  )
  var steps = false

  @Flag(help: "Instead of times: whether single requests, fewer requests and two threads give the same bits.")
  var sameBits = false

  @Flag(
    help:
      "Instead of times of runs: of loading a .plan file to its first answer, once, on --data; the first of --threads."
  )
  var load = false

  @Option(help: "text, or json: one object a line with model, batch, threads, p50_us, p99_us and min_us.")
  var format = OutputFormat.text

  func run() throws {
    let bench = try Bench(
      batches: try numbers(batch, "--batch"), threads: try numbers(threads, "--threads"), requests: max(1, requests),
      seconds: seconds, data: data, weights: weights, numerics: numerics)
    if load {
      if format == .text { Console.note(LoadRow.header) }
      let row = try bench.runLoad(path: path)
      return Console.result(format == .json ? row.json : row.text)
    }
    if steps {
      if format == .text { Console.note(StepRow.header) }
      return try bench.runSteps(path: path) { Console.result(format == .json ? $0.json : $0.text) }
    }
    if sameBits {
      var differs = false
      try bench.runInvariance(path: path) {
        Console.result(format == .json ? $0.json : $0.text)
        differs = differs || $0.difference != nil
      }
      if differs { throw ExitStatus.inputErrors }
      return
    }
    if format == .text { Console.note(BenchRow.header) }
    try bench.run(path: path) { Console.result(format == .json ? $0.json : $0.text) }
  }

  private func numbers(_ text: String, _ option: String) throws -> [Int] {
    let values = text.split(separator: ",").map { Int($0) }
    guard !values.isEmpty, values.allSatisfy({ ($0 ?? 0) > 0 }) else {
      throw ValidationError("\(option) takes positive numbers separated by commas, not `\(text)`")
    }
    return values.compactMap { $0 }
  }
}
