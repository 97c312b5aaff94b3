package import InferenceIR
package import PlanFormat
package import TensorTypes

/// One graph to compile, and how its inputs and outputs meet the outside.
package struct CompilationUnit: Sendable {
  package var graph: Graph
  /// Becomes `Program.name`: `<service>` or `<service>.<arm>`.
  package var name: String
  /// Becomes `Program.version`.
  package var version: String
  /// The symbol that requests of one call share. Every input and output then has it as leading dimension.
  package var batch: String?
  /// One per `graph.inputs`.
  package var inputs: [Program.Port]
  /// One per `graph.outputs`.
  package var outputs: [Program.Port]
  package var literals: [Program.Literal]

  package init(
    graph: Graph, name: String, version: String, batch: String?, inputs: [Program.Port], outputs: [Program.Port],
    literals: [Program.Literal] = [],
  ) {
    self.graph = graph
    self.name = name
    self.version = version
    self.batch = batch
    self.inputs = inputs
    self.outputs = outputs
    self.literals = literals
  }
}

/// What the compiler needs from its surroundings.
package struct CompilerOptions: Sendable {
  /// Compiles one freestanding translation unit to a shared object.
  ///
  /// The caller finds clang and keeps the cache; `CompilerFlags.arguments(for:)` are the flags.
  package typealias CompileC = @Sendable (_ source: String, _ family: CPUFamily) throws -> [UInt8]

  /// A few requests of that size leave the L2 cache of a core.
  package static let leastLoopBytes = 128 << 10

  /// One code object is made for each.
  package var families: [CPUFamily]
  /// Picoseconds from which a step's kernel is made so that several threads can run parts of it.
  package var leastSplitCost: Int
  /// Bytes that the largest of some neighbouring steps reads and writes for one request, from which they run request
  /// by request.
  package var leastLoopBytes: Int
  /// Whether every buffer of the arena has memory of its own with a gap behind it, so that a test can tell accesses
  /// outside of it. Plans share memory between buffers instead.
  package var keepsBuffersApart: Bool
  package var compileC: CompileC

  package init(
    families: [CPUFamily], leastSplitCost: Int = Program.Step.leastSplitCost,
    leastLoopBytes: Int = CompilerOptions.leastLoopBytes, keepsBuffersApart: Bool = false,
    compileC: @escaping CompileC,
  ) {
    self.leastLoopBytes = leastLoopBytes
    self.families = families
    self.leastSplitCost = leastSplitCost
    self.keepsBuffersApart = keepsBuffersApart
    self.compileC = compileC
  }
}

/// The programs of a plan with their kernels and weights.
package struct CompiledPrograms: Sendable {
  /// One per unit.
  package var programs: [Program]
  /// Becomes `Plan.kernels`.
  package var kernels: [String]
  /// One per family, in the order of the options.
  package var code: [CodeObject]
  package var weights: [WeightSegment]
  package var weightBytes: UInt64
  /// One per unit.
  package var reports: [ProgramReport]
}

/// What a program costs, for people.
package struct ProgramReport: Hashable, Sendable {
  package var name: String
  package var steps: Int
  package var arenaBytes: UInt64
  /// Bytes of weights that this program reads; arms may share them.
  package var weightBytes: UInt64
  package var buffers: [Buffer]

  /// A value's place in the arena.
  package struct Buffer: Hashable, Sendable {
    package var offset: Int
    package var byteCount: Dim
  }

  package init(name: String, steps: Int, arenaBytes: UInt64, weightBytes: UInt64, buffers: [Buffer] = []) {
    self.buffers = buffers
    self.name = name
    self.steps = steps
    self.arenaBytes = arenaBytes
    self.weightBytes = weightBytes
  }
}

/// Why a graph cannot be compiled.
package struct CompileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The node or unit that it is about, as `Node.origin` names it.
  package var origin: String
  package var message: String

  package init(origin: String, message: String) {
    self.origin = origin
    self.message = message
  }

  package var description: String { "\(origin): \(message)" }
}
