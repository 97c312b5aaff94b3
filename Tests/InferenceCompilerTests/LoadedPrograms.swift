import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes

/// Compiled programs in memory, run as the runtime runs them.
final class LoadedPrograms {
  typealias Function =
    @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<Int64>, Int64, Int64) -> Void

  let compiled: CompiledPrograms
  let symbols: [Symbol]
  private let library: UnsafeMutableRawPointer
  private let functions: UnsafePointer<Function>
  private let weights: GuardedMemory

  init(
    _ graphs: [Graph], symbols: [Symbol] = [], batch: String? = nil, families: [CPUFamily] = [.x86v3],
    compiledAs machine: CPUFamily? = nil, extra: [String] = [], leastSplitCost: Int = Program.Step.leastSplitCost,
    leastLoopBytes: Int = CompilerOptions.leastLoopBytes, numerics: Numerics = .precise,
  ) throws {
    let units = graphs.map { graph in
      CompilationUnit(
        graph: graph, name: graph.name, version: "1", batch: batch,
        inputs: graph.inputs.indices.map { .request($0) }, outputs: graph.outputs.indices.map { .response($0) },
        numerics: numerics)
    }
    self.symbols = symbols
    compiled = try compile(
      units, symbols: symbols,
      options: CompilerOptions(
        families: families, leastSplitCost: leastSplitCost, leastLoopBytes: leastLoopBytes,
        keepsBuffersApart: Sanitizer.isOn
      ) {
        // Only the first family's code runs here, and its sanitizers' runtime is at hand.
        try Toolchain.compile($0, machine ?? $1, extra: extra + ($1 == families[0] ? Sanitizer.flags : []))
      })
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).so")
    try Data(compiled.code[0].elf).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    guard let library = dlopen(file.path, RTLD_NOW | RTLD_LOCAL), let table = dlsym(library, "serve_kernels") else {
      throw Toolchain.Failure(description: String(cString: dlerror()))
    }
    self.library = library
    functions = UnsafePointer(table.assumingMemoryBound(to: Function.self))
    weights = GuardedMemory(byteCount: Int(compiled.weightBytes))
    for segment in compiled.weights {
      segment.fill(UnsafeMutableRawBufferPointer(start: weights.start + Int(segment.offset), count: segment.byteCount))
    }
    // Segments are padded to 64 bytes, which kernels may read.
    Sanitizer.allow(
      compiled.weights.map { Int($0.offset)..<Int($0.offset) + ($0.byteCount + 63) / 64 * 64 }, of: weights)
  }

  deinit {
    dlclose(library)
  }

  /// Runs one program on an arena full of NaN, each split step in as many parts, the last part first.
  func run(_ at: Int = 0, _ inputs: [HostTensor], dims: [String: Int] = [:], parts: Int = 1) -> [HostTensor] {
    let program = compiled.programs[at]
    let memory = GuardedMemory(byteCount: Int(program.arenaBytes))
    let arena = memory.start
    arena.initializeMemory(as: UInt8.self, repeating: 0xFF, count: memory.byteCount)
    defer { withExtendedLifetime(memory) {} }
    let sizes = Dictionary(uniqueKeysWithValues: symbols.map { ($0.name, dims[$0.name] ?? $0.maximum) })
    Sanitizer.allow(
      compiled.reports[at].buffers.map { $0.offset..<$0.offset + ($0.byteCount.evaluate(sizes) ?? 0) }, of: memory)
    var strings: [UnsafeMutablePointer<UInt8>] = []
    defer { for pointer in strings { pointer.deallocate() } }
    for (binding, tensor) in zip(program.inputs, inputs) {
      let place = arena + Int(binding.offset)
      if tensor.element == .string {
        for (index, text) in tensor.strings.enumerated() {
          let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.count, 1))
          bytes.initialize(from: text, count: text.count)
          strings.append(bytes)
          place.storeBytes(of: UInt(bitPattern: bytes), toByteOffset: index * 16, as: UInt.self)
          place.storeBytes(of: UInt(text.count), toByteOffset: index * 16 + 8, as: UInt.self)
        }
      } else {
        tensor.bytes.withUnsafeBytes {
          place.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(place), byteCount: $0.count)
        }
      }
    }
    let found = steps(program, arena, dims, parts: parts)()
    let dims = dims.merging(found) { $1 }
    let leading = program.batch.map { [symbols[$0].name] } ?? []
    return program.outputs.map { binding in
      let shape = leading.map { dims[$0] ?? 0 } + (binding.shape.evaluate(dims) ?? [])
      let place = arena + Int(binding.offset)
      let count = shape.reduce(1, *)
      if binding.element == .string {
        let texts = (0..<count).map { index -> [UInt8] in
          let address = place.load(fromByteOffset: index * 16, as: UInt.self)
          let length = place.load(fromByteOffset: index * 16 + 8, as: Int.self)
          return Array(UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: address), count: length))
        }
        return HostTensor(strings: texts, shape: shape)
      }
      let bytes = UnsafeRawBufferPointer(start: place, count: count * binding.element.byteCount)
      return HostTensor(element: binding.element, shape: shape, bytes: Array(bytes))
    }
  }

  /// A closure that runs all steps over an arena, with pointers resolved once, and gives the dimensions that they find.
  func steps(
    _ program: Program, _ arena: UnsafeMutableRawPointer, _ dims: [String: Int], parts: Int = 1,
  ) -> () -> [String: Int] {
    let scratch = GuardedMemory(byteCount: Int(program.scratchBytes))
    let values = symbols.map { Int64(dims[$0.name] ?? $0.maximum) } + [0]
    var one = values
    if let batch = program.batch { one[batch] = 1 }
    let calls = program.calls(requests: program.batch.map { Int(values[$0]) } ?? 1).map { call in
      let step = program.steps[call.step]
      return (
        call.step, functions[step.kernel], step.isSplit ? parts : 1, call.request == nil,
        step.arguments.map { argument -> UnsafeMutableRawPointer? in
          switch argument {
          case .arena(let offset): arena + Int(offset)
          case .weights(let offset): weights.start + Int(offset)
          case .scratch(let offset), .local(let offset): scratch.start + Int(offset)
          case .request(let offset, let stride): arena + Int(offset) + Int(stride) * (call.request ?? 0)
          }
        }
      )
    }
    return { [symbols] in
      var values = values
      var found: [String: Int] = [:]
      for (step, function, parts, isForAll, pointers) in calls {
        let dims = isForAll ? values : one
        for part in (0..<parts).reversed() { function(pointers, dims, Int64(part), Int64(parts)) }
        for dim in program.foundDims where dim.step == step {
          values[dim.symbol] = arena.load(fromByteOffset: Int(dim.offset), as: Int64.self)
          found[symbols[dim.symbol].name] = Int(values[dim.symbol])
        }
      }
      withExtendedLifetime(scratch) {}
      return found
    }
  }
}

/// Memory that ends at a page that faults, so that no test passes while a kernel reads or writes past the end.
final class GuardedMemory {
  let start: UnsafeMutableRawPointer
  let byteCount: Int
  private let mapping: UnsafeMutableRawPointer
  private let mapped: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    let pages = (byteCount + 4095) / 4096 * 4096
    mapped = pages + 4096
    mapping = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    mprotect(mapping + pages, 4096, PROT_NONE)
    start = mapping + (pages - byteCount)
  }

  deinit {
    Sanitizer.allow([0..<byteCount], of: self)
    munmap(mapping, mapped)
  }
}
