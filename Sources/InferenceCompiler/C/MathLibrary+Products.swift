extension MathLibrary {
  /// Products of matrices in f32 whose right operand is known at run time, or packed by somebody else.
  static let productFunctions = """
    MATH f32x16 load_part(const f32 *p, i64 count) {
      return count == 16 ? *(const f32x16_unaligned *)p : load_lanes(p, count);
    }
    MATH void store_part(f32 *p, f32x16 v, i64 count) {
      if (count == 16) *(f32x16_unaligned *)p = v; else store_lanes(p, v, count);
    }
    /// `rows` x 16 sums of `a[r][k] * w[k][lane]` over k, each one chain of fused multiply-adds that starts with 0 or,
    /// when `continues`, with what stands in c.
    INLINE void product_tile(
      const f32 *a, i64 row, i64 step, const f32 *w, i64 wStep, i64 depth, f32 *c, i64 cRow, i64 lanes, i32 continues,
      const i32 rows) {
      f32x16 s[6];
      for (i32 r = 0; r < rows; r++) s[r] = continues ? load_part(c + r * cRow, lanes) : (f32x16)(0.0f);
      for (i64 k = 0; k < depth; k++) {
        const f32x16 b = *(const f32x16_unaligned *)(w + k * wStep);
        for (i32 r = 0; r < rows; r++) s[r] = m_fma((f32x16)(a[r * row + k * step]), b, s[r]);
      }
      for (i32 r = 0; r < rows; r++) store_part(c + r * cRow, s[r], lanes);
    }
    /// One row over 64 columns in four panels: eight chains hide the latency of the multiply-adds.
    INLINE void product_row(
      const f32 *a, i64 step, const f32 *w, i64 wStep, i64 panel, i64 depth, f32 *c, i32 continues) {
      f32x16 s[4];
      for (i32 p = 0; p < 4; p++) s[p] = continues ? *(const f32x16_unaligned *)(c + p * 16) : (f32x16)(0.0f);
      for (i64 k = 0; k < depth; k++) {
        const f32x16 x = a[k * step];
        for (i32 p = 0; p < 4; p++) s[p] = m_fma(x, *(const f32x16_unaligned *)(w + p * panel + k * wStep), s[p]);
      }
      for (i32 p = 0; p < 4; p++) *(f32x16_unaligned *)(c + p * 16) = s[p];
    }
    /// `c[m][n]` over panels of 16 columns that stand `panel` apart, in which k advances by `wStep`.
    NOINLINE void panel_product(
      const f32 *a, i64 row, i64 step, const f32 *w, i64 wStep, i64 panel, i64 depth, f32 *c, i64 cRow, i64 rows,
      i64 columns, i32 continues) {
      i64 n = 0;
      if (rows == 1)
        for (; n + 64 <= columns; n += 64)
          product_row(a, step, w + n / 16 * panel, wStep, panel, depth, c + n, continues);
      for (; n < columns; n += 16) {
        const f32 *b = w + n / 16 * panel;
        const i64 lanes = columns - n < 16 ? columns - n : 16;
        for (i64 m = 0; m < rows;) {
          const f32 *x = a + m * row;
          f32 *y = c + m * cRow + n;
          const i64 left = rows - m;
          // Seven and eight rows are two tiles of like height: a tile of one or two leaves the multipliers idle.
          const i64 height = left == 7 || left == 8 ? 4 : left < 6 ? left : 6;
          switch (height) {
          case 1: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 1); break;
          case 2: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 2); break;
          case 3: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 3); break;
          case 4: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 4); break;
          case 5: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 5); break;
          case 6: product_tile(x, row, step, b, wStep, depth, y, cRow, lanes, continues, 6); break;
          }
          m += height;
        }
      }
    }
    /// Eight rows, `stride` apart, become columns 0 ..< 8 of eight rows of 16.
    MATH void transpose_8(const f32 *from, i64 stride, f32 *to) {
      f32x8 x[8], y[8];
      for (i32 i = 0; i < 8; i++) x[i] = *(const f32x8_unaligned *)(from + i * stride);
      for (i32 i = 0; i < 8; i += 2) {
        y[i] = __builtin_shufflevector(x[i], x[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
      }
      for (i32 i = 0; i < 8; i += 4)
        for (i32 j = 0; j < 2; j++) {
          x[i + 2 * j] = __builtin_shufflevector(y[i + j], y[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
          x[i + 2 * j + 1] = __builtin_shufflevector(y[i + j], y[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
      for (i32 i = 0; i < 4; i++) {
        *(f32x8_unaligned *)(to + i * 16) = __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(f32x8_unaligned *)(to + i * 16 + 64) = __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
      }
    }
    /// `b[k][n]` in panels `[n / 16][k][16]`; columns beyond the last are zero.
    NOINLINE void pack_panels(const f32 *b, i64 kStride, i64 nStride, i64 depth, i64 columns, f32 *panels) {
      for (i64 n = 0; n < columns; n += 16, panels += depth * 16) {
        const i64 lanes = columns - n < 16 ? columns - n : 16;
        const f32 *from = b + n * nStride;
        if (lanes == 16 && nStride == 1) {
          for (i64 k = 0; k < depth; k++)
            *(f32x16_unaligned *)(panels + k * 16) = *(const f32x16_unaligned *)(from + k * kStride);
        } else {
          i64 k = 0;
          if (lanes == 16 && kStride == 1)
            for (; k + 8 <= depth; k += 8) {
              transpose_8(from + k, nStride, panels + k * 16);
              transpose_8(from + k + 8 * nStride, nStride, panels + k * 16 + 8);
            }
          for (; k < depth; k++)
            for (i64 lane = 0; lane < 16; lane++)
              panels[k * 16 + lane] = lane < lanes ? from[k * kStride + lane * nStride] : 0.0f;
        }
      }
    }
    /// A product of two matrices that are known only now. Few rows read the right one in place where its columns are
    /// neighbours; more rows pay for packing it, 16 columns at a time, into `panel`, which holds `depth * 16` numbers.
    NOINLINE void runtime_product(
      const f32 *a, i64 row, i64 step, const f32 *b, i64 kStride, i64 nStride, i64 depth, f32 *c, i64 cRow, i64 rows,
      i64 columns, f32 *panel) {
      const i64 direct = nStride == 1 && rows < 8 ? columns & ~15L : 0;
      panel_product(a, row, step, b, kStride, 16, depth, c, cRow, rows, direct, 0);
      for (i64 n = direct; n < columns; n += 16) {
        const i64 lanes = columns - n < 16 ? columns - n : 16;
        pack_panels(b + n * nStride, kStride, nStride, depth, lanes, panel);
        panel_product(a, row, step, panel, 16, 0, depth, c + n, cRow, rows, lanes, 0);
      }
    }

    """
}
