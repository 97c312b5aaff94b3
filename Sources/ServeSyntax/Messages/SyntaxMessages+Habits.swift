internal import ServeDiagnostics

/// What people bring along from other languages: it is understood, reported, and can be put right by an edit.
extension SyntaxMessages {
  func habit(_ message: String, _ bytes: Range<Int>, _ replacement: String, _ help: String) -> Diagnostic {
    Diagnostic(
      .sv(0103), message, at: Label(range(bytes)), help: [Help(help, replacing: range(bytes), with: replacement)])
  }

  func colonForValue(_ bytes: Range<Int>) -> Diagnostic {
    let touches = bytes.lowerBound > 0 && tree.source.bytes[bytes.lowerBound - 1] != UInt8(ascii: " ")
    return habit("`:` gives a type, `=` a value", bytes, touches ? " =" : "=", "write `=`")
  }

  func quotedDeclarationName(_ bytes: Range<Int>) -> Diagnostic {
    let name = text(bytes).filter { $0 != "\"" }
    let isName = name.utf8.first?.isNameStart == true && name.utf8.allSatisfy(\.isNamePart)
    return Diagnostic(
      .sv(0103), "a declaration's name stands without quotes", at: Label(range(bytes)),
      help: isName ? [Help("write `\(name)`", replacing: range(bytes), with: name)] : [])
  }

  func unitApart(_ bytes: Range<Int>) -> Diagnostic {
    let number = UnitText.start(in: tree.source.bytes[bytes])
    let unit = tree.source.bytes[bytes].reversed().prefix { $0.isNameStart }.count
    let joined = text(bytes.lowerBound..<number) + text(bytes.upperBound - unit..<bytes.upperBound)
    return Diagnostic(
      .sv(0105), "a unit touches its number", at: Label(range(bytes)),
      help: [Help("write `\(joined)`", replacing: range(bytes), with: joined)])
  }
}
