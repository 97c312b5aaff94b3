import ServeDiagnostics
import Testing

@Suite struct RenderingTests {
  private var files = SourceFiles()
  private let main: SourceFile
  private let other: SourceFile

  init() {
    main = files.add(path: "rec.serve", bytes: Array("serve 1\nscale {\n\treplcias = 3...24 // 日本\n}\n".utf8))
    other = files.add(path: "over/prod.serve", bytes: Array("a\nb = \"日本\" c\n".utf8))
  }

  private func place(_ text: String, in file: SourceFile) -> SourceRange {
    let all = Array(file.bytes)
    let wanted = Array(text.utf8)
    let start = all.indices.first { all[$0...].starts(with: wanted) } ?? 0
    return file.range(start..<start + wanted.count)
  }

  private var typo: Diagnostic {
    Diagnostic(
      .sv(0201), "`scale` has no field `replcias`",
      at: Label(place("replcias", in: main), "did you mean `replicas`?"),
      secondary: [Label(place("scale", in: main), "in this block"), Label(place("c", in: other), "overlaid here")],
      values: ["fields of `scale`: replicas, down"],
      notes: ["a setting that has no effect is an error"],
      help: [Help("rename to `replicas`", replacing: place("replcias", in: main), with: "replicas")],
    )
  }

  @Test func `Text shows the lines with marks, then values, notes and help`() {
    let expected = """
      error[SV0201]: `scale` has no field `replcias`
        --> rec.serve:3:2
        2 | scale {
          | ----- in this block
        3 |     replcias = 3...24 // 日本
          |     ^^^^^^^^ did you mean `replicas`?
        ::: over/prod.serve:2:10
        2 | b = "日本" c
          |            - overlaid here
          = fields of `scale`: replicas, down
          = note: a setting that has no effect is an error
          = help: rename to `replicas`

      """
    #expect(TextRenderer(files: files).render(typo) == expected)
  }

  @Test func `Colour adds only escapes`() {
    let plain = TextRenderer(files: files).render(typo)
    let coloured = TextRenderer(files: files, inColour: true).render(typo)
    #expect(coloured != plain)
    #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == plain)
  }

  @Test func `A diagnostic without a place is its headline and what follows`() {
    let missing = Diagnostic(.sv(0901), "no such file: a.serve", at: nil, help: [Help("create it")])
    #expect(
      TextRenderer(files: files).render(missing) == "error[SV0901]: no such file: a.serve\n    = help: create it\n")
  }

  @Test func `A lint is a warning`() {
    let lint = Diagnostic(.w(0906), "the overlay equals the base", at: nil)
    #expect(TextRenderer(files: files).render(lint) == "warning[W0906]: the overlay equals the base\n")
  }

  @Test func `A very long line is shown around the place`() {
    var files = SourceFiles()
    let text = String(repeating: "a ", count: 500_000) + "X" + String(repeating: " b", count: 500_000)
    let file = files.add(path: "long.serve", bytes: Array(text.utf8))
    let rendered = TextRenderer(files: files).render(
      Diagnostic(.sv(0101), "here", at: Label(file.range(1_000_000..<1_000_001), "X")))
    let lines = rendered.split(separator: "\n")
    #expect(lines[2].count < 300)
    #expect(
      lines[2].firstIndex(of: "X").map { lines[2].distance(from: lines[2].startIndex, to: $0) }
        == lines[3].firstIndex(of: "^").map { lines[3].distance(from: lines[3].startIndex, to: $0) })
  }

  @Test func `Control characters of a source or a message never reach the terminal`() {
    var files = SourceFiles()
    let file = files.add(path: "a\u{1B}[31m", bytes: Array("x\u{1B}]0;title\u{7}y".utf8) + [0xFF, 0x7A])
    let rendered = TextRenderer(files: files).render(
      Diagnostic(.sv(0101), "one\u{1B}[2J\ntwo", at: Label(file.range(0..<100), "lab\rel")))
    #expect(!rendered.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(rendered.split(separator: "\n").count == 4)
  }

  @Test func `JSON has every member, in order, on one line`() {
    let json = JSONRenderer(files: files).render([typo])
    #expect(
      json
        == #"{"code":"SV0201","severity":"error","message":"`scale` has no field `replcias`","file":"rec.serve","line":3,"#
        + #""column":2,"endLine":3,"endColumn":10,"label":"did you mean `replicas`?","related":[{"file":"rec.serve","#
        + #""line":2,"column":1,"endLine":2,"endColumn":6,"label":"in this block"},{"file":"over/prod.serve","line":2,"#
        + #""column":10,"endLine":2,"endColumn":11,"label":"overlaid here"}],"values":["fields of `scale`: replicas, down"],"#
        + #""notes":["a setting that has no effect is an error"],"help":[{"text":"rename to `replicas`","edits":[{"file":"#
        + #""rec.serve","line":3,"column":2,"endLine":3,"endColumn":10,"start":17,"end":25,"replacement":"replicas"}]}]}"#
        + "\n")
  }

  @Test func `JSON escapes control characters and has nulls where there is no place`() {
    let json = JSONRenderer(files: files).render([Diagnostic(.sv(0001), "a\"\\\n\u{1}", at: nil)])
    #expect(json.hasPrefix(#"{"code":"SV0001","severity":"error","message":"a\"\\\n\u0001","file":null,"line":null"#))
  }

  @Test func `A GitHub command escapes what would end it`() {
    let diagnostic = Diagnostic(
      .sv(0701), "105% in all\nthis is too much", at: Label(place("scale", in: main), ""))
    #expect(
      GitHubRenderer(files: files).render([diagnostic])
        == "::error file=rec.serve,line=2,endLine=2,col=1,endColumn=6,title=SV0701::105%25 in all%0Athis is too much\n")
  }

  @Test func `SARIF names the rule, the place and the fix`() {
    let sarif = SARIFRenderer(files: files).render([typo])
    #expect(sarif.contains(#""ruleId":"SV0201","level":"error""#))
    #expect(sarif.contains(#""region":{"startLine":3,"startColumn":2,"endLine":3,"endColumn":10}"#))
    #expect(sarif.contains(#""insertedContent":{"text":"replicas"}"#))
  }
}
