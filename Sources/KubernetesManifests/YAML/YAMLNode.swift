/// A YAML document as a tree: what resources are rendered to and the emitter prints. Mappings keep their order.
package indirect enum YAMLNode: Hashable, Sendable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case list([YAMLNode])
  case mapping([Entry])

  package struct Entry: Hashable, Sendable {
    package var key: String
    package var value: YAMLNode

    package init(_ key: String, _ value: YAMLNode) {
      self.key = key
      self.value = value
    }
  }

  /// A mapping of strings in the order of its keys: labels, annotations, selectors.
  package static func sorted(_ strings: [String: String]) -> YAMLNode {
    .mapping(strings.sorted { $0.key < $1.key }.map { Entry($0.key, .string($0.value)) })
  }

  /// The value of a key of a mapping.
  package subscript(key: String) -> YAMLNode? {
    guard case .mapping(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// An element of a list.
  package subscript(at: Int) -> YAMLNode? {
    guard case .list(let nodes) = self, nodes.indices.contains(at) else { return nil }
    return nodes[at]
  }
}

extension YAMLNode: ExpressibleByStringInterpolation {
  package init(stringLiteral value: String) { self = .string(value) }
}

extension YAMLNode: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .integer(value) }
}

extension YAMLNode: ExpressibleByBooleanLiteral {
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension YAMLNode: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: YAMLNode...) { self = .list(elements) }
}

extension YAMLNode: ExpressibleByDictionaryLiteral {
  /// Entries whose value is nil are left out, so that an optional field needs no statement of its own.
  package init(dictionaryLiteral elements: (String, YAMLNode?)...) {
    self = .mapping(elements.compactMap { key, value in value.map { Entry(key, $0) } })
  }
}
