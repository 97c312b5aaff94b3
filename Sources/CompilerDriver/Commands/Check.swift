import Foundation
import ServeDiagnostics
import ServeSema

/// `servec check`: everything that can be known without compiling.
package struct Check {
  /// Keep the environment of this name only.
  package var environment: String?

  /// The precision of an ONNX file's weights, as `weights` is written; a .serve file says its own.
  package var weights: String?

  package init(environment: String? = nil, weights: String? = nil) {
    self.environment = environment
    self.weights = weights
  }

  package func run(path: String) throws -> CheckedProgram {
    try select(Frontend().check(path: path))
  }

  /// A .serve file, or an ONNX file as the program that serves it as it is.
  package func run(source path: String) throws -> CheckedProgram {
    guard path.hasSuffix(".onnx") else { return try run(path: path) }
    let text = try ModelProgram(path: path, weights: weights).text(
      modelPath: URL(fileURLWithPath: path).lastPathComponent)
    return try select(Frontend().check(path: path + ".serve", bytes: Array(text.utf8)))
  }

  private func select(_ program: CheckedProgram) throws -> CheckedProgram {
    var program = program
    guard let environment, let module = program.module else { return program }
    guard let chosen = module.environments.first(where: { $0.name == environment }) else {
      let names = module.environments.map { "`\($0.name)`" }.joined(separator: ", ")
      throw DriverError(.usage, "there is no environment `\(environment)`", help: "declared: \(names)")
    }
    program.module?.environments = [chosen]
    return program
  }
}
