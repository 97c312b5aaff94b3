package import PlanFormat

/// Compiles one or more graphs into programs that share kernels and weights.
/// - Parameters:
///   - units: the arms of a service, or its one pipeline.
///   - symbols: becomes `Plan.symbols`; must hold every symbol of every graph.
/// - Throws: `CompileError` naming the node that has no kernel or the reason why C could not be compiled.
package func compile(
  _ units: [CompilationUnit], symbols: [Symbol], options: CompilerOptions,
) throws(CompileError) -> CompiledPrograms {
  throw CompileError(origin: units.first?.name ?? "", message: "no kernels yet")
}

/// The dispatches of each unit with their buffers, as text (`servec dump --stage lowered`).
package func dumpLowered(_ units: [CompilationUnit], symbols: [Symbol]) throws(CompileError) -> String {
  throw CompileError(origin: units.first?.name ?? "", message: "no kernels yet")
}

/// The printed C of every kernel for a family (`servec dump --stage c`).
package func dumpC(_ units: [CompilationUnit], symbols: [Symbol], family: CPUFamily) throws(CompileError) -> String {
  throw CompileError(origin: units.first?.name ?? "", message: "no kernels yet")
}
