import ServeDiagnostics
import ServeSyntax

/// The body of a declaration as a tree that overlays can edit: what was written, by keyword, not judged yet.
struct Settings {
  var nodes: [Node] = []
  /// Where the braces stand, or the declaration's keyword when it has no body.
  var range: SourceRange
  /// False where part of the body was not understood.
  var isComplete = true
  /// What cannot stand among settings.
  var strays: [SourceRange] = []

  /// One field, bound, section, named entry or rule.
  struct Node {
    /// How the value is tied to the name.
    enum Relation: Equatable {
      case equals
      case bound(AST.Bound.Relation, SourceRange)
    }

    /// `replicas`, `scale`, `arm`, `on`.
    var keyword: AST.Name
    /// What follows the keyword: of a named entry its name first.
    var operands: [AST.Expr] = []
    /// The name of an entry that an expression names: `only c3_cpu { … }`.
    var entryName: AST.Name?
    var type: AST.TypeExpr?
    var relation = Relation.equals
    var value: AST.Expr?
    /// The parts of a phrase, where an overlay replaced some of them.
    var parts: [AST.Expr]?
    var body: Settings?
    var doc: String?
    var range: SourceRange
    /// The environment whose overlay wrote it.
    var overlay: String?

    /// `control` of `arm control`.
    var name: AST.Name? { entryName ?? operands.first?.name }

    /// The parts of the value: of `90% Ranker.v1` two.
    var phrase: [AST.Expr] { parts ?? value?.phrase ?? [] }
  }

  init(range: SourceRange) {
    self.range = range
  }

  init(_ block: AST.Block) {
    range = block.range
    isComplete = block.isComplete
    for item in block.items {
      if let node = Node(item) { nodes.append(node) } else { strays.append(item.range) }
    }
  }

  /// A declaration's body; an empty one stands at its name.
  init(of declaration: AST.Declaration) {
    if let block = declaration.block { self.init(block) } else { self.init(range: declaration.name.range) }
  }

  func nodes(_ keyword: String) -> [Node] {
    nodes.filter { $0.keyword.text == keyword }
  }

  func node(_ keyword: String) -> Node? {
    nodes.first { $0.keyword.text == keyword }
  }
}

extension Settings.Node {
  /// Nil for what cannot stand in a declaration of settings: `return`, a value alone.
  init?(_ item: AST.Item) {
    switch item {
    case .field(let field):
      self.init(
        path: field.path.names[...], type: field.type, relation: .equals, value: field.value, doc: field.doc,
        range: field.range,
      )
    case .bound(let bound):
      self.init(
        path: bound.path.names[...], type: nil, relation: .bound(bound.relation, bound.relationRange),
        value: bound.value, doc: bound.doc, range: bound.range,
      )
    case .clause(let clause):
      self.init(
        keyword: clause.keyword, operands: clause.operands, type: clause.type, value: clause.value,
        body: clause.block.map(Settings.init), doc: clause.doc, range: clause.range,
      )
    case .value(let value):
      guard let name = value.name else { return nil }
      self.init(keyword: name, range: value.range)
    case .return:
      return nil
    }
  }

  /// `scale.replicas = 3` is `scale { replicas = 3 }`.
  private init?(
    path: ArraySlice<AST.Name>, type: AST.TypeExpr?, relation: Relation, value: AST.Expr?, doc: String?,
    range: SourceRange,
  ) {
    guard let first = path.first else { return nil }
    if path.count == 1 {
      self.init(keyword: first, type: type, relation: relation, value: value, doc: doc, range: range)
      return
    }
    var body = Settings(range: range)
    let inner = Self(path: path.dropFirst(), type: type, relation: relation, value: value, doc: doc, range: range)
    body.nodes = inner.map { [$0] } ?? []
    self.init(keyword: first, body: body, doc: doc, range: range)
  }
}
