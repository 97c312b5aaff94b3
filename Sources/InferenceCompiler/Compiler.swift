import Foundation
package import PlanFormat

/// Compiles one or more graphs into programs that share kernels and weights.
/// - Parameters:
///   - units: the arms of a service, or its one pipeline.
///   - symbols: becomes `Plan.symbols`; must hold every symbol of every graph.
/// - Throws: `CompileError` naming the node that has no kernel or the reason why C could not be compiled.
package func compile(
  _ units: [CompilationUnit], symbols: [Symbol], options: CompilerOptions,
) throws(CompileError) -> CompiledPrograms {
  let targets = options.families.map { Target($0) }
  var functions = FunctionTable()
  var weights = WeightStore()
  var programs: [Program] = []
  var reports: [ProgramReport] = []
  for unit in units {
    let lowered = try LoweredUnit(
      unit, symbols: symbols, targets: targets, leastSplitCost: options.leastSplitCost,
      leastLoopBytes: options.leastLoopBytes)
    let (program, report) = try lowered.program(
      symbols: symbols, functions: &functions, weights: &weights, apart: options.keepsBuffersApart)
    programs.append(program)
    reports.append(report)
  }
  return CompiledPrograms(
    programs: programs, kernels: functions.names, code: try codeObjects(functions, options),
    weights: weights.segments, weightBytes: weights.sectionBytes, reports: reports)
}

/// The families' code, compiled at the same time.
private func codeObjects(_ functions: FunctionTable, _ options: CompilerOptions) throws(CompileError) -> [CodeObject] {
  let sources = options.families.indices.map { functions.source(target: $0) }
  let results = Collected<Result<[UInt8], any Error>>()
  DispatchQueue.concurrentPerform(iterations: sources.count) { at in
    results.set(at, Result { try options.compileC(sources[at], options.families[at]) })
  }
  var code: [CodeObject] = []
  for (at, family) in options.families.enumerated() {
    switch results[at] {
    case .success(let elf): code.append(CodeObject(family: family, elf: elf))
    case .failure(let error): throw CompileError(origin: "C for \(family.name)", message: "\(error)")
    case nil: throw CompileError(origin: "C for \(family.name)", message: "was not compiled")
    }
  }
  return code
}

/// Results by index, from several threads.
private final class Collected<T>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Int: T] = [:]

  func set(_ at: Int, _ value: T) { lock.withLock { values[at] = value } }
  subscript(at: Int) -> T? { lock.withLock { values[at] } }
}

/// The dispatches of each unit with their buffers, as text (`servec dump --stage lowered`).
package func dumpLowered(_ units: [CompilationUnit], symbols: [Symbol]) throws(CompileError) -> String {
  var text = ""
  for unit in units { text += try LoweredUnit(unit, symbols: symbols, targets: [Target(.x86v3)]).dump(symbols) }
  return text
}

/// The printed C of every kernel for a family (`servec dump --stage c`).
package func dumpC(_ units: [CompilationUnit], symbols: [Symbol], family: CPUFamily) throws(CompileError) -> String {
  var functions = FunctionTable()
  var weights = WeightStore()
  for unit in units {
    let lowered = try LoweredUnit(unit, symbols: symbols, targets: [Target(family)])
    _ = try lowered.program(symbols: symbols, functions: &functions, weights: &weights)
  }
  return functions.source(target: 0)
}
