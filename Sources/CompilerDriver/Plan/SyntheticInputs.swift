import InferenceIR
import TensorTypes

/// The SplitMix64 generator: the same seed gives the same inputs on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Inputs for a graph that no client sent: for golden vectors and benchmarks.
enum SyntheticInputs {
  /// What is known of one input beyond its type.
  struct Domain {
    /// Inclusive bounds of integers. Those of which nothing is known are masks and flags: most others leave no numbers
    /// behind a softmax.
    var integers: ClosedRange<Int64> = Self.flags
    /// Bounds of floating-point values.
    var numbers: ClosedRange<Double> = -2...2

    static let flags: ClosedRange<Int64> = 0...1
  }

  /// One tensor per graph input.
  static func make(
    _ graph: Graph, symbols: [String: Int], domains: [ValueID: Domain], seed: UInt64,
  ) -> [HostTensor] {
    var generator = SeededGenerator(seed: seed)
    return graph.inputs.map { input in
      let type = graph.type(of: input)
      let shape = type.shape.evaluate(symbols) ?? []
      return tensor(type.element, shape, domains[input] ?? Domain(), using: &generator)
    }
  }

  private static func tensor(
    _ element: ElementType, _ shape: [Int], _ domain: Domain, using generator: inout SeededGenerator,
  ) -> HostTensor {
    let count = shape.reduce(1, *)
    func numbers() -> [Double] { (0..<count).map { _ in Double.random(in: domain.numbers, using: &generator) } }
    func integers<T: FixedWidthInteger>(_: T.Type) -> [T] {
      let low = T(clamping: domain.integers.lowerBound)
      let high = max(low, T(clamping: domain.integers.upperBound))
      return (0..<count).map { _ in T.random(in: low...high, using: &generator) }
    }
    switch element {
    case .bool: return HostTensor(element, shape, (0..<count).map { _ in UInt8.random(in: 0...1, using: &generator) })
    case .u8: return HostTensor(element, shape, integers(UInt8.self))
    case .u16: return HostTensor(element, shape, integers(UInt16.self))
    case .u32: return HostTensor(element, shape, integers(UInt32.self))
    case .u64: return HostTensor(element, shape, integers(UInt64.self))
    case .i8: return HostTensor(element, shape, integers(Int8.self))
    case .i16: return HostTensor(element, shape, integers(Int16.self))
    case .i32: return HostTensor(element, shape, integers(Int32.self))
    case .i64: return HostTensor(element, shape, integers(Int64.self))
    case .f16: return HostTensor(element, shape, numbers().map { Float16($0) })
    case .bf16: return HostTensor(element, shape, numbers().map { UInt16(Float($0).bitPattern >> 16) })
    case .f32: return HostTensor(element, shape, numbers().map { Float($0) })
    case .f64: return HostTensor(element, shape, numbers())
    case .small(let small): return HostTensor(element, shape, numbers().map { small.byte(rounding: $0) })
    case .string:
      let words: [[UInt8]] = (0..<count).map { _ in
        (0..<Int.random(in: 0...12, using: &generator)).map { _ in UInt8.random(in: 97...122, using: &generator) }
      }
      return HostTensor(strings: words, shape: shape)
    }
  }
}
