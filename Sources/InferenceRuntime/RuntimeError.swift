import Glibc
package import PlanFormat

/// Why a plan cannot be served on this machine.
package enum RuntimeError: Error, Hashable, Sendable {
  case plan(PlanError)
  /// None of the plan's code objects runs here: what the CPU has, and what the plan holds.
  case noCode(host: [String], families: [CPUFamily])
  /// The code object could not be mapped: the loader's words.
  case code(String)
  /// The table `serve_kernels` has another length than the plan's list of kernels.
  case kernelTable(expected: Int, found: Int)
  case memory(bytes: Int, code: Int32)
  /// A dimension outside the range that the arena was planned for.
  case dimension(symbol: String, value: Int, minimum: Int, maximum: Int)
  case noGolden(program: String)
  /// A program does not reproduce its golden vector on this machine.
  case golden(program: String, output: String, problem: String)
}

extension RuntimeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .plan(let error):
      error.description
    case .noCode(let host, let families):
      "the plan has no code for this CPU: it holds \(list(families.map(\.name))), and the CPU has "
        + "\(list(host)); run it in a pool of \(list(families.map(\.machineFamilies))), or add a pool of this "
        + "machine's family to the cluster and build again"
    case .code(let words):
      "the plan's code cannot be loaded: \(words)"
    case .kernelTable(let expected, let found):
      "the plan's code has \(found) kernels where its steps use \(expected); build it again"
    case .memory(let bytes, let code):
      "cannot reserve an arena of \(bytes) bytes: \(String(cString: strerror(code))); raise the memory limit"
    case .dimension(let symbol, let value, let minimum, let maximum):
      "\(symbol) is \(value), which is outside \(minimum)...\(maximum)"
    case .noGolden(let program):
      "program \(program) has no golden vector to test itself with; build the plan again"
    case .golden(let program, let output, let problem):
      "self-test of program \(program): output \(output) \(problem); this machine does not compute what the build did"
    }
  }

  private func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }
}
