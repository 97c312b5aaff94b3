import Foundation
import Testing

@testable import InferenceRuntime

@Suite struct CodeLibraryTests {
  @Test func `code loads from memory`() throws {
    let elf = try TestKernels.elf.get()
    let opened = try elf.withUnsafeBytes { try CodeLibrary.loadFromMemory($0) }
    defer { opened.close() }
    #expect(dlsym(opened.handle, "serve_kernels") != nil)
  }

  @Test func `code loads from a temporary file, which is gone afterwards`() throws {
    let elf = try TestKernels.elf.get()
    let opened = try elf.withUnsafeBytes { try CodeLibrary.loadFromTemporaryFile($0) }
    defer { opened.close() }
    #expect(dlsym(opened.handle, "serve_kernels") != nil)
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let left = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!left.contains { $0.hasPrefix("serve-kernels-") })
  }

  @Test func `two objects that are loaded at once are two`() throws {
    let elf = try TestKernels.elf.get()
    let first = try elf.withUnsafeBytes { try CodeLibrary.loadFromMemory($0) }
    defer { first.close() }
    let second = try elf.withUnsafeBytes { try CodeLibrary.loadFromMemory($0) }
    defer { second.close() }
    #expect(first.handle != second.handle)
  }
}
