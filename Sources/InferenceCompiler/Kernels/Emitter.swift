import InferenceIR
import TensorTypes

/// Builds one kernel: declares its pointers, and turns values at indices into C.
///
/// Statements go to the outermost loop level that knows all their variables, so what does not change in a loop is
/// computed before it.
struct Emitter {
  let schedule: Schedule
  let target: Target
  /// Index of each symbol in `dims`.
  let symbols: [String: Int]

  private(set) var arguments: [KernelArgument] = []
  private(set) var usedSymbols: Set<String> = []
  /// Statements by loop level; level 0 is outside all loops.
  var levels: [[CStatement]] = [[]]
  /// Level of every local variable.
  private(set) var levelOf: [String: Int] = [:]
  private var counter = 0
  private var stringTables: [ValueID: String] = [:]
  var cache: [CacheKey: Operand] = [:]
  /// The variable that runs over the 16 lanes of a vector, where vectors are emitted.
  var lane: String?
  /// What a loop's variable takes, where a loop is cut into pieces that need no check of their own.
  var ranges: [String: Range<Int>] = [:]
  /// Lanes that exist when fewer than 16.
  var laneCount = 16

  struct CacheKey: Hashable {
    var value: ValueID
    var indices: [Affine]
    var lane: String?
  }

  /// An evaluated element, or 16 of them.
  struct Operand: Hashable {
    var expression: CExpression
    var level: Int
    var isVector: Bool
  }

  init(schedule: Schedule, target: Target, symbols: [String: Int]) {
    self.schedule = schedule
    self.target = target
    self.symbols = symbols
  }

  // MARK: Names

  mutating func fresh(_ prefix: String) -> String {
    counter += 1
    return "\(prefix)\(counter)"
  }

  mutating func declare(variable: String, level: Int) { levelOf[variable] = level }

  /// Forgets what was evaluated in loops that are closed now.
  mutating func closeLoops(to level: Int) {
    cache = cache.filter { $0.value.level <= level }
    while levels.count > level + 1 { levels.removeLast() }
  }

  func level(of index: Affine) -> Int { index.terms.keys.map { levelOf[$0] ?? 0 }.max() ?? 0 }

  /// Declares a temporary at the given level and returns its name.
  mutating func bind(_ type: String, _ value: CExpression, level: Int, isVector: Bool = false) -> Operand {
    switch value {
    case .name, .integer, .float, .double: return Operand(expression: value, level: level, isVector: isVector)
    case .unary, .binary, .call, .subscripted, .cast, .conditional, .load: break
    }
    let name = fresh("t")
    levels[level].append(.declare(type: "const \(type)", name: name, value))
    levelOf[name] = level
    return Operand(expression: .name(name), level: level, isVector: isVector)
  }

  // MARK: Pointers

  /// The parameter for some memory.
  mutating func pointer(_ memory: KernelArgument.Memory, type: String, written: Bool) -> CExpression {
    if let at = arguments.firstIndex(where: { $0.memory == memory && $0.type == type }) {
      arguments[at].isWritten = arguments[at].isWritten || written
      return .name("b\(at)")
    }
    arguments.append(KernelArgument(memory: memory, type: type, isWritten: written))
    return .name("b\(arguments.count - 1)")
  }

  /// The pointer to a view's first element, and what is left of its offset.
  mutating func base(of view: View, element: ElementType, written: Bool = false) -> (CExpression, Dim) {
    let fixed = view.offset.constantTerm
    let rest = view.offset - Dim(fixed)
    switch view.root {
    case .buffer(let buffer):
      return (pointer(.buffer(buffer, offset: fixed), type: element.memoryType, written: written), rest)
    case .constant(let id) where element == .string:
      return (.name(table(of: id)), view.offset)
    case .constant(let id):
      return (pointer(.weights(.raw(id)), type: element.memoryType, written: false), view.offset)
    }
  }

  mutating func address(
    _ view: View, _ indices: [Affine], element: ElementType, written: Bool = false
  ) -> (
    base: CExpression, offset: Affine
  ) {
    let (base, rest) = base(of: view, element: element, written: written)
    var offset = Affine(rest)
    for (index, stride) in zip(indices, view.strides) { offset = offset + index * stride }
    return (base, offset)
  }

  /// The name of the table of a string constant, which stands in the code.
  private mutating func table(of id: ValueID) -> String {
    if let known = stringTables[id] { return known }
    let name = fresh("texts")
    stringTables[id] = name
    levels[0].append(
      .table(type: "string", name: name, (schedule.graph[id].constant?.strings ?? []).map(Self.initializer)))
    return name
  }

  // MARK: Integers

  mutating func c(_ dim: Dim) -> CExpression {
    var sum: CExpression = 0
    for term in dim.terms {
      var product: CExpression = .integer(term.coefficient)
      for symbol in term.monomial {
        usedSymbols.insert(symbol)
        product = product * .name("d\(symbols[symbol] ?? 0)")
      }
      sum = sum + product
    }
    return sum
  }

  mutating func c(_ index: Affine) -> CExpression {
    var sum: CExpression = 0
    // Slowest variable first, as people write addresses.
    for name in index.terms.keys.sorted(by: { (levelOf[$0] ?? 0, $0) < (levelOf[$1] ?? 0, $1) }) {
      sum = sum + c(index[name]) * .name(name)
    }
    return sum + c(index.base)
  }

  // MARK: Result

  /// The kernel, with its pointers and dimensions declared before the collected statements.
  func kernel(name: String) -> Kernel {
    var head: [CStatement] = []
    for (at, argument) in arguments.enumerated() {
      let type = "\(argument.isWritten ? "" : "const ")\(argument.type) *restrict"
      head.append(.declare(type: type, name: "b\(at)", CExpression.name("buffers")[.integer(at)]))
    }
    for symbol in usedSymbols.sorted() {
      let at = symbols[symbol] ?? 0
      head.append(.declare(type: "const i64", name: "d\(at)", CExpression.name("dims")[.integer(at)]))
    }
    return Kernel(name: name, arguments: arguments, body: head + levels[0], symbols: usedSymbols)
  }
}

extension ElementType {
  /// How C stores an element.
  var memoryType: String {
    switch self {
    case .bool: "u8"
    case .bf16: "u16"
    case .small(let small): small.integers?.contains(-1) == true ? "i8" : "u8"
    case .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f16, .f32, .f64, .string: name
    }
  }

  /// How C computes with an element. Small types are their byte until a cast takes them apart.
  var computeType: String {
    switch self {
    case .bool: "u8"
    case .f16, .bf16: "f32"
    case .small: memoryType
    case .u8, .u16, .u32, .u64, .i8, .i16, .i32, .i64, .f32, .f64, .string: name
    }
  }
}
