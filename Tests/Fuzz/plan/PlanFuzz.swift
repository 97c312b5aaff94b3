// Fuzzes the plan reader: arbitrary bytes are opened or refused with an error, never a crash or unbounded memory.
//
// The first byte of an input says what the rest is. Even: a whole file. Odd: the length of a plan section (u16) and
// that section, then a golden section, which the harness wraps into a file, so that no mutation is spent on a header.
// Digests are checked only on every fourth kind of whole file: else no changed byte would reach the decoder.
import PlanFormat

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPlan(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: data, count: count)
  guard let kind = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  let file = kind % 2 == 0 ? rest : wrapped(rest)
  if let opened = try? PlanFile.open(bytes: file, verifying: kind % 4 == 2) {
    // What was accepted can be printed: every index that the dump follows is inside its list.
    precondition(!PlanDump.text(opened.plan).isEmpty)
    for family in opened.families { precondition(opened.code(for: family) != nil) }
  }
  return 0
}

/// A file of a plan section, a golden section and 256 bytes of weights under one hash.
private func wrapped(_ input: [UInt8]) -> [UInt8] {
  guard input.count >= 2 else { return input }
  let length = min(Int(input[0]) | Int(input[1]) << 8, input.count - 2)
  let sections: [(kind: UInt64, bytes: [UInt8])] = [
    (1, Array(input[2..<2 + length])), (2, Array(input[(2 + length)...])), (4, [UInt8](repeating: 0, count: 32)),
    (5, [UInt8](repeating: 0, count: 256)),
  ]
  var table: [UInt8] = []
  var body: [UInt8] = []
  for section in sections {
    body += [UInt8](repeating: 0, count: (64 - body.count % 64) % 64)
    let row = [section.kind, 64, UInt64(4096 + body.count), UInt64(section.bytes.count), 0, 0, 0, 0]
    table += row.flatMap { bytes($0) }
    body += section.bytes
  }
  var header = Array("SRVPLAN\0".utf8) + bytes(3) + bytes(UInt64(4096 + body.count))
  header += [UInt8](repeating: 0, count: 32) + bytes(4) + table
  header += [UInt8](repeating: 0, count: 4096 - header.count)
  return header + body
}

private func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
