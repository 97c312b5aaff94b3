import Foundation

/// Tells people what a long command is doing; scripts can leave it out.
package struct Progress: Sendable {
  private let report: @Sendable (String) -> Void

  /// - Parameter report: takes one line without a line end.
  package init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

  /// Says nothing.
  package static let silent = Progress { _ in }

  package func step(_ text: String) { report(text) }
}
