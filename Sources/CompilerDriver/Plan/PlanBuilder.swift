import FeatureStores
import Foundation
import InferenceCompiler
import InferenceIR
import PlanFormat
import ServeSema
import TensorTypes

/// Compiles an assembled service into a plan file.
struct PlanBuilder {
  var cache: KernelCache
  var families: [CPUFamily]
  var progress: Progress

  /// A plan on disk, named by its content.
  struct Built {
    var path: String
    var root: String
    var fileBytes: Int
    var plan: Plan
    /// What the build tells of the programs: how far rounded weights move outputs, and which outputs no golden vector
    /// checks.
    var findings: [String] = []

    /// What manifests and memory checks need to know of it.
    func facts(settings: String, families: [CPUFamily]) -> PlanFacts {
      PlanFacts(
        digest: root, fileBytes: Int64(fileBytes), weightBytes: Int64(plan.weightBytes),
        arenaBytes: Int64(plan.executorBytes),
        requestBytes: plan.programs.map { plan.requestBytes($0) }.max() ?? 0,
        bodyBytes: Int64(plan.largestRequestBody),
        storeBytes: plan.stores.isEmpty ? 0 : Int64(FeatureStores.defaultCacheBytes),
        cpuFamilies: families.map(\.name), settings: settings)
    }
  }

  /// Writes `sha256-<root>.plan` into a folder.
  ///
  /// - Parameter golden: false for plans that never leave this process, which need no golden vectors.
  func build(_ assembly: ServiceAssembly, metadata: String, into folder: URL, golden: Bool = true) throws -> Built {
    let service = assembly.plan.service
    progress.step(
      "\(service): compile \(assembly.units.map(\.name).joined(separator: ", ")) for \(families.map(\.name).joined(separator: ", "))"
    )
    var plan = assembly.plan
    let compiled: CompiledPrograms
    do {
      compiled = try compile(
        assembly.units, symbols: plan.symbols,
        options: CompilerOptions(families: families) { [cache] source, family in try cache.object(source, family) })
    } catch {
      throw DriverError(.inputErrors, "\(error)")
    }
    plan.programs = compiled.programs
    for (at, model) in assembly.models.enumerated() { plan.programs[at].model = model }
    plan.kernels = compiled.kernels
    plan.weightBytes = compiled.weightBytes
    plan.metadata = metadata

    if golden { progress.step("\(service): golden vectors by the reference interpreter") }
    var findings: [String] = []
    for (at, unit) in assembly.units.enumerated() where golden {
      let made = try GoldenVectors.make(
        unit, program: plan.programs[at], at: at, symbols: plan.symbols, orderDependent: assembly.orderDependent[at],
        domains: assembly.domains[at])
      plan.golden += made.vectors
      for output in made.unchecked {
        guard case .response(let field) = unit.outputs[output] else { continue }
        findings.append(
          "warning: \(unit.name): the self-test cannot check `\(plan.response[field].name)`: on made-up inputs it holds no number; "
            + "say what the request's fields can be, as in `i64(0...1)`")
      }
    }

    for (at, unit) in assembly.units.enumerated() where golden {
      guard let drift = assembly.drifts[at] else { continue }
      findings.append(try drift.check(unit, symbols: plan.symbols, domains: assembly.domains[at]))
    }
    for finding in findings { progress.step(finding) }

    progress.step("\(service): pack \(ByteCount(compiled.weightBytes)) of weights and write the plan")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let beside = folder.appendingPathComponent(".\(UUID().uuidString).plan")
    defer { try? FileManager.default.removeItem(at: beside) }
    let image = PlanImage(plan: plan, code: compiled.code, weights: compiled.weights)
    do {
      let root = try PlanWriter.write(image, to: beside.path)
      let path = folder.appendingPathComponent("sha256-\(root).plan")
      guard rename(beside.path, path.path) == 0 else {
        throw DriverError(.environment, "cannot write \(path.path): \(String(cString: strerror(errno)))")
      }
      let size = (try? FileManager.default.attributesOfItem(atPath: path.path)[.size] as? Int) ?? 0
      return Built(path: path.path, root: root, fileBytes: size, plan: plan, findings: findings)
    } catch let error as PlanError {
      throw DriverError(.environment, "the plan of \(service) cannot be written: \(error)")
    }
  }
}

extension PlanBuilder.Built {
  /// A plan that was made before.
  init(path: String, file: PlanFile, findings: [String]) {
    self.init(path: path, root: file.root, fileBytes: file.byteCount, plan: file.plan, findings: findings)
  }

  /// Reads it back and verifies every byte.
  func open() throws(DriverError) -> PlanFile {
    do {
      return try PlanFile.open(path)
    } catch {
      throw DriverError(.environment, "\(path): \(error)")
    }
  }
}

extension Plan {
  /// What an executor maps, and a thread that helps it: programs share one arena and one scratch, each of whole pages.
  fileprivate var executorBytes: UInt64 {
    func pages(_ bytes: UInt64?) -> UInt64 { ((bytes ?? 0) + 4095) / 4096 * 4096 }
    let arena = pages(programs.map(\.arenaBytes).max())
    let scratch = pages(programs.map(\.scratchBytes).max())
    let helperStack: UInt64 = 16 << 10
    return arena + 2 * scratch + helperStack
  }

  /// Inputs and outputs of one request of a program at the largest dimensions.
  fileprivate func requestBytes(_ program: Program) -> Int64 {
    let largest = Dictionary(uniqueKeysWithValues: symbols.map { ($0.name, $0.maximum) })
    return (program.inputs + program.outputs).reduce(0) { sum, binding in
      sum + Int64((binding.shape.elementCount.evaluate(largest) ?? 0) * binding.element.byteCount)
    }
  }
}

/// A number of bytes as people read it: `3.4 MiB`.
struct ByteCount: CustomStringConvertible {
  var bytes: UInt64
  init(_ bytes: UInt64) { self.bytes = bytes }

  var description: String {
    if bytes < 1024 { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = -1
    let units = ["KiB", "MiB", "GiB", "TiB"]
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
