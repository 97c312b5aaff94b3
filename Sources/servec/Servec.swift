import ArgumentParser
import CompilerDriver

@main
struct Servec: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "servec",
    abstract: "Checks .serve files and compiles them to Kubernetes manifests and plans that `served` runs.",
    discussion: """
      A first service takes three lines:

        serve 1
        model Ranker { source = "models/ranker.onnx" }
        service recommender { model = Ranker }

      `servec check` finds what is wrong with it, `servec run` serves it here, `servec build` writes dist/<env>/ for
      `kubectl apply -k` or GitOps and dist/plans/ for the pods.

      Exit codes: 0 good; 1 errors in the input or a failed case; 2 usage; 4 a difference found; 5 the environment
      (no clang, a port taken, a disk full).
      """,
    version: Version.current,
    subcommands: [
      CheckCommand.self, BuildCommand.self, RunCommand.self, VerifyCommand.self, BenchCommand.self, DumpCommand.self,
      ExplainCommand.self, NewCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as DriverError {
      Console.error(error)
      Console.exit(error.status)
    } catch let status as ExitStatus {
      Console.exit(status)
    } catch {
      // Messages, `--help` and `--version` of the argument parser; its usage errors end with 2, not with 64.
      let code = exitCode(for: error)
      if code == .validationFailure {
        Console.note(fullMessage(for: error))
        Console.exit(.usage)
      }
      exit(withError: error)
    }
  }
}

extension ExitStatus: Error {}
