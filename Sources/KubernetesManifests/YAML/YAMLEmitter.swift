internal import CYAML

/// Prints a tree as one YAML document, through libyaml: block style, indent 2, no anchors, no folding.
///
/// The text depends on the tree alone.
enum YAMLEmitter {
  static func text(_ node: YAMLNode) throws(ManifestError) -> String {
    let stream = try YAMLStream()
    try stream.write(node)
    return stream.text
  }
}

/// One emitter of libyaml, which must not move in memory, and the bytes it wrote.
private final class YAMLStream {
  private let emitter = UnsafeMutablePointer<yaml_emitter_t>.allocate(capacity: 1)
  private var bytes: [UInt8] = []

  init() throws(ManifestError) {
    guard yaml_emitter_initialize(emitter) == 1 else {
      emitter.deallocate()
      throw .emitter("out of memory")
    }
    yaml_emitter_set_unicode(emitter, 1)
    yaml_emitter_set_indent(emitter, 2)
    yaml_emitter_set_width(emitter, -1)
    yaml_emitter_set_break(emitter, YAML_LN_BREAK)
    yaml_emitter_set_output(
      emitter,
      { stream, buffer, size in
        guard let stream, let buffer else { return 0 }
        let this = Unmanaged<YAMLStream>.fromOpaque(stream).takeUnretainedValue()
        this.bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: size))
        return 1
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    yaml_emitter_delete(emitter)
    emitter.deallocate()
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func write(_ node: YAMLNode) throws(ManifestError) {
    try emit { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
    try emit { yaml_document_start_event_initialize($0, nil, nil, nil, 1) }
    try value(node)
    try emit { yaml_document_end_event_initialize($0, 1) }
    try emit { yaml_stream_end_event_initialize($0) }
  }

  private func value(_ node: YAMLNode) throws(ManifestError) {
    switch node {
    case .string(let text): try scalar(text, ScalarStyle(for: text))
    case .integer(let number): try scalar(String(number), .plain)
    case .boolean(let flag): try scalar(flag ? "true" : "false", .plain)
    case .list(let nodes):
      // An empty collection has no block form.
      let style = nodes.isEmpty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
      try emit { yaml_sequence_start_event_initialize($0, nil, nil, 1, style) }
      for node in nodes { try value(node) }
      try emit { yaml_sequence_end_event_initialize($0) }
    case .mapping(let entries):
      let style = entries.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
      try emit { yaml_mapping_start_event_initialize($0, nil, nil, 1, style) }
      for entry in entries {
        try scalar(entry.key, ScalarStyle(for: entry.key))
        try value(entry.value)
      }
      try emit { yaml_mapping_end_event_initialize($0) }
    }
  }

  private func scalar(_ text: String, _ style: ScalarStyle) throws(ManifestError) {
    let libyamlStyle =
      switch style {
      case .plain: YAML_PLAIN_SCALAR_STYLE
      case .doubleQuoted: YAML_DOUBLE_QUOTED_SCALAR_STYLE
      case .literal: YAML_LITERAL_SCALAR_STYLE
      }
    let utf8 = Array(text.utf8)
    try emit { yaml_scalar_event_initialize($0, nil, nil, utf8, Int32(utf8.count), 1, 1, libyamlStyle) }
  }

  /// Hands an event over; libyaml frees it in either case.
  private func emit(_ initialize: (UnsafeMutablePointer<yaml_event_t>) -> Int32) throws(ManifestError) {
    var event = yaml_event_t()
    guard initialize(&event) == 1 else { throw .emitter("an event could not be made") }
    guard yaml_emitter_emit(emitter, &event) == 1 else {
      throw .emitter(emitter.pointee.problem.map { String(cString: $0) } ?? "unknown problem")
    }
  }
}
