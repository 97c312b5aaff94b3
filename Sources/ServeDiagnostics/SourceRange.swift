/// A stretch of one file, as UTF-8 byte offsets. An empty range is a place between two bytes.
package struct SourceRange: Hashable, Sendable {
  package let file: FileID
  package let bytes: Range<Int>

  package init(file: FileID, bytes: Range<Int>) {
    self.file = file
    self.bytes = bytes
  }

  package var start: Int { bytes.lowerBound }
  package var end: Int { bytes.upperBound }

  /// The empty range at this one's end, where something is missing.
  package var atEnd: SourceRange {
    SourceRange(file: file, bytes: end..<end)
  }

  /// The smallest range that holds this one and another of the same file.
  package func union(_ other: SourceRange) -> SourceRange {
    guard file == other.file else { return self }
    return SourceRange(file: file, bytes: min(start, other.start)..<max(end, other.end))
  }
}
