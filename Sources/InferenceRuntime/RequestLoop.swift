import CTeam
import PlanFormat

/// Steps that run for one request after the other, with a batch of one.
final class RequestLoop {
  /// With pointers to the request that `point(to:)` was last called for.
  let calls: [StepCall]
  private let batch: Int
  private let table: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
  private let strides: UnsafeMutableBufferPointer<Int>
  private let scratchBuffers: UnsafeMutableBufferPointer<UInt32>
  private let teamCalls: UnsafeMutableBufferPointer<serve_call>
  private let requests: UnsafeMutablePointer<serve_requests>

  /// - Parameters:
  ///   - batch: the symbol that says how many requests there are.
  ///   - buffers: the steps' pointers for request 0, one step's after the other's.
  ///   - scratch: where the executor's scratch begins.
  ///   - call: makes the call of a step, by its number in the program, with pointers that change.
  init(
    _ steps: ArraySlice<Program.Step>, batch: Int, buffers: UnsafePointer<UnsafeMutableRawPointer?>,
    scratch: UnsafeMutableRawPointer?, call: (Int, UnsafePointer<UnsafeMutableRawPointer?>) -> StepCall,
  ) {
    self.batch = batch
    let arguments = steps.flatMap(\.arguments)
    table = .allocate(capacity: max(1, arguments.count))
    table.initialize(repeating: nil)
    strides = .allocate(capacity: max(1, arguments.count))
    strides.initialize(repeating: 0)
    var own: [UInt32] = []
    for (at, argument) in arguments.enumerated() {
      switch argument {
      case .request(_, let stride): strides[at] = Int(stride)
      case .scratch, .local: own.append(UInt32(at))
      case .arena, .weights: break
      }
    }
    scratchBuffers = .allocate(capacity: max(1, own.count))
    scratchBuffers.initialize(repeating: 0)
    for (at, place) in own.enumerated() { scratchBuffers[at] = place }
    let start = UnsafePointer(table.baseAddress.unsafelyUnwrapped)
    var calls: [StepCall] = []
    teamCalls = .allocate(capacity: steps.count)
    var first = 0
    for (at, step) in zip(steps.indices, steps) {
      let made = call(at, start + first)
      teamCalls.initializeElement(at: calls.count, to: serve_call(run: made.kernel, first: UInt32(first)))
      calls.append(made)
      first += step.arguments.count
    }
    self.calls = calls
    requests = .allocate(capacity: 1)
    requests.initialize(
      to: serve_requests(
        calls: UnsafePointer(teamCalls.baseAddress), call_count: UInt32(steps.count),
        buffer_count: UInt32(arguments.count), buffers: buffers, strides: UnsafePointer(strides.baseAddress),
        scratch_buffers: UnsafePointer(scratchBuffers.baseAddress), scratch_count: UInt32(own.count),
        scratch: scratch?.assumingMemoryBound(to: UInt8.self), table: table.baseAddress))
  }

  deinit {
    for call in calls { call.split?.deallocate() }
    requests.deallocate()
    teamCalls.deallocate()
    scratchBuffers.deallocate()
    strides.deallocate()
    table.deallocate()
  }

  /// Copies the dimensions but for the batch, which becomes 1, and returns it.
  func setOne(_ dims: UnsafeMutableBufferPointer<Int64>, _ one: UnsafeMutableBufferPointer<Int64>) -> Int {
    for at in dims.indices { one[at] = dims[at] }
    one[batch] = 1
    return Int(dims[batch])
  }

  func point(to request: Int) {
    serve_point(requests, requests.pointee.table, requests.pointee.scratch, Int64(request))
  }

  /// Runs as many of the first requests as the threads of a team share evenly, and returns how many.
  func run(_ team: Team, _ dims: UnsafePointer<Int64>, requests count: Int) -> Int {
    Int(serve_team_run_requests(team.handle, requests, dims, Int64(count)))
  }
}
