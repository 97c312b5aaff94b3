import CPlanABI
import CSHA256
package import PlanFormat
package import TensorTypes

/// Sends each key to the same arm for as long as the salt and the shares stay.
///
/// u is the first 8 bytes, big-endian, of SHA-256(salt, 0x00, key), the key as UTF-8 text and integers in decimal;
/// the first arm whose threshold is above u takes it (`specs/plan-format.md` has test vectors).
package struct Router: Sendable {
  package let experiment: Experiment
  /// The digest after salt and separator, which every key shares.
  private let prefix: serve_sha256_context

  /// Nil for a plan without an experiment: its only program takes everything.
  package init?(_ plan: Plan) {
    guard let experiment = plan.experiment else { return nil }
    self.init(experiment)
  }

  package init(_ experiment: Experiment) {
    self.experiment = experiment
    var context = serve_sha256_context()
    serve_sha256_init(&context)
    let salt = Array(experiment.salt.utf8) + [0]
    serve_sha256_update(&context, salt, salt.count)
    prefix = context
  }

  /// The arm for a key in memory: an element of an integer type, or a `serve_string`.
  package func arm(keyAt key: UnsafeRawPointer, element: ElementType) -> Int {
    switch element {
    case .u8: return arm(integer: key.loadUnaligned(as: UInt8.self))
    case .u16: return arm(integer: key.loadUnaligned(as: UInt16.self))
    case .u32: return arm(integer: key.loadUnaligned(as: UInt32.self))
    case .u64: return arm(integer: key.loadUnaligned(as: UInt64.self))
    case .i8: return arm(integer: key.loadUnaligned(as: Int8.self))
    case .i16: return arm(integer: key.loadUnaligned(as: Int16.self))
    case .i32: return arm(integer: key.loadUnaligned(as: Int32.self))
    case .i64: return arm(integer: key.loadUnaligned(as: Int64.self))
    case .string:
      let text = key.loadUnaligned(as: serve_string.self)
      return arm(text: UnsafeRawBufferPointer(start: text.bytes, count: Int(text.length)))
    case .bool, .f16, .bf16, .f32, .f64, .small:
      preconditionFailure("the plan was checked: a key is an integer or a string")
    }
  }

  /// The arm for a key in its text form: its place in `experiment.arms`.
  package func arm(text: UnsafeRawBufferPointer) -> Int { arm(of: position(of: text)) }

  /// The arm for an integer key: its place in `experiment.arms`.
  package func arm(integer: some FixedWidthInteger) -> Int { arm(of: position(of: integer)) }

  /// Where a key falls in 0..<2^64.
  func position(of text: UnsafeRawBufferPointer) -> UInt64 {
    var context = prefix
    serve_sha256_update(&context, text.baseAddress, text.count)
    var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    return withUnsafeMutableBytes(of: &digest) { bytes in
      serve_sha256_final(&context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
      return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    }
  }

  /// The same for an integer, in decimal: 20 bytes hold any 64-bit value with its sign.
  func position(of integer: some FixedWidthInteger) -> UInt64 {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var start = digits.count
      var rest = UInt64(integer.magnitude)
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest != 0
      if integer < 0 {
        start -= 1
        digits[start] = UInt8(ascii: "-")
      }
      return position(of: UnsafeRawBufferPointer(rebasing: digits[start...]))
    }
  }

  /// The first arm whose threshold lies above; the last arm takes what is left.
  private func arm(of position: UInt64) -> Int {
    let last = experiment.arms.count - 1
    for index in 0..<last where position < experiment.arms[index].threshold { return index }
    return last
  }
}
