import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import TensorTypes

/// A program for arm64, linked with a harness of a few system calls and run by qemu's user emulation.
struct EmulatedProgram {
  static let emulator: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/qemu-aarch64" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private let compiled: CompiledPrograms
  private let source: String
  private let symbols: [Symbol]

  init(_ graph: Graph, symbols: [Symbol]) throws {
    let unit = CompilationUnit(
      graph: graph, name: graph.name, version: "1", batch: nil, inputs: graph.inputs.indices.map { .request($0) },
      outputs: graph.outputs.indices.map { .response($0) })
    self.symbols = symbols
    compiled = try compile(
      [unit], symbols: symbols, options: CompilerOptions(families: [.arm64]) { source, _ in Array(source.utf8) })
    source = String(decoding: compiled.code[0].elf, as: UTF8.self)
  }

  func run(_ inputs: [HostTensor], dims: [String: Int]) throws -> [HostTensor] {
    let program = compiled.programs[0]
    var memory = [UInt8](repeating: 0, count: Int(compiled.weightBytes))
    for segment in compiled.weights {
      memory.withUnsafeMutableBytes { bytes in
        let start = Int(segment.offset)
        segment.fill(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + segment.byteCount]))
      }
    }
    var arena = [UInt8](repeating: 0xFF, count: Int(program.arenaBytes))
    for (binding, tensor) in zip(program.inputs, inputs) {
      arena.replaceSubrange(Int(binding.offset)..<Int(binding.offset) + tensor.bytes.count, with: tensor.bytes)
    }
    let result = try execute(harness(program, dims), input: Data(memory + arena))
    return program.outputs.map { binding in
      let shape = binding.shape.evaluate(dims) ?? []
      let start = Int(binding.offset)
      let count = shape.reduce(1, *) * binding.element.byteCount
      return HostTensor(element: binding.element, shape: shape, bytes: Array(result[start..<start + count]))
    }
  }

  /// Reads weights and arena from standard input, runs the steps and writes the arena.
  private func harness(_ program: Program, _ dims: [String: Int]) -> String {
    let values = symbols.map { "\(dims[$0.name] ?? $0.maximum)" } + ["0"]
    let calls = program.steps.map { step in
      let pointers = step.arguments.map { argument in
        switch argument {
        case .arena(let offset): "arena + \(offset)"
        case .weights(let offset): "weights + \(offset)"
        case .scratch(let offset), .local(let offset): "scratch + \(offset)"
        // The unit has no batch.
        case .request(let offset, _): "arena + \(offset)"
        }
      }
      return "  { void *p[] = {\(pointers.joined(separator: ", "))}; serve_kernels[\(step.kernel)](p, dims, 0, 1); }\n"
    }
    return source + """

      static u8 weights[\(max(compiled.weightBytes, 1))] __attribute__((aligned(4096)));
      static u8 arena[\(program.arenaBytes)] __attribute__((aligned(4096)));
      static u8 scratch[\(max(program.scratchBytes, 1))] __attribute__((aligned(4096)));
      static i64 call(i64 number, i64 file, void *bytes, u64 count) {
        register i64 x8 __asm__("x8") = number, x0 __asm__("x0") = file;
        register void *x1 __asm__("x1") = bytes;
        register u64 x2 __asm__("x2") = count;
        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
        return x0;
      }
      static void transfer(i64 number, i64 file, u8 *bytes, u64 count) {
        for (u64 done = 0; done < count;) {
          i64 n = call(number, file, bytes + done, count - done);
          if (n <= 0) call(93, 1, 0, 0);
          done += (u64)n;
        }
      }
      void _start(void) {
        static const i64 dims[] = {\(values.joined(separator: ", "))};
        transfer(63, 0, weights, \(compiled.weightBytes));
        transfer(63, 0, arena, \(program.arenaBytes));
      \(calls.joined())  transfer(64, 1, arena, \(program.arenaBytes));
        call(93, 0, 0, 0);
      }
      """
  }

  private func execute(_ source: String, input: Data) throws -> Data {
    guard let emulator = Self.emulator else { throw Toolchain.Failure(description: "no qemu-aarch64") }
    let arguments =
      CompilerFlags.arguments(for: .arm64).filter { $0 != "-shared" && $0 != "-fPIC" }
      + ["-static", "-Wl,-e,_start", "-fno-stack-protector"]
    let binary = try Toolchain.compile(source, arguments: arguments)
    return try Toolchain.withFolder { folder in
      let (program, given) = (folder.appendingPathComponent("program"), folder.appendingPathComponent("input"))
      try Data(binary).write(to: program)
      try input.write(to: given)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: emulator)
      process.arguments = [program.path]
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
      process.standardInput = try FileHandle(forReadingFrom: given)
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let result = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Toolchain.Failure(description: "the emulated program ended with \(process.terminationStatus)")
      }
      return result
    }
  }
}
