internal import ArgumentParser
internal import Glibc
internal import InferenceRuntime

let started = MonotonicClock.now()
Signals.prepare()
OpenFiles.raiseLimit()
do {
  try Served.parse().serve(started: started)
} catch let failure as Failure {
  end(failure.code, "served: \(failure.message)")
} catch {
  // A request for help is no error.
  end(Served.exitCode(for: error) == .success ? 0 : Failure.usage, Served.fullMessage(for: error))
}

/// Ends the program with a last word, on standard error if it is an error.
func end(_ code: Int32, _ message: String) -> Never {
  let line = Array((message + "\n").utf8)
  _ = write(code == 0 ? STDOUT_FILENO : STDERR_FILENO, line, line.count)
  exit(code)
}
