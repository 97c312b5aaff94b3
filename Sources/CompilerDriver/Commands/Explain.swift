import ServeDiagnostics
import ServeSema

/// `servec explain`: the page of a diagnostic, or the list of all.
package struct Explain {
  package init() {}

  package func run(code text: String?) throws -> String {
    guard let text else {
      return DiagnosticRegistry.all.map { "\($0.code)  \($0.title)" }.joined(separator: "\n")
    }
    guard let code = DiagnosticCode(text.uppercased()), let page = DiagnosticPages.page(code) else {
      throw DriverError(.usage, "there is no diagnostic `\(text)`", help: "`servec explain` lists them")
    }
    return page
  }
}
