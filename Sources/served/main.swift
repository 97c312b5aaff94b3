internal import Glibc
internal import InferenceRuntime

let started = MonotonicClock.now()
Signals.prepare()
OpenFiles.raiseLimit()
let words = Array(CommandLine.arguments.dropFirst())
if words.contains("--help") || words.contains("-h") { end(0, Arguments.help) }
if words.contains("--version") { end(0, Served.version) }
do {
  try Served(arguments: Arguments(words)).serve(started: started)
} catch let failure as Failure {
  end(failure.code, "served: \(failure.message)")
} catch {
  end(Failure.environment, "served: \(error)")
}

/// Ends the program with a last word, on standard error if it is an error.
func end(_ code: Int32, _ message: String) -> Never {
  let line = Array((message + "\n").utf8)
  _ = write(code == 0 ? STDOUT_FILENO : STDERR_FILENO, line, line.count)
  exit(code)
}
