import InferenceIR
import TensorTypes

extension OperatorTable {
  static let determinants: [String: Conversion] = [
    // Det (11, 22) of small matrices, by the expansion along the first row (Laplace).
    "Det": { (importer, call) throws(ImportError) in
      let x = try call.operand(0)
      let shape = importer.shape(of: x)
      guard shape.rank >= 2, let size = shape[shape.rank - 1].constant, shape[shape.rank - 2] == Dim(size),
        (1...4).contains(size)
      else { throw call.fail(.unsupported("matrices of \(shape); square ones of up to 4 rows are")) }
      let cells = try importer.reshaped(x, Shape(Array(shape.dims.dropLast(2)) + [Dim(size * size)]), call)
      var entries: [ValueID] = []
      for cell in 0..<size * size {
        entries.append(try importer.part(cell, of: cells, axis: shape.rank - 2, call))
      }
      func minor(_ rows: Range<Int>, _ columns: [Int]) -> Formula {
        guard let row = rows.first else { return 1 }
        var sum: Formula?
        for (at, column) in columns.enumerated() {
          let entry = Formula.value(entries[row * size + column])
          let rest = minor((row + 1)..<size, columns.filter { $0 != column })
          let term = rows.count == 1 ? entry : entry * rest
          sum = sum.map { at.isMultiple(of: 2) ? $0 + term : $0 - term } ?? term
        }
        return sum ?? 1
      }
      return [
        try importer.emit(minor(0..<size, Array(0..<size)), importer.element(of: x), call)
      ]
    }
  ]
}
