import InferenceIR
import TensorTypes

/// Turns tensors of a model file into constants that borrow the mapped bytes wherever they can.
struct TensorLoader {
  let file: MappedFile
  private var external: ExternalData

  /// Most dimensions of a tensor.
  static let maximumRank = 32
  /// Most elements of a tensor: far above what memory holds, far below what overflows.
  static let maximumElements = 1 << 40

  init(file: MappedFile) {
    self.file = file
    external = ExternalData(modelPath: file.path)
  }

  mutating func constant(_ tensor: TensorProto) throws(ImportError) -> Constant {
    func fail(_ kind: ImportError.Kind) -> ImportError {
      let place: ImportError.Place =
        tensor.name.isEmpty ? .offset(tensor.offset, field: "tensor") : .tensor(tensor.name)
      return ImportError(file: file.path, place, kind)
    }
    guard let element = OnnxElement.element(tensor.dataType) else {
      throw fail(.unsupportedElement(OnnxElement.name(tensor.dataType)))
    }
    let shape: [Int]
    switch Self.shape(tensor.dims) {
    case .success(let checked): shape = checked
    case .failure(let problem): throw fail(problem.kind)
    }
    let count = shape.reduce(1, *)
    if element == .string {
      guard tensor.strings.count == count else {
        throw fail(.invalid("it has \(tensor.strings.count) strings for shape \(shape)"))
      }
      return Constant(strings: tensor.strings.map { Array(file.bytes[$0]) }, shape: shape)
    }
    let data: ConstantBytes
    if tensor.isExternal {
      data = try external.bytes(of: tensor)
    } else if let raw = tensor.raw {
      data = borrowed(raw)
    } else if let stored = typed(tensor, element) {
      data = stored
    } else if count == 0 {
      data = ConstantBytes([])
    } else {
      throw fail(.invalid("it has no data for element type \(element)"))
    }
    // `int32_data` holds one 6-bit element an entry, and what is narrower as packed bytes.
    let isPacked = tensor.raw != nil || tensor.isExternal || element.bitWidth < 6
    guard data.bytes.count == (isPacked ? (count * element.bitWidth + 7) / 8 : count * element.byteCount) else {
      throw fail(
        .invalid("\(data.bytes.count) bytes do not fill \(TensorType(element, Shape(shape)))"))
    }
    if case .small(let small) = element, isPacked {
      return Constant(element, shape, Self.unpacked(data.bytes, small, count))
    }
    return Self.normalized(Constant(element: element, shape: shape, data: data))
  }

  /// One byte an element, from elements that follow each other without gaps from the lowest bits.
  private static func unpacked(
    _ bytes: UnsafeRawBufferPointer, _ small: SmallElement, _ count: Int,
  ) -> [UInt8] {
    let width = small.bitWidth
    return (0..<count).map { index in
      let (first, shift) = (index * width / 8, index * width % 8)
      // An element of 6 bits may end in the next byte.
      let pair = UInt16(bytes[first]) | (first + 1 < bytes.count ? UInt16(bytes[first + 1]) << 8 : 0)
      return small.byte(wrapping: Int64(pair >> UInt16(shift) & (1 << UInt16(width) - 1)))
    }
  }

  /// A shape whose element count is known not to overflow.
  static func shape(_ dims: [Int64]) -> Result<[Int], ShapeProblem> {
    guard dims.count <= maximumRank else {
      return .failure(ShapeProblem(kind: .limit("\(dims.count) dimensions, at most \(maximumRank)")))
    }
    var count = 1
    for dim in dims {
      guard dim >= 0 else { return .failure(ShapeProblem(kind: .invalid("dimension \(dim) is negative"))) }
      let (next, overflow) = count.multipliedReportingOverflow(by: max(Int(dim), 1))
      guard !overflow, next <= maximumElements else {
        return .failure(ShapeProblem(kind: .limit("shape \(dims) has more than \(maximumElements) elements")))
      }
      count = next
    }
    return .success(dims.map { Int($0) })
  }

  struct ShapeProblem: Error { let kind: ImportError.Kind }

  private func borrowed(_ range: Range<Int>) -> ConstantBytes {
    ConstantBytes(borrowing: UnsafeRawBufferPointer(rebasing: file.bytes[range]), from: file)
  }

  /// The data of the typed field that belongs to `element`; nil when it is empty.
  private func typed(_ tensor: TensorProto, _ element: ElementType) -> ConstantBytes? {
    switch element {
    case .f32: return fixed(tensor.floats)
    case .f64: return fixed(tensor.doubles)
    case .f16, .bf16, .u16, .i16:
      return integers(tensor, as: UInt16.self)
    case .bool, .u8, .i8, .small: return integers(tensor, as: UInt8.self)
    case .u32, .i32: return integers(tensor, as: UInt32.self)
    case .u64, .i64: return integers(tensor, as: UInt64.self)
    case .string: return nil
    }
  }

  private func fixed(_ ranges: [Range<Int>]) -> ConstantBytes? {
    if ranges.isEmpty { return nil }
    if ranges.count == 1 { return borrowed(ranges[0]) }
    return ConstantBytes(ranges.flatMap { file.bytes[$0] })
  }

  private func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _ tensor: TensorProto, as type: T.Type,
  ) -> ConstantBytes? {
    if tensor.integers.isEmpty { return nil }
    return ConstantBytes(tensor.integers.map { T(truncatingIfNeeded: $0) }.withUnsafeBytes { Array($0) })
  }

  /// Truth values as 0 and 1, on which kernels rely; a file may hold any byte.
  private static func normalized(_ constant: Constant) -> Constant {
    guard constant.element == .bool, constant.data.bytes.contains(where: { $0 > 1 }) else { return constant }
    return Constant(.bool, constant.shape, constant.data.bytes.map { $0 == 0 ? 0 as UInt8 : 1 })
  }
}
