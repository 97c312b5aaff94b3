extension MathLibrary {
  /// What works on whole rows of f32: normalisation, softmax, attention.
  static let rowFunctions = """
    /// The largest lane of a vector without NaN.
    MATH f32 largest_lane(f32x16 v) {
      const f32x8 a = v.lo > v.hi ? v.lo : v.hi;
      f32 most[4];
      for (i32 lane = 0; lane < 4; lane++) most[lane] = a[lane] > a[lane + 4] ? a[lane] : a[lane + 4];
      const f32 even = most[0] > most[2] ? most[0] : most[2], odd = most[1] > most[3] ? most[1] : most[3];
      return even > odd ? even : odd;
    }
    INLINE void divide_row(f32 *y, i64 count, f32 by) {
      for (i64 n = 0; n < count; n++) y[n] /= by;
    }
    /// Whether a mask admits no key.
    INLINE i32 is_blind(const f32 *mask, i64 maskStep, i64 count) {
      for (i64 j = 0; j < count; j++)
        if (mask[j * maskStep] != -__builtin_inff()) return 0;
      return 1;
    }
    INLINE f32 no_terms(f32 *s, i64 count) {
      for (i64 j = 0; j < count; j += 16) *(f32x16 *)(s + j) = 0.0f;
      return 1.0f;
    }
    /// What a query gives whose scores have no softmax: NaN, zeros where the mask admits no key, or zeros.
    typedef enum { unattended_nan, unattended_zero_where_masked, unattended_zero } unattended;
    /// Replaces scores by scale * score + mask and returns the largest; the row is padded to 16 lanes with what has no
    /// weight.
    INLINE f32 masked_scores(f32 *s, const f32 *mask, i64 maskStep, i64 count, f32 scale) {
      f32x16 peaks = -__builtin_inff();
      for (i64 j = 0; j < count; j += 16) {
        const i64 lanes = count - j < 16 ? count - j : 16;
        f32x16 v = *(f32x16 *)(s + j) * scale;
        if (mask && maskStep == 1) v += load_part(mask + j, lanes);
        if (mask && maskStep != 1) for (i64 lane = 0; lane < lanes; lane++) v[lane] += mask[(j + lane) * maskStep];
        if (lanes < 16) for (i64 lane = lanes; lane < 16; lane++) v[lane] = -__builtin_inff();
        *(f32x16 *)(s + j) = v;
        peaks = v > peaks ? v : peaks;
      }
      return largest_lane(peaks);
    }
    /// Replaces masked scores by exp(score - peak) and returns their sum.
    INLINE f32 softmax_terms(f32 *s, const f32 *mask, i64 maskStep, i64 count, f32 peak, unattended blind) {
      if (blind == unattended_zero_where_masked && mask && is_blind(mask, maskStep, count)) return no_terms(s, count);
      f32x16 sums = 0.0f;
      for (i64 j = 0; j < count; j += 16) {
        const f32x16 e = m_expNegative(*(f32x16 *)(s + j) - peak);
        *(f32x16 *)(s + j) = e;
        sums += e;
      }
      const f32 sum = sum_lanes(sums);
      return blind == unattended_zero && sum != sum ? no_terms(s, count) : sum;
    }
    /// softmax(scale * q kT + mask) v for one head: queries `[S][D]`, keys `[T][D]`, values `[T][E]`.
    NOINLINE void attend(
      const f32 *q, i64 qRow, i64 qStep, const f32 *k, i64 kRow, i64 kStep, const f32 *v, i64 vRow, i64 vStep,
      const f32 *mask, i64 maskRow, i64 maskStep, f32 *y, i64 yRow, i64 queries, i64 keys, i64 depth, i64 width,
      f32 scale, unattended blind, i32 packs, f32 *keyPanels, f32 *valuePanels, f32 *scores) {
      const i64 padded = (keys + 15) & ~15L;
      if (packs) pack_panels(k, kStep, kRow, depth, keys, keyPanels);
      if (packs) pack_panels(v, vRow, vStep, keys, width, valuePanels);
      for (i64 m = 0; m < queries; m += 12) {
        const i64 rows = queries - m < 12 ? queries - m : 12;
        panel_product(q + m * qRow, qRow, qStep, keyPanels, 16, depth * 16, depth, scores, padded, rows, padded, 0);
        // All peaks before the first exponential: the reduction of a row passes while the next is read.
        f32 totals[12];
        for (i64 r = 0; r < rows; r++)
          totals[r] = masked_scores(scores + r * padded, mask ? mask + (m + r) * maskRow : 0, maskStep, keys, scale);
        for (i64 r = 0; r < rows; r++)
          totals[r] = softmax_terms(
            scores + r * padded, mask ? mask + (m + r) * maskRow : 0, maskStep, keys, totals[r], blind);
        panel_product(scores, padded, 1, valuePanels, 16, keys * 16, keys, y + m * yRow, yRow, rows, width, 0);
        for (i64 r = 0; r < rows; r++)
          divide_row(y + (m + r) * yRow, width, totals[r]);
      }
    }
    /// The same for one query: nothing is packed, because every key and value is used once.
    NOINLINE void attend_one(
      const f32 *q, i64 qStep, const f32 *k, i64 kRow, i64 kStep, const f32 *v, i64 vRow, i64 vStep, const f32 *mask,
      i64 maskStep, f32 *y, i64 keys, i64 depth, i64 width, f32 scale, unattended blind, f32 *panel, f32 *scores) {
      for (i64 t = 0; t < keys; t++) {
        f32x16 sums = 0.0f;
        i64 j = 0;
        if (qStep == 1 && kStep == 1)
          for (; j + 16 <= depth; j += 16)
            sums = m_fma(*(const f32x16_unaligned *)(q + j), *(const f32x16_unaligned *)(k + t * kRow + j), sums);
        for (; j < depth; j++) sums[j & 15] = m_fma(q[j * qStep], k[t * kRow + j * kStep], sums[j & 15]);
        scores[t] = sum_lanes(sums);
      }
      const f32 peak = masked_scores(scores, mask, maskStep, keys, scale);
      const f32 total = softmax_terms(scores, mask, maskStep, keys, peak, blind);
      runtime_product(scores, 0, 1, v, vRow, vStep, keys, y, 0, 1, width, panel);
      divide_row(y, width, total);
    }
    /// Normalises a row: `(x - mean) * scale / deviation + bias`; without `centres` the mean counts as 0.
    NOINLINE void normalize_row(
      const f32 *x, f32 *y, const f32 *scale, const f32 *bias, i64 count, f64 epsilon, i32 centres) {
      const i64 full = count & ~31L;
      f32x16 even = 0.0f, odd = 0.0f;
      f32 mean = 0.0f;
      if (centres) {
        for (i64 j = 0; j < full; j += 32) {
          even += *(const f32x16_unaligned *)(x + j);
          odd += *(const f32x16_unaligned *)(x + j + 16);
        }
        f64 sum = sum_lanes(even + odd);
        for (i64 j = full; j < count; j++) sum += x[j];
        mean = (f32)(sum / count);
        even = 0.0f;
        odd = 0.0f;
      }
      for (i64 j = 0; j < full; j += 32) {
        const f32x16 a = *(const f32x16_unaligned *)(x + j) - mean, b = *(const f32x16_unaligned *)(x + j + 16) - mean;
        even = m_fma(a, a, even);
        odd = m_fma(b, b, odd);
      }
      f64 sum = sum_lanes(even + odd);
      for (i64 j = full; j < count; j++) sum += (f64)(x[j] - mean) * (x[j] - mean);
      const f32 inverse = (f32)(1.0 / m_sqrt(sum / count + epsilon));
      if (bias)
        for (i64 j = 0; j < count; j++) y[j] = (x[j] - mean) * inverse * scale[j] + bias[j];
      else
        for (i64 j = 0; j < count; j++) y[j] = (x[j] - mean) * inverse * scale[j];
    }
    /// Softmax of a row.
    NOINLINE void softmax_row(const f32 *x, f32 *y, i64 count) {
      f32x16 peaks = -__builtin_inff();
      for (i64 j = 0; j < count; j += 16) {
        const i64 lanes = count - j < 16 ? count - j : 16;
        f32x16 v = load_part(x + j, lanes);
        if (lanes < 16) for (i64 lane = lanes; lane < 16; lane++) v[lane] = -__builtin_inff();
        peaks = v > peaks ? v : peaks;
      }
      const f32 peak = largest_lane(peaks);
      f32x16 sums = 0.0f;
      for (i64 j = 0; j < count; j += 16) {
        const i64 lanes = count - j < 16 ? count - j : 16;
        f32x16 e = m_expNegative(load_part(x + j, lanes) - peak);
        if (lanes < 16) for (i64 lane = lanes; lane < 16; lane++) e[lane] = 0.0f;
        store_part(y + j, e, lanes);
        sums += e;
      }
      divide_row(y, count, sum_lanes(sums));
    }

    """
}
