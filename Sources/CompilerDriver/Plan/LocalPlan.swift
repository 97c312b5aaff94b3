import Foundation
import InferenceCompiler
import InferenceIR
import InferenceRuntime
import PlanFormat
import ServeSema
import Synchronization
import TensorTypes

/// A plan built for this machine in a temporary folder, with the graphs that it came from.
final class LocalPlan {
  let loaded: LoadedPlan
  /// Nil when a plan file was given instead of a source.
  let assembly: ServiceAssembly?
  private let folder: URL?

  /// Opens a plan file.
  init(planFile path: String) throws {
    do {
      loaded = try LoadedPlan(path: path)
    } catch {
      throw DriverError(.inputErrors, "\(path): \(error)")
    }
    assembly = nil
    folder = nil
  }

  /// Builds a service for the best family of this CPU.
  init(_ assembly: ServiceAssembly, progress: Progress = .silent) throws {
    guard let family = HostCPU.families.first else {
      throw DriverError(.environment, "this CPU has no AVX2, which every family of kernels needs")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "servec-\(getpid())-\(UUID().uuidString)")
    self.folder = folder
    self.assembly = assembly
    let builder = PlanBuilder(cache: KernelCache(clang: try Clang.find()), families: [family], progress: progress)
    do {
      let built = try builder.build(assembly, metadata: "{}", into: folder, golden: false)
      loaded = try LoadedPlan(path: built.path)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  deinit { if let folder { try? FileManager.default.removeItem(at: folder) } }

  /// Writes a tensor over all requests of a call into an input.
  static func write(_ tensor: HostTensor, to executor: Executor, input: Int, program: Int, requests: Int) throws {
    let texts = tensor.strings.map(InternedText.init)
    let bytes = tensor.element == .string ? texts.withUnsafeBytes { Array($0) } : tensor.bytes
    bytes.withUnsafeBytes { bytes in
      var at = 0
      for request in 0..<requests {
        let part = executor.input(input, of: program, request: request)
        part.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[at..<min(bytes.count, at + part.count)]))
        at += part.count
      }
    }
  }

  /// Reads an output over all requests of a call.
  static func read(
    _ executor: Executor, output: Int, program: Int, requests: Int, element: ElementType, shape: [Int],
  ) -> HostTensor {
    let bytes = (0..<requests).flatMap { Array(executor.output(output, of: program, request: $0)) }
    guard element == .string else { return HostTensor(element: element, shape: shape, bytes: bytes) }
    let texts = bytes.withUnsafeBytes { Array($0.bindMemory(to: InternedText.self)) }
    return HostTensor(strings: texts.map(\.bytes), shape: shape)
  }
}

/// A string as kernels see it (`serve_string`): a pointer that stays valid for the life of the process, and a length.
private struct InternedText: BitwiseCopyable {
  private let start: UnsafePointer<UInt8>?
  private let length: UInt64

  private static let pool = Mutex<[[UInt8]: UnsafeMutablePointer<UInt8>]>([:])

  init(_ text: [UInt8]) {
    let place = Self.pool.withLock { pool in
      if let known = pool[text] { return UInt(bitPattern: known) }
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, text.count))
      copy.initialize(from: text, count: text.count)
      pool[text] = copy
      return UInt(bitPattern: copy)
    }
    start = UnsafePointer(bitPattern: place)
    length = UInt64(text.count)
  }

  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: Int(length))) }
}

extension ServiceAssembly {
  /// The one service of a checked program's first environment, or all of them, with a batch of at least `batch`.
  static func all(in program: CheckedProgram, batch: Int) throws -> [ServiceAssembly] {
    guard let module = program.module, let environment = module.environments.first else { return [] }
    let importer = GraphImporter()
    return try environment.services.map { service in
      var service = service
      service.batching.maximumSize = max(service.batching.maximumSize, batch)
      return try ServiceAssembler(module: module, service: service) { try importer.graph($0) }.assemble()
    }
  }
}
