import Foundation
import Testing

@testable import InferenceRuntime

@Suite struct CodeLibraryTests {
  @Test func `code loads from memory`() throws {
    let elf = try TestKernels.elf.get()
    let handle = try elf.withUnsafeBytes { try CodeLibrary.loadFromMemory($0) }
    defer { dlclose(handle) }
    #expect(dlsym(handle, "serve_kernels") != nil)
  }

  @Test func `code loads from a temporary file, which is gone afterwards`() throws {
    let elf = try TestKernels.elf.get()
    let handle = try elf.withUnsafeBytes { try CodeLibrary.loadFromTemporaryFile($0) }
    defer { dlclose(handle) }
    #expect(dlsym(handle, "serve_kernels") != nil)
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let left = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!left.contains { $0.hasPrefix("serve-kernels-") })
  }
}
