import ServeSema

/// `servec explain`: the page of a diagnostic.
package struct Explain {
  package init() {}

  package func run(code: String?) throws -> String {
    guard let code else { return DiagnosticPages.all.map { "\($0.code)  \($0.title)" }.joined(separator: "\n") }
    guard let page = DiagnosticPages.page(code.uppercased()) else {
      throw DriverError(.usage, "there is no diagnostic `\(code)`", help: "`servec explain` lists them")
    }
    return page
  }
}
