import InferenceIR
import TensorTypes

extension Emitter {
  /// The element of `id` at `indices`: a load where the value has memory, else its computation.
  mutating func value(_ id: ValueID, at indices: [Affine]) throws(EmitFailure) -> Operand {
    let key = CacheKey(value: id, indices: indices, lane: lane)
    if let known = cache[key] { return known }
    let element = schedule.type(of: id).element
    let result: Operand
    if let constant = schedule.graph[id].constant, constant.elementCount == 1, let literal = literal(constant) {
      result = Operand(expression: literal, level: 0, isVector: false)
    } else if let view = schedule.views[id] {
      result = try load(view, indices, element)
    } else {
      result = try applied(id, at: indices)
    }
    cache[key] = result
    return result
  }

  /// The element of `id` as its node computes it, whether or not the value has memory too.
  mutating func applied(_ id: ValueID, at indices: [Affine]) throws(EmitFailure) -> Operand {
    guard let node = schedule.node(defining: id) else {
      throw .unsupported(CompileError(origin: schedule.graph[id].name, message: "has no definition"))
    }
    return try apply(node, at: indices)
  }

  /// The value in an address: a local integer variable.
  mutating func index(_ id: ValueID, at indices: [Affine]) throws(EmitFailure) -> (name: String, level: Int) {
    if lane != nil { throw .notVector }
    let operand = try value(id, at: indices)
    if case .name(let name) = operand.expression, levelOf[name] != nil, schedule.type(of: id).element == .i64 {
      return (name, operand.level)
    }
    let name = fresh("at")
    levels[operand.level].append(.declare(type: "const i64", name: name, .cast("i64", operand.expression)))
    declare(variable: name, level: operand.level)
    return (name, operand.level)
  }

  // MARK: Memory

  mutating func load(_ view: View, _ indices: [Affine], _ element: ElementType) throws(EmitFailure) -> Operand {
    let (base, offset) = address(view, indices, element: element)
    let level = level(of: offset)
    if let lane, offset[lane] != 0 {
      guard element == .f32, offset[lane] == 1 else { throw .notVector }
      // Rows of constants are padded to 64 bytes, so reading past their end is sound; other memory is not.
      let start = base + c(offset.without(lane))
      if laneCount == 16 || isConstant(view) {
        return bind("f32x16", .load("const f32x16_unaligned", start), level: level, isVector: true)
      }
      return bind("f32x16", .call("load_lanes", [start, .integer(laneCount)]), level: level, isVector: true)
    }
    let loaded: CExpression = base[c(offset)]
    let expression: CExpression =
      switch element {
      case .f16: .call("load_half", [loaded])
      case .bf16: .call("load_bfloat", [loaded])
      case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f32, .f64, .string, .small: loaded
      }
    return bind(element.computeType, expression, level: level)
  }

  private func isConstant(_ view: View) -> Bool {
    if case .constant = view.root { return true }
    return false
  }

  /// Stores an evaluated element.
  mutating func store(_ operand: Operand, _ element: ElementType, to view: View, at indices: [Affine]) {
    let (base, offset) = address(view, indices, element: element, written: true)
    let level = max(level(of: offset), operand.level)
    let value: CExpression =
      switch element {
      case .f16: .cast("f16", operand.expression)
      case .bf16: .call("store_bfloat", [operand.expression])
      case .bool, .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f32, .f64, .string, .small: operand.expression
      }
    let assignment = CStatement.assign(base[c(offset)], value)
    levels[level].append(level == 0 ? .once([assignment]) : assignment)
  }

  // MARK: Literals

  /// A constant scalar as C writes it.
  func literal(_ constant: Constant) -> CExpression? {
    switch constant.element {
    case .f32, .f16, .bf16: constant.doubles.first.map { .float(Float($0)) }
    case .f64: constant.doubles.first.map { .double($0) }
    case .u64: constant.integers.first.map { .cast("u64", .integer(Int($0))) }
    case .bool, .u8, .u16, .u32, .i8, .i16, .i32, .i64, .small:
      constant.integers.first.map { .cast(constant.element.computeType, .integer(Int($0))) }
    case .string:
      constant.strings.first.map { .cast("string", Self.initializer($0)) }
    }
  }

  /// `{bytes, length}`. Every byte is an octal escape of full length: nothing in it can end the literal or join the next
  /// byte.
  static func initializer(_ text: [UInt8]) -> CExpression {
    let bytes = text.map { "\\" + String($0 / 64) + String($0 / 8 % 8) + String($0 % 8) }.joined()
    return .name("{(const u8 *)\"\(bytes)\", \(text.count)}")
  }

  /// The operand as 16 equal lanes when vectors are wanted.
  func splat(_ operand: Operand) -> CExpression {
    lane != nil && !operand.isVector ? .cast("f32x16", .unary("", operand.expression)) : operand.expression
  }
}
