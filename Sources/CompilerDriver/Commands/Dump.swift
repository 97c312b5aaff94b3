import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import ServeDiagnostics
import ServeSema
import ServeSyntax

/// The stages that can be looked at.
package enum DumpStage: String, CaseIterable, Sendable {
  case tokens, tree, types, ir, lowered, plan, c
}

/// `servec dump`: what a stage makes of a file.
package struct Dump {
  let stage: DumpStage
  let environment: String?

  package init(stage: DumpStage, environment: String?) {
    self.stage = stage
    self.environment = environment
  }

  package struct Result {
    package var text: String
    /// Set when diagnostics should be shown; errors end the command.
    package var program: CheckedProgram?
  }

  package func run(path: String) throws -> Result {
    if stage == .plan, path.hasSuffix(".plan") { return Result(text: try dumpPlan(at: path), program: nil) }
    switch stage {
    case .tokens, .tree:
      guard let data = FileManager.default.contents(atPath: path) else {
        throw DriverError(.inputErrors, "cannot read \(path)")
      }
      var files = SourceFiles()
      let file = ParsedFile(files.add(path: path, bytes: Array(data)))
      return Result(text: stage == .tokens ? file.tree.dumpTokens() : file.tree.dumpTree(), program: nil)
    case .types, .ir, .lowered, .plan, .c:
      let program = try Check(environment: environment).run(source: path)
      guard let module = program.module, let environment = module.environments.first else {
        return Result(text: "", program: program)
      }
      if stage == .types { return Result(text: module.dump, program: program) }
      return Result(text: try dump(module, environment), program: program)
    }
  }

  private func dump(_ module: TypedModule, _ environment: ServeSema.Environment) throws -> String {
    var parts: [String] = []
    let importer = GraphImporter()
    for service in environment.services {
      let assembly = try ServiceAssembler(module: module, service: service) { try importer.graph($0) }.assemble()
      let families = Build.families(of: service.name, in: module)
      do {
        switch stage {
        case .ir: parts += assembly.units.map { $0.graph.text() }
        case .lowered: parts.append(try dumpLowered(assembly.units, symbols: assembly.plan.symbols))
        case .c:
          parts.append(try dumpC(assembly.units, symbols: assembly.plan.symbols, family: families.first ?? .x86v3))
        case .plan: parts.append(try plan(assembly, families))
        case .tokens, .tree, .types: break
        }
      } catch let error as CompileError {
        throw DriverError(.inputErrors, "\(error)")
      }
    }
    return parts.joined(separator: "\n")
  }

  private func plan(_ assembly: ServiceAssembly, _ families: [CPUFamily]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("servec-dump-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let builder = PlanBuilder(cache: KernelCache(clang: try Clang.find()), families: families, progress: .silent)
    return try dumpPlan(at: try builder.build(assembly, metadata: "{}", into: folder).path)
  }

  private func dumpPlan(at path: String) throws -> String {
    do {
      return PlanDump.text(try PlanFile.open(path).plan)
    } catch {
      throw DriverError(.inputErrors, "\(path): \(error)")
    }
  }
}
