import PlanFormat
import TensorTypes

/// One kernel call with its pointers.
struct StepCall {
  let kernel: CodeLibrary.Kernel
  let arguments: UnsafePointer<UnsafeMutableRawPointer?>
  /// Of a step that the team may run.
  let split: TeamStep?
}

/// A program whose kernels and arguments are pointers into one executor's memory and the plan's weights.
final class ExecutableProgram {
  enum Stretch {
    /// Each for all requests.
    case calls([StepCall])
    /// All of them for one request after the other.
    case requests(RequestLoop)
    /// What the step before has found.
    case dims([Program.FoundDim])
  }

  let stretches: [Stretch]
  let inputs: [BoundTensor]
  let outputs: [BoundTensor]
  /// The pointers of all steps, for request 0.
  private let arguments: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>

  init(
    _ program: Program, of plan: LoadedPlan, arena: UnsafeMutableRawBufferPointer,
    scratch: UnsafeMutableRawBufferPointer,
  ) {
    let symbols = plan.plan.symbols
    let weights = plan.file.weights
    let count = program.steps.reduce(0) { $0 + $1.arguments.count }
    let arguments = UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>.allocate(capacity: max(1, count))
    arguments.initialize(repeating: nil)
    var firsts: [Int] = []
    var next = 0
    for step in program.steps {
      firsts.append(next)
      for argument in step.arguments {
        switch argument {
        case .arena(let offset), .request(let offset, _):
          arguments[next] = arena.baseAddress?.advanced(by: Int(offset))
        case .weights(let offset):
          // Weights are mapped read-only, so a kernel that wrote to them would fault.
          arguments[next] = UnsafeMutableRawPointer(mutating: weights.baseAddress?.advanced(by: Int(offset)))
        case .scratch(let offset), .local(let offset):
          arguments[next] = scratch.baseAddress?.advanced(by: Int(offset))
        }
        next += 1
      }
    }
    func call(_ at: Int, _ pointers: UnsafePointer<UnsafeMutableRawPointer?>) -> StepCall {
      let step = program.steps[at]
      let kernel = plan.library.kernels[step.kernel]
      let split =
        step.isSplit ? TeamStep(step, kernel, pointers, scratch: scratch.baseAddress, symbols: symbols) : nil
      return StepCall(kernel: kernel, arguments: pointers, split: split)
    }
    let start = UnsafePointer(arguments.baseAddress.unsafelyUnwrapped)
    var stretches: [Stretch] = []
    var done = 0
    for loop in program.requestLoops + [program.steps.count..<program.steps.count] {
      while done < loop.lowerBound {
        let found = program.foundDims.first { $0.step >= done }
        let end = found.map { min($0.step + 1, loop.lowerBound) } ?? loop.lowerBound
        stretches.append(.calls((done..<end).map { call($0, start + firsts[$0]) }))
        let dims = program.foundDims.filter { $0.step == end - 1 }
        if !dims.isEmpty { stretches.append(.dims(dims)) }
        done = end
      }
      if !loop.isEmpty, let batch = program.batch {
        let requests = RequestLoop(
          program.steps[loop], batch: batch, buffers: start + firsts[loop.lowerBound], scratch: scratch.baseAddress
        ) { at, pointers in call(at, pointers) }
        stretches.append(.requests(requests))
      }
      done = loop.upperBound
    }
    self.stretches = stretches
    self.arguments = arguments
    inputs = program.inputs.map { BoundTensor($0, batch: program.batch, symbols: symbols) }
    outputs = program.outputs.map { BoundTensor($0, batch: program.batch, symbols: symbols) }
  }

  deinit {
    for stretch in stretches {
      if case .calls(let calls) = stretch { for call in calls { call.split?.deallocate() } }
    }
    arguments.deallocate()
  }
}

/// A binding whose size can be computed without allocation.
struct BoundTensor {
  let extents: [CompiledDim]
  private let elementCount: CompiledDim
  private let elementBytes: Int
  private let offset: Int
  private let batch: Int?

  init(_ binding: Program.Binding, batch: Int?, symbols: [Symbol]) {
    extents = binding.shape.dims.map { CompiledDim($0, symbols: symbols) }
    elementCount = CompiledDim(binding.shape.elementCount, symbols: symbols)
    elementBytes = binding.element.byteCount
    offset = Int(binding.offset)
    self.batch = batch
  }

  /// Within the arena: the plan was checked at its largest dimensions, and `request` is below the batch's size.
  func bytes(
    in arena: UnsafeMutableRawBufferPointer, dims: UnsafePointer<Int64>, request: Int,
  ) -> UnsafeMutableRawBufferPointer {
    precondition(request >= 0 && request < batch.map { Int(dims[$0]) } ?? 1, "no such request in this call")
    let count = elementCount.value(dims) * elementBytes
    let start = offset + request * count
    return UnsafeMutableRawBufferPointer(rebasing: arena[start..<start + count])
  }
}
