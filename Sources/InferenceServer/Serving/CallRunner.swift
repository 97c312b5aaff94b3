internal import CPlanABI
internal import FeatureStores
internal import Glibc
internal import InferenceRuntime
internal import OpenInferenceProtocol
internal import PlanFormat
internal import TensorTypes

/// Runs calls of one service on one thread: from values in frames to values in the arena.
///
/// A call is `begin`, then `load` for each of its requests, then `run`; after that `values` says where the answer is,
/// until the next `begin`.
final class CallRunner {
  private let service: Service
  private let executor: Executor
  private let features: FeatureReader
  private let shard: Metrics.Shard
  /// By program: the groups that it reads.
  private let groups: [[Int]]
  /// By program, then response field: a string that stands for a literal, its text kept for good.
  private let literals: UnsafeMutablePointer<serve_string>
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer>

  /// Reserves the arena and opens the stores.
  init(_ service: Service, shard: Metrics.Shard) throws {
    self.service = service
    self.shard = shard
    executor = try service.makeExecutor()
    let features = try FeatureReader(service.stores)
    self.features = features
    groups = service.programs.indices.map { features.groups(of: $0) }
    let fields = max(1, service.response.fields.count)
    literals = .allocate(capacity: fields * service.programs.count)
    for (index, value) in service.programs.flatMap({ Self.padded($0.values, to: fields) }).enumerated() {
      (literals + index).initialize(to: Self.literal(value))
    }
    pointers = .allocate(capacity: fields)
    pointers.initialize(repeating: UnsafeRawPointer(literals), count: fields)
  }

  deinit {
    for index in 0..<max(1, service.response.fields.count) * service.programs.count {
      UnsafeMutableRawPointer(mutating: literals[index].bytes)?.deallocate()
    }
    literals.deallocate()
    pointers.deallocate()
  }

  private static func padded(_ values: [ServedProgram.Value], to count: Int) -> [ServedProgram.Value] {
    values + Array(repeating: .literal([]), count: count - values.count)
  }

  private static func literal(_ value: ServedProgram.Value) -> serve_string {
    switch value {
    case .output: return serve_string(bytes: nil, length: 0)
    case .literal(let text):
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, text.count))
      copy.initialize(repeating: 0, count: max(1, text.count))
      for (index, byte) in text.enumerated() { copy[index] = byte }
      return serve_string(bytes: copy, length: UInt64(text.count))
    }
  }

  /// The program for one request of a frame, by the experiment.
  func route(_ frame: RequestFrame, row: Int) -> Int {
    guard let router = service.router else { return 0 }
    let field = router.experiment.keyField
    let element = service.request.fields[field].element
    guard let keys = frame.bytes(field).baseAddress else { return 0 }
    let arm = router.arm(keyAt: keys + row * element.byteCount, element: element)
    return router.experiment.arms[arm].program
  }

  /// Begins a call of `count` requests whose dimensions are those of `frame`.
  func begin(_ program: Int, _ frame: RequestFrame, count: Int) throws(RequestError) {
    do throws(RuntimeError) {
      let batch = service.programs[program].batch
      for symbol in service.request.symbols.indices where symbol != batch?.symbol {
        try executor.setDim(symbol, to: Int(frame.dims[symbol]))
      }
      if let batch { try executor.setDim(batch.symbol, to: count) }
    } catch {
      throw RequestError(400, error.description)
    }
  }

  /// Frees the text of features that earlier calls read.
  func forgetTexts() { features.beginCall() }

  /// Puts `rows` of a frame into the call, as requests from `request` on.
  func load(_ program: Int, _ frame: RequestFrame, rows: Range<Int>, at request: Int) throws(RequestError) {
    for (input, source) in service.programs[program].sources {
      let target = executor.input(input, of: program, request: request)
      guard let base = target.baseAddress else { continue }
      switch source {
      case .field(let field):
        guard let values = frame.bytes(field).baseAddress else { continue }
        memcpy(base, values + rows.lowerBound * target.count, target.count * rows.count)
      case .presence(let field):
        memset(base, frame.isPresent[field] ? 1 : 0, target.count * rows.count)
      }
    }
    if groups[program].isEmpty { return }
    let started = MonotonicClock.now()
    for (offset, row) in rows.enumerated() { try readFeatures(program, frame, row, request + offset) }
    shard.observe(.features, nanoseconds: MonotonicClock.now() - started, program: program)
  }

  private func readFeatures(
    _ program: Int, _ frame: RequestFrame, _ row: Int, _ request: Int,
  ) throws(RequestError) {
    guard let arena = executor.arena.baseAddress else { return }
    for group in groups[program] {
      let field = service.loaded.plan.features[group].keyField
      let count = frame.count(field)
      let size = count * service.request.fields[field].element.byteCount
      let keys = frame.isPresent[field] ? frame.bytes(field).baseAddress.map { $0 + row * size } : nil
      do throws(FeatureStoreError) {
        let missing = try features.read(
          group: group, program: program, keys: keys, count: count, arena: arena, request: request)
        shard.features(rows: count, defaults: missing, program: program)
      } catch {
        throw RequestError(error, keyField: service.request.fields[field].name)
      }
    }
  }

  /// Runs the call that was loaded.
  func run(_ program: Int, count: Int) {
    let started = MonotonicClock.now()
    executor.run(program)
    shard.observe(.compute, nanoseconds: MonotonicClock.now() - started, program: program)
    shard.batch(size: count, program: program)
  }

  /// Tells a frame the dimensions that its call has found: those of the answer.
  func takeFoundDims(_ program: Int, into frame: RequestFrame) {
    for symbol in service.programs[program].foundSymbols { frame.dims[symbol] = Int64(executor.dim(symbol)) }
  }

  /// Where the answer to request `request` of the call stands, one pointer a response field.
  func values(_ program: Int, request: Int) -> UnsafePointer<UnsafeRawPointer> {
    for (field, value) in service.programs[program].values.enumerated() {
      switch value {
      case .output(let output):
        pointers[field] =
          executor.output(output, of: program, request: request).baseAddress ?? UnsafeRawPointer(literals)
      case .literal:
        pointers[field] = UnsafeRawPointer(literals + program * service.response.fields.count + field)
      }
    }
    return UnsafePointer(pointers)
  }
}

extension RequestError {
  /// The answer when features cannot be read: a key that must have a row and has none is the client's mistake.
  init(_ error: FeatureStoreError, keyField: String) {
    switch error {
    case .missing: self.init(400, error.description, field: keyField)
    case .cannotOpen, .noTable, .noColumn, .noIndex, .duplicateKey, .wrongType, .query:
      self.init(500, error.description)
    }
  }
}
