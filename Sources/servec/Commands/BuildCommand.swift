import ArgumentParser
import CompilerDriver

struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Writes manifests and plans.",
    discussion: """
      dist/<env>/ is a kustomize base that `kubectl apply -k` takes as it is; dist/plans/ holds the plans by content,
      for the artifacts volume of the clusters. The same input gives the same bytes.

      Kernels and plans are kept in $SERVEC_CACHE, else $XDG_CACHE_HOME/servec, else ~/.cache/servec, by all that they
      are made from; what was not used for longest goes when they pass 8 GiB. What comes from there is verified first.
      """)

  @Argument(help: "The .serve file to build; of an .onnx file alone, the plan.")
  var path: String

  @Option(help: "Build this environment only.")
  var env: String?

  @Option(name: [.short, .customLong("output")], help: "Where to write.")
  var output = "dist"

  @Flag(inversion: .prefixedNo, help: "Use kernels and plans of earlier builds, and keep these.")
  var cache = true

  func run() throws {
    let program = try Check(environment: env).run(source: path)
    try Report.stopOnErrors(program)
    let progress = Progress { Console.note("  \($0)") }
    let built = try Build(environment: env, output: output, usesCache: cache, progress: progress).run(program)
    try Report.stopOnErrors(built.program)
    for line in built.summary { Console.result(line) }
  }
}
