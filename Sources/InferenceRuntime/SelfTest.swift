import CPlanABI
package import PlanFormat
import TensorTypes

extension LoadedPlan {
  /// Runs every golden vector and compares; fails closed, a program without one included.
  /// - Parameter team: runs parts of long steps on other threads.
  /// - Returns: the executor that ran them. Its pages are there, which a new one's first run would wait for.
  @discardableResult
  package func selfTest(team: Team? = nil) throws(RuntimeError) -> sending Executor {
    let executor = try Executor(self, team: team)
    let plan = plan
    for (index, program) in plan.programs.enumerated() {
      guard plan.golden.contains(where: { $0.program == index }) else { throw .noGolden(program: program.name) }
    }
    for vector in plan.golden { try executor.check(vector) }
    return executor
  }
}

extension Executor {
  /// Runs one golden vector and throws `.golden` where an output differs by more than it allows.
  package func check(_ vector: GoldenVector) throws(RuntimeError) {
    let definition = plan.plan
    let program = definition.programs[vector.program]
    for (symbol, value) in vector.dims.enumerated() { try setDim(symbol, to: value) }
    let requests = program.batch.map { vector.dims[$0] } ?? 1
    // Kernels see strings by pointer, so their bytes must outlive the run.
    var texts: [UnsafeMutableBufferPointer<UInt8>] = []
    defer { for text in texts { text.deallocate() } }
    for (index, tensor) in vector.inputs.enumerated() {
      let target = whole(input(index, of: vector.program), requests)
      if program.inputs[index].element == .string {
        for (element, text) in tensor.strings.enumerated() {
          let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, text.count))
          _ = copy.update(from: text)
          texts.append(copy)
          let value = serve_string(bytes: UnsafePointer(copy.baseAddress), length: UInt64(text.count))
          target.storeBytes(of: value, toByteOffset: element * MemoryLayout<serve_string>.stride, as: serve_string.self)
        }
      } else {
        target.copyBytes(from: tensor.bytes)
      }
    }
    run(vector.program)
    for found in program.foundDims where dim(found.symbol) != vector.dims[found.symbol] {
      let name = definition.symbols[found.symbol].name
      throw .golden(
        program: program.name, output: name,
        problem: "is \(dim(found.symbol)) where \(vector.dims[found.symbol]) belongs")
    }
    for (index, tensor) in vector.outputs.enumerated() {
      let first = UnsafeMutableRawBufferPointer(mutating: output(index, of: vector.program))
      let problem = GoldenComparison.problem(
        UnsafeRawBufferPointer(whole(first, requests)), tensor, program.outputs[index].element,
        vector.comparisons[index], tolerance: vector.tolerance)
      if let problem {
        throw .golden(program: program.name, output: outputName(program.outputs[index]), problem: problem)
      }
    }
  }

  /// The bytes of all requests, given those of the first.
  private func whole(_ first: UnsafeMutableRawBufferPointer, _ requests: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: first.baseAddress, count: first.count * requests)
  }

  private func outputName(_ binding: Program.Binding) -> String {
    guard case .response(let field) = binding.port else { return "?" }
    return plan.plan.response[field].name
  }
}
