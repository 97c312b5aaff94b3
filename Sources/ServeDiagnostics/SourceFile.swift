/// The identity of a source file within one run of the compiler.
package struct FileID: Hashable, Comparable, Sendable {
  /// The file's place in its ``SourceFiles``, from 0.
  package let index: Int

  package init(index: Int) {
    self.index = index
  }

  package static func < (a: FileID, b: FileID) -> Bool {
    a.index < b.index
  }
}

/// A place as people count it: line and column from 1, the column in Unicode scalars.
package struct SourcePosition: Hashable, Sendable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// One source file: the path it is shown under, its bytes as they were read, and where its lines start.
///
/// Offsets are UTF-8 byte offsets. A line ends at LF; a CR before it belongs to the line's end.
package struct SourceFile: Sendable {
  package let id: FileID
  package let path: String
  package let bytes: [UInt8]
  private let lineStarts: [Int]

  package init(id: FileID, path: String, bytes: [UInt8]) {
    self.id = id
    self.path = path
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
    lineStarts = starts
  }

  package init(id: FileID = FileID(index: 0), path: String, text: String) {
    self.init(id: id, path: path, bytes: Array(text.utf8))
  }

  /// The whole text; bytes that are not UTF-8 read as U+FFFD.
  package var text: String {
    String(decoding: bytes, as: UTF8.self)
  }

  package var lineCount: Int {
    lineStarts.count
  }

  /// A range of this file; what lies outside of the file is cut off.
  package func range(_ bytes: Range<Int>) -> SourceRange {
    SourceRange(file: id, bytes: bytes.clamped(to: 0..<self.bytes.count))
  }

  /// The text of a range of this file.
  package func text(in range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }

  /// The line, from 1, that holds a byte offset; an offset past the end is on the last line.
  package func line(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  package func position(at offset: Int) -> SourcePosition {
    let offset = min(max(offset, 0), bytes.count)
    let line = line(at: offset)
    let prefix = String(decoding: bytes[lineStarts[line - 1]..<offset], as: UTF8.self)
    return SourcePosition(line: line, column: prefix.unicodeScalars.count + 1)
  }

  /// The bytes of a line, from 1, without its line end; empty for a line that does not exist.
  package func extent(ofLine line: Int) -> Range<Int> {
    guard line >= 1, line <= lineStarts.count else { return bytes.count..<bytes.count }
    let start = lineStarts[line - 1]
    var end = line < lineStarts.count ? lineStarts[line] - 1 : bytes.count
    if line < lineStarts.count, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }
}

/// The files of one run; renderers look up ranges here.
package struct SourceFiles: Sendable {
  package private(set) var files: [SourceFile] = []

  package init() {}

  /// Adds a file and gives it its identity.
  package mutating func add(path: String, bytes: [UInt8]) -> SourceFile {
    let file = SourceFile(id: FileID(index: files.count), path: path, bytes: bytes)
    files.append(file)
    return file
  }

  /// The file with an identity, if it is one of these.
  package subscript(id: FileID) -> SourceFile? {
    files.indices.contains(id.index) ? files[id.index] : nil
  }
}
