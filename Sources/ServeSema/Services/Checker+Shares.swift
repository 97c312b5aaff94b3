import ServeDiagnostics
import ServeSyntax

/// The arms of an experiment, by environment, for one message about all of them.
struct ExperimentShares {
  struct Sum {
    let environment: String
    let total: Rational
    let arms: [ExperimentHead.Arm]

    /// The arm that an overlay changed, else the last one.
    var blamed: Int { arms.firstIndex(where: \.isOverlaid) ?? arms.count - 1 }
  }

  let name: AST.Name
  var sums: [Sum] = []
}

/// SV0701: shares are 100 % together, in every environment.
extension Checker {
  private static let hundred = Rational(100)

  mutating func reportShares() {
    for experiment in shares.values {
      let wrong = experiment.sums.filter { $0.total != Self.hundred && $0.arms.count >= 2 }
      guard let first = wrong.first else { continue }
      let isEverywhere = wrong.count == experiment.sums.count && Set(wrong.map(\.total)).count == 1
      let place = isEverywhere ? "" : " in env \(wrong.map(\.environment).joined(separator: ", "))"
      let sum = first.arms.map { "\($0.percent)%" }.joined(separator: " + ")
      let right = experiment.sums.filter { $0.total == Self.hundred }.map { "\($0.environment): 100% ok" }
      let blamed = first.arms[first.blamed]
      let others = first.arms.indices.filter { $0 != first.blamed }.map { first.arms[$0] }
      diagnostics.add(
        Diagnostic(
          .sharesSum, "arms of `\(experiment.name)` add up to \(first.total)%\(place)",
          at: Label(
            blamed.percentRange, blamed.isOverlaid ? "set here for \(first.environment) only" : blamed.name.text),
          secondary: others.map { Label($0.percentRange, $0.name.text) },
          values: ["\(sum) = \(first.total)%, must be exactly 100%"] + right, help: help(first, blamed, others)))
    }
  }

  /// The share of another arm that makes it 100 %.
  private func help(_ sum: ExperimentShares.Sum, _ blamed: ExperimentHead.Arm, _ others: [ExperimentHead.Arm]) -> [Help]
  {
    guard let control = others.first(where: { !$0.isOverlaid }) ?? others.first,
      let missing = Self.hundred.adding(sum.total.negated), let share = control.percent.adding(missing),
      share > Rational(0), share < Self.hundred
    else { return [] }
    if blamed.isOverlaid { return [Help("set `arm \(control.name) = \(share)%` in the same overlay")] }
    return [Help("write `\(share)%` for `\(control.name)`", replacing: control.percentRange, with: "\(share)%")]
  }
}
