import Foundation
import InferenceCompiler
import PlanFormat
import TensorTypes

@testable import CompilerDriver

/// A program of a plan as one C file that needs nothing but an Armv8 CPU: the kernels, the weights, the steps, and the
/// golden vectors that must come out. Exits with 0, or with the number of the first vector that differs.
struct Arm64Harness {
  let kernels: String
  let programs: CompiledPrograms
  let golden: [GoldenVector]

  /// The translation unit; `weights` is the path of the file that ``weights`` is written to.
  func source(weights path: String) -> String {
    var text = kernels + Self.support
    text += """

      __asm__(".section .rodata\\n.balign 64\\nplan_weights:\\n.incbin \\"\(path)\\"\\n.byte 0\\n.text\\n");
      extern const u8 plan_weights[] __attribute__((visibility("hidden")));
      static u8 arena[\(max(64, programs.programs.map(\.arenaBytes).max() ?? 0))] __attribute__((aligned(64)));
      static u8 scratch[\(max(64, programs.programs.map(\.scratchBytes).max() ?? 0))] __attribute__((aligned(64)));

      """
    for (at, vector) in golden.enumerated() { text += function(at, vector) }
    let calls = golden.indices.map { "  if (!vector_\($0)()) leave(\($0 + 1));\n" }.joined()
    return text + "void _start(void) {\n\(calls)  leave(0);\n}\n"
  }

  /// The bytes of the weights section.
  var weights: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(programs.weightBytes))
    bytes.withUnsafeMutableBytes { all in
      for segment in programs.weights {
        let start = Int(segment.offset)
        segment.fill(UnsafeMutableRawBufferPointer(rebasing: all[start..<start + segment.byteCount]))
      }
    }
    return bytes
  }

  private func function(_ at: Int, _ vector: GoldenVector) -> String {
    let program = programs.programs[vector.program]
    var body =
      "  static const i64 dims[] = {\(vector.dims.map(String.init).joined(separator: ", "))};\n  u8 same = 1;\n"
    for (binding, tensor) in zip(program.inputs, vector.inputs) {
      body += "  { \(array("given", tensor.bytes)) copy(arena + \(binding.offset), given, \(tensor.bytes.count)); }\n"
    }
    let requests = program.batch.map { vector.dims[$0] } ?? 1
    var one = vector.dims
    if let batch = program.batch { one[batch] = 1 }
    body += "  static const i64 one[] = {\(one.map(String.init).joined(separator: ", "))};\n"
    for call in program.calls(requests: requests) {
      let step = program.steps[call.step]
      let arguments = step.arguments.map { argument in
        switch argument {
        case .arena(let offset): "arena + \(offset)"
        case .weights(let offset): "(void *)(plan_weights + \(offset))"
        case .scratch(let offset), .local(let offset): "scratch + \(offset)"
        case .request(let offset, let stride): "arena + \(offset + stride * UInt64(call.request ?? 0))"
        }
      }
      body +=
        "  { void *const a[] = {\((arguments + ["0"]).joined(separator: ", "))}; serve_kernels[\(step.kernel)](a, \(call.request == nil ? "dims" : "one"), 0, 1); }\n"
    }
    for (index, binding) in program.outputs.enumerated() where vector.comparisons[index] != .ignored {
      let bytes = vector.outputs[index].bytes
      let test = vector.comparisons[index] == .relative && binding.element == .f32 ? "near" : "equal"
      body += "  { \(array("wanted", bytes)) same &= \(test)(arena + \(binding.offset), wanted, \(bytes.count)); }\n"
    }
    return "static u8 vector_\(at)(void) {\n\(body)  return same;\n}\n"
  }

  private func array(_ name: String, _ bytes: [UInt8]) -> String {
    "static const u8 \(name)[] __attribute__((aligned(64))) = {\((bytes + [0]).map(String.init).joined(separator: ","))};"
  }

  /// What a C library would give; the tolerance is the contract's, relative to the largest reference value.
  private static let support = """

    void *memcpy(void *to, const void *from, unsigned long n) {
      for (unsigned long i = 0; i < n; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
      return to;
    }
    static void copy(u8 *to, const u8 *from, i64 n) { memcpy(to, from, (unsigned long)n); }
    static u8 equal(const u8 *a, const u8 *b, i64 n) {
      for (i64 i = 0; i < n; i++) if (a[i] != b[i]) return 0;
      return 1;
    }
    static u8 near(const u8 *found, const u8 *wanted, i64 n) {
      const f32 *a = (const f32 *)found, *b = (const f32 *)wanted;
      f32 gap = 0.0f, peak = 0.0f;
      for (i64 i = 0; i < n / 4; i++) {
        if (a[i] != a[i] && b[i] != b[i]) continue;
        f32 d = a[i] - b[i], p = b[i];
        d = d < 0.0f ? -d : d;
        p = p < 0.0f ? -p : p;
        if (!(d <= gap)) gap = d;
        if (p > peak) peak = p;
      }
      return gap <= peak * 1e-5f;
    }
    __attribute__((noreturn)) static void leave(long status) {
      register long number __asm__("x8") = 93;
      register long code __asm__("x0") = status;
      __asm__ volatile("svc 0" : : "r"(number), "r"(code));
      for (;;) {}
    }

    """
}
