import ServeDiagnostics
import ServeSyntax

/// `enum Device { ios, android }`, `record Request { user_id : u64 }`.
extension Checker {
  mutating func checkEnums() {
    for declaration in declarations(.enum) {
      guard let block = declaration.block else { continue }
      var cases: [AST.Name] = []
      for item in block.items {
        guard case .value(let value) = item, let name = value.name else {
          diagnostics.add(typeMismatch("an enum lists names", "not the name of a case", item.range))
          continue
        }
        checkCase(name, isType: false, of: "a case")
        if let first = cases.first(where: { $0.text == name.text }) {
          diagnostics.add(.duplicate(name, of: first, what: "case"))
        } else {
          cases.append(name)
        }
      }
      if cases.isEmpty {
        if block.isComplete, block.items.isEmpty {
          diagnostics.add(
            Diagnostic(.missingField, "`\(declaration.name)` has no case", at: Label(block.range, "list its names")))
        }
        continue
      }
      if cases.count > 256 {
        diagnostics.add(.notSupported("an enum of more than 256 cases", at: declaration.name.range))
        continue
      }
      let result = EnumDeclaration(
        name: declaration.name.text, cases: cases.map(\.text), range: declaration.name.range)
      enums[result.name] = result
      module.enums.append(result)
    }
  }

  /// Whether a part of a record or feature group is missing because it was not understood.
  func isBroken(_ field: String, of owner: String) -> Bool {
    guard let names = broken[owner] else { return false }
    return names.contains(field) || names.contains("*")
  }

  mutating func checkRecords() {
    for declaration in declarations(.record) {
      guard let block = declaration.block else { continue }
      var fields: [RecordDeclaration.Field] = []
      var first: [String: AST.Name] = [:]
      var isWhole = block.isComplete
      if !isWhole { broken[declaration.name.text, default: []].insert("*") }
      for item in block.items {
        guard case .field(let field) = item, let name = field.path.single, let type = field.type else {
          diagnostics.add(typeMismatch("a record lists fields with types", "write `name : type`", item.range))
          broken[declaration.name.text, default: []].insert("*")
          isWhole = false
          continue
        }
        checkCase(name, isType: false, of: "a field")
        if let earlier = first[name.text] {
          diagnostics.add(.duplicate(name, of: earlier, what: "field"))
          continue
        }
        first[name.text] = name
        if let value = field.value { diagnostics.add(.notSupported("a default of a record's field", at: value.range)) }
        guard let type = fieldType(type) else {
          broken[declaration.name.text, default: []].insert(name.text)
          isWhole = false
          continue
        }
        fields.append(
          RecordDeclaration.Field(name: name.text, type: type, documentation: field.doc ?? "", range: name.range))
      }
      if fields.isEmpty {
        guard isWhole else { continue }
        diagnostics.add(
          Diagnostic(.missingField, "`\(declaration.name)` has no field", at: Label(block.range, "list `name : type`")))
        continue
      }
      let record = RecordDeclaration(name: declaration.name.text, fields: fields, range: declaration.name.range)
      records[record.name] = record
      module.records.append(record)
    }
  }
}
