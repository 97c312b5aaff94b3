import Foundation

/// A code object made of three kernels that tests can predict, compiled once with the toolchain's clang.
enum TestKernels {
  static let names = ["scale", "greet", "count"]

  /// `scale`: out[i] = in[i] * weight[0], for dims[0] requests of dims[1] elements, or its part of them; `greet` copies a string and the
  /// presence flag; `count` writes the number of calls since the object was loaded.
  private static let source = """
    typedef unsigned long long u64;
    typedef long long i64;
    typedef struct { const unsigned char *bytes; u64 length; } serve_string;
    static void scale(void *const *b, const i64 *d, i64 part, i64 parts) {
      const float *in = b[0], *weight = b[1];
      float *out = b[2];
      const i64 count = d[0] * d[1];
      for (i64 i = count * part / parts; i < count * (part + 1) / parts; i++) out[i] = in[i] * weight[0];
    }
    static void greet(void *const *b, const i64 *d, i64 part, i64 parts) {
      const serve_string *in = b[0];
      serve_string *out = b[1];
      out->bytes = in->bytes;
      out->length = in->length;
    }
    static void count(void *const *b, const i64 *d, i64 part, i64 parts) {
      static i64 calls;
      *(i64 *)b[0] = ++calls;
    }
    typedef void (*serve_kernel)(void *const *, const i64 *, i64, i64);
    __attribute__((visibility("default"))) const serve_kernel serve_kernels[] = {scale, greet, count};
    """

  /// The ELF's bytes.
  static let elf: Result<[UInt8], any Error> = Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("kernels.c")
    let output = folder.appendingPathComponent("kernels.so")
    try source.write(to: input, atomically: true, encoding: .utf8)
    let clang = Process()
    clang.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    clang.arguments = [
      ProcessInfo.processInfo.environment["SERVEC_CLANG"] ?? "clang", "-O1", "-shared", "-fPIC", "-ffreestanding",
      "-nostdlib", "-fvisibility=hidden", "-fuse-ld=lld", "-Wl,-z,defs", input.path, "-o", output.path,
    ]
    try clang.run()
    clang.waitUntilExit()
    return Array(try Data(contentsOf: output))
  }
}
