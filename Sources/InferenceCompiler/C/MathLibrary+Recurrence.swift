extension MathLibrary {
  /// Products of a step of a recurrent layer.
  static let recurrenceFunctions = """
    /// `rows` x `panels` x 16 sums of `h[r][k] * w[k][n]` over k, each one chain of fused multiply-adds that starts with
    /// what stands in x.
    INLINE void state_tile(
      const f32 *h, i64 hRow, const f32 *w, i64 panel, i64 depth, const f32 *x, i64 xRow, f32 *y, i64 yRow,
      const i32 rows, const i32 panels) {
      f32x16 s[6];
      for (i32 r = 0; r < rows; r++)
        for (i32 p = 0; p < panels; p++) s[r * panels + p] = *(const f32x16_unaligned *)(x + r * xRow + p * 16);
      for (i64 k = 0; k < depth; k++) {
        f32x16 b[4];
        for (i32 p = 0; p < panels; p++) b[p] = *(const f32x16 *)(w + p * panel + k * 16);
        for (i32 r = 0; r < rows; r++) {
          const f32x16 a = h[r * hRow + k];
          for (i32 p = 0; p < panels; p++) s[r * panels + p] = m_fma(a, b[p], s[r * panels + p]);
        }
      }
      for (i32 r = 0; r < rows; r++)
        for (i32 p = 0; p < panels; p++) *(f32x16 *)(y + r * yRow + p * 16) = s[r * panels + p];
    }
    /// All columns in groups of panels, from the last group to the first where `backward`.
    INLINE void state_columns(
      const f32 *h, i64 hRow, const f32 *w, i64 depth, const f32 *x, i64 xRow, f32 *y, i64 yRow, i64 columns,
      i32 backward, const i32 rows, const i32 panels) {
      const i64 width = 16 * panels, groups = columns / width;
      for (i64 n = groups * width; n < columns; n += 16)
        state_tile(h, hRow, w + n * depth, 0, depth, x + n, xRow, y + n, yRow, rows, 1);
      for (i64 group = 0; group < groups; group++) {
        const i64 n = (backward ? groups - 1 - group : group) * width;
        state_tile(h, hRow, w + n * depth, depth * 16, depth, x + n, xRow, y + n, yRow, rows, panels);
      }
    }
    /// `y[r][n] = x[r][n] + h[r] w[n]` for up to six rows, over panels of 16 columns that stand one behind the other. Few
    /// rows take several panels at once: eight chains hide the latency of the multiply-adds. Steps that go through the
    /// panels in turn forward and backward find those that they read last in the nearest cache.
    NOINLINE void state_product(
      const f32 *h, i64 hRow, const f32 *w, i64 depth, const f32 *x, i64 xRow, f32 *y, i64 yRow, i64 rows, i64 columns,
      i32 backward) {
      switch (rows) {
      case 1: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 1, 4); break;
      case 2: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 2, 2); break;
      case 3: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 3, 1); break;
      case 4: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 4, 1); break;
      case 5: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 5, 1); break;
      case 6: state_columns(h, hRow, w, depth, x, xRow, y, yRow, columns, backward, 6, 1); break;
      }
    }

    """
}
