import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes

/// One translation unit of many graphs: compiled, loaded, run and compared.
enum KernelUnit {
  private typealias Kernel =
    @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<Int64>, Int64, Int64) -> Void

  private static let symbols = GraphGenerator.symbols.map {
    Symbol(name: $0.name, minimum: $0.minimum, maximum: $0.maximum)
  }

  static func check(_ seeds: [Int], nodes: Int, optimize: Int) -> UnitResult {
    var result = UnitResult()
    var chosen: [(seed: Int, generator: GraphGenerator)] = []
    for seed in seeds {
      let generator = GraphGenerator(seed: seed, nodes: nodes)
      do {
        _ = try compile([unit(generator)], symbols: symbols, options: options { _, _ in [] })
        chosen.append((seed, generator))
      } catch {
        let text = "seed \(seed): \(error)\n\(generator.graph.text())"
        result.failures.append(Failure(seed: seed, title: "is refused", text: text))
      }
    }
    result.graphs = seeds.count
    result.nodes = chosen.reduce(0) { $0 + $1.generator.graph.nodes.count }
    do {
      let module = try Module(chosen.map { unit($0.generator) }, optimize: optimize)
      result.kernels = module.compiled.kernels.count
      for (at, item) in chosen.enumerated() {
        var random = Seeded(UInt64(item.seed) &* 0x9E37_79B9)
        for dims in [[1, 1], [2, 3], [6, 9]] {
          if let problem = module.problem(at, item.generator, dims: dims, &random) {
            let text =
              "seed \(item.seed) at batch \(dims[0]), rows \(dims[1]): \(problem)\n\(item.generator.graph.text())"
            result.failures.append(Failure(seed: item.seed, title: problem, text: text))
            break
          }
        }
      }
    } catch {
      result.failures.append(Failure(seed: seeds[0], title: "does not compile", text: "seeds \(seeds): \(error)"))
    }
    return result
  }

  private static func unit(_ generator: GraphGenerator) -> CompilationUnit {
    let graph = generator.graph
    return CompilationUnit(
      graph: graph, name: graph.name, version: "1", batch: generator.keepsBatch ? "batch" : nil,
      inputs: graph.inputs.indices.map { .request($0) }, outputs: graph.outputs.indices.map { .response($0) },
      numerics: generator.numerics)
  }

  /// Every kernel that can be split is, however little it does, and all that can run request by request does.
  private static func options(_ compileC: @escaping CompilerOptions.CompileC) -> CompilerOptions {
    #if arch(arm64)
    CompilerOptions(families: [.arm64], leastSplitCost: 0, leastLoopBytes: 0, compileC: compileC)
    #else
    CompilerOptions(families: [.x86v3], leastSplitCost: 0, leastLoopBytes: 0, compileC: compileC)
    #endif
  }

  private final class Module {
    let compiled: CompiledPrograms
    private let library: UnsafeMutableRawPointer
    private let kernels: UnsafePointer<Kernel>
    private let weights: UnsafeMutableRawBufferPointer

    init(_ units: [CompilationUnit], optimize: Int) throws {
      compiled = try compile(units, symbols: symbols, options: options { try Self.clang($0, $1, optimize) })
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).so")
      try Data(compiled.code[0].elf).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      guard let library = dlopen(file.path, RTLD_NOW | RTLD_LOCAL), let table = dlsym(library, "serve_kernels") else {
        throw CompileError(origin: "dlopen", message: String(cString: dlerror()))
      }
      self.library = library
      kernels = UnsafePointer(table.assumingMemoryBound(to: Kernel.self))
      weights = .allocate(byteCount: Int(compiled.weightBytes) + 64, alignment: 4096)
      for segment in compiled.weights {
        let start = Int(segment.offset)
        segment.fill(UnsafeMutableRawBufferPointer(rebasing: weights[start..<start + segment.byteCount]))
      }
    }

    deinit {
      dlclose(library)
      weights.deallocate()
    }

    private static func clang(_ source: String, _ family: CPUFamily, _ optimize: Int) throws -> [UInt8] {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let (input, output) = (folder.appendingPathComponent("k.c"), folder.appendingPathComponent("k.so"))
      try source.write(to: input, atomically: true, encoding: .utf8)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      let flags = CompilerFlags.arguments(for: family).map { $0 == "-O2" ? "-O\(optimize)" : $0 }
      let clang = ProcessInfo.processInfo.environment["SERVEC_CLANG"] ?? "clang"
      process.arguments = [clang] + flags + [input.path, "-o", output.path]
      try process.run()
      process.waitUntilExit()
      return [UInt8](try Data(contentsOf: output))
    }

    /// What is wrong with a graph at some dimensions; nil when nothing is.
    func problem(_ at: Int, _ generator: GraphGenerator, dims: [Int], _ random: inout Seeded) -> String? {
      let graph = generator.graph
      let named = ["batch": dims[0], "rows": dims[1]]
      let inputs = graph.inputs.map { id in
        let shape = graph.type(of: id).shape.evaluate(named) ?? []
        let count = shape.reduce(1, *)
        return graph.type(of: id).element == .f32
          ? HostTensor(.f32, shape, random.floats(count))
          : HostTensor(.i64, shape, (0..<count).map { _ in Int64.random(in: 0..<4, using: &random) })
      }
      // Every value is wanted of the interpreter: errors are held against the largest number on the way.
      var all = graph
      all.outputs += graph.nodes.flatMap(\.outputs)
      guard let values = try? Interpreter.run(all, inputs: inputs, symbols: named) else { return "is not interpreted" }
      let largest =
        values.filter(\.element.isFloat).flatMap { Constant($0).doubles }.filter(\.isFinite).map(abs).max() ?? 0
      let expected = Array(values[..<graph.outputs.count])
      let found = run(at, inputs, dims)
      let types = Set(graph.values.map(\.type.element))
      for (index, (x, y)) in zip(found, expected).enumerated() {
        if let problem = Comparison.problem(x, y, largest: largest, types: types) {
          return "output \(index) \(problem)"
        }
      }
      for parts in [2, 7] where run(at, inputs, dims, parts: parts) != found { return "\(parts) parts give other bits" }
      guard generator.keepsBatch, dims[0] > 1 else { return nil }
      for request in 0..<dims[0] {
        let alone = run(at, inputs.map { $0.request(request, of: dims[0]) }, [1, dims[1]])
        if alone != found.map({ $0.request(request, of: dims[0]) }) { return "request \(request) has other bits alone" }
      }
      return nil
    }

    private func run(_ at: Int, _ inputs: [HostTensor], _ dims: [Int], parts: Int = 1) -> [HostTensor] {
      let program = compiled.programs[at]
      let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(program.arenaBytes) + 64, alignment: 4096)
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(program.scratchBytes) + 64, alignment: 4096)
      defer {
        arena.deallocate()
        scratch.deallocate()
      }
      arena.initializeMemory(as: UInt8.self, repeating: 0xFF)
      for (binding, tensor) in zip(program.inputs, inputs) {
        UnsafeMutableRawBufferPointer(rebasing: arena[Int(binding.offset)...]).copyBytes(from: tensor.bytes)
      }
      let values = dims.map { Int64($0) }
      let one = zip(values.indices, values).map { $0 == program.batch ? 1 : $1 }
      for call in program.calls(requests: program.batch.map { dims[$0] } ?? 1) {
        let step = program.steps[call.step]
        // What a request's steps pass on stays until the next request.
        if call.request == nil { scratch.initializeMemory(as: UInt8.self, repeating: 0xFF) }
        let pointers = step.arguments.map { argument -> UnsafeMutableRawPointer? in
          switch argument {
          case .arena(let offset): arena.baseAddress.map { $0 + Int(offset) }
          case .weights(let offset): weights.baseAddress.map { $0 + Int(offset) }
          case .scratch(let offset), .local(let offset): scratch.baseAddress.map { $0 + Int(offset) }
          case .request(let offset, let stride):
            arena.baseAddress.map { $0 + Int(offset) + Int(stride) * (call.request ?? 0) }
          }
        }
        let count = step.isSplit ? parts : 1
        for part in (0..<count).reversed() {
          kernels[step.kernel](pointers, call.request == nil ? values : one, Int64(part), Int64(count))
        }
      }
      let named = ["batch": dims[0], "rows": dims[1]]
      return program.outputs.map { binding in
        // A binding of a program with a batch is of one request; the others follow.
        let shape = (program.batch.map { [dims[$0]] } ?? []) + (binding.shape.evaluate(named) ?? [])
        let start = Int(binding.offset)
        let count = shape.reduce(1, *) * binding.element.byteCount
        return HostTensor(element: binding.element, shape: shape, bytes: Array(arena[start..<start + count]))
      }
    }
  }
}

extension HostTensor {
  /// One request's part of a tensor whose leading axis is the batch.
  fileprivate func request(_ index: Int, of count: Int) -> HostTensor {
    let size = bytes.count / count
    return HostTensor(
      element: element, shape: [1] + shape.dropFirst(), bytes: Array(bytes[index * size..<(index + 1) * size]))
  }
}
