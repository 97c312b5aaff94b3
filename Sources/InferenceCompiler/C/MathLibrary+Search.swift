extension MathLibrary {
  /// The passes of `SearchKernel`, which says why they find the exact best.
  static let searchFunctions = """
    /// One row's query and what its first pass has left: `least` is the k-th largest lower bound.
    typedef struct {
      f32 step, reach, least;
      i32 count, kept, is_exact;
      f32 *query;
      i32 *pairs;
      f32 *heap;
      i32 *places;
      f32 *uppers;
    } search;
    INLINE search *search_state(u8 *memory) { return (search *)memory; }
    /// Sums of products of a query and 16 columns, two elements at a time: from bytes, or widened before.
    #if defined(__AVX2__)
    typedef i16 search_words __attribute__((vector_size(32)));
    typedef i32 search_sums __attribute__((vector_size(32)));
    INLINE i32x16 search_pair(i32x16 sum, search_words a, search_words b, i32 pair) {
      search_words both = (search_words)((search_sums){0} + pair);
      search_sums low = (search_sums)__builtin_ia32_pmaddwd256(a, both);
      search_sums high = (search_sums)__builtin_ia32_pmaddwd256(b, both);
      return sum + (i32x16)__builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
    MATH i32x16 search_add(i32x16 sum, const i8 *codes, i32 pair) {
      typedef i8 bytes __attribute__((vector_size(16)));
      return search_pair(
        sum, __builtin_convertvector(*(const bytes *)codes, search_words),
        __builtin_convertvector(*(const bytes *)(codes + 16), search_words), pair);
    }
    MATH i32x16 search_add(i32x16 sum, const i16 *words, i32 pair) {
      return search_pair(sum, *(const search_words *)words, *(const search_words *)(words + 16), pair);
    }
    #else
    MATH i32x16 search_add(i32x16 sum, const i8 *codes, i32 pair) {
      i8x32 all = *(const i8x32 *)codes;
      i32x16 even = __builtin_convertvector(all.even, i32x16), odd = __builtin_convertvector(all.odd, i32x16);
      return sum + even * (i32)(i16)pair + odd * (pair >> 16);
    }
    MATH i32x16 search_add(i32x16 sum, const i16 *words, i32 pair) {
      i16x32 all = *(const i16x32 *)words;
      i32x16 even = __builtin_convertvector(all.even, i32x16), odd = __builtin_convertvector(all.odd, i32x16);
      return sum + even * (i32)(i16)pair + odd * (pair >> 16);
    }
    #endif
    INLINE void search_widen(const i8 *codes, i16 *words, i64 count) {
      for (i64 i = 0; i < count; i++) words[i] = codes[i];
    }
    INLINE u64 search_rounded(u64 bytes) { return (bytes + 63) / 64 * 64; }
    INLINE void search_begin(
      search *s, const f32 *x, i64 stride, i64 depth, i32 limit, i64 k, i64 capacity) {
      u64 pairs = (u64)(depth + 1) / 2;
      u8 *memory = (u8 *)s + 128;
      s->query = (f32 *)memory;
      memory += search_rounded(pairs * 8);
      s->pairs = (i32 *)memory;
      memory += search_rounded(pairs * 4);
      s->heap = (f32 *)memory;
      memory += search_rounded((u64)k * 4);
      s->places = (i32 *)memory;
      s->uppers = (f32 *)(memory + capacity * 4);
      s->count = 0;
      s->kept = 0;
      s->least = -__builtin_inff();
      f64 sum = 0.0, peak = 0.0;
      for (i64 i = 0; i < depth; i++) {
        s->query[i] = x[i * stride];
        f64 a = m_absolute((f64)s->query[i]);
        sum += a;
        peak = a > peak ? a : peak;
      }
      s->is_exact = !(sum >= 1e-6 && sum <= 1e25);
      if (s->is_exact) return;
      if (depth & 1) s->query[depth] = 0.0f;
      f64 step = peak / limit;
      for (i64 i = 0; i < depth; i += 2) {
        i32 low = (i32)m_round(s->query[i] / step), high = (i32)m_round(s->query[i + 1] / step);
        s->pairs[i / 2] = (i32)(((u32)low & 0xffff) | ((u32)high << 16));
      }
      f64 all = sum + step * depth;
      s->step = (f32)step;
      s->reach = (f32)((0.5 * sum + 63.5 * step * depth + 127.5 * all * (depth + 16) * 0x1p-24) * (1.0 + 0x1p-20));
    }
    /// Puts a lower bound among the `k` largest, a heap with the least first.
    INLINE void search_keep(search *s, i64 k, f32 lower) {
      i64 at = 0;
      if (s->kept < k) {
        at = s->kept++;
        for (; at > 0 && s->heap[(at - 1) / 2] > lower; at = (at - 1) / 2) s->heap[at] = s->heap[(at - 1) / 2];
      } else {
        if (!(lower > s->heap[0])) return;
        for (;;) {
          i64 child = 2 * at + 1;
          if (child >= k) break;
          if (child + 1 < k && s->heap[child + 1] < s->heap[child]) child++;
          if (!(s->heap[child] < lower)) break;
          s->heap[at] = s->heap[child];
          at = child;
        }
      }
      s->heap[at] = lower;
      if (s->kept == k) s->least = s->heap[0];
    }
    /// Forgets columns that have turned out too low.
    INLINE void search_drop(search *s) {
      i32 left = 0;
      for (i32 i = 0; i < s->count; i++) {
        if (!(s->uppers[i] >= s->least)) continue;
        s->places[left] = s->places[i];
        s->uppers[left++] = s->uppers[i];
      }
      s->count = left;
    }
    /// Admits those of 16 columns that may be among the best; gives the bound up when it leaves too many.
    NOINLINE void search_admit(
      search *s, const f32 *bounds, i64 first, i64 lanes, i64 k, i64 capacity) {
      for (i64 lane = 0; lane < lanes; lane++) {
        if (!(bounds[lane] >= s->least)) continue;
        if (s->count == capacity) search_drop(s);
        if (s->count > capacity / 4 * 3) {
          s->is_exact = 1;
          return;
        }
        s->places[s->count] = (i32)(first + lane);
        s->uppers[s->count++] = bounds[lane];
        search_keep(s, k, bounds[16 + lane]);
      }
    }
    INLINE void search_bound(
      search *s, i32x16 sum, const f32 *scales, i64 panel, i64 count, i64 k, i64 capacity) {
      f32x16 middle = to_float(sum) * s->step, scale = *(const f32x16 *)(scales + panel * 16);
      f32x16 upper = (middle + s->reach) * scale;
      if (__builtin_reduce_or(upper >= s->least) == 0) return;
      f32x16 bounds[2] = {upper, (middle - s->reach) * scale};
      i64 lanes = count - panel * 16;
      search_admit(s, (const f32 *)bounds, panel * 16, lanes < 16 ? lanes : 16, k, capacity);
    }
    /// Panels `first ..< last`; `codes` is the first's.
    MATH void search_panels(
      search *s, const i8 *codes, const f32 *scales, i64 first, i64 last, i64 pairs, i64 count, i64 k, i64 capacity) {
      for (i64 panel = first; panel < last && !s->is_exact; panel++, codes += pairs * 32) {
        i32x16 sum = 0;
        for (i64 i = 0; i < pairs; i++) sum = search_add(sum, codes + i * 32, s->pairs[i]);
        search_bound(s, sum, scales, panel, count, k, capacity);
      }
    }
    MATH void search_panels(
      search *s, const i16 *words, const f32 *scales, i64 first, i64 last, i64 pairs, i64 count, i64 k, i64 capacity) {
      for (i64 panel = first; panel < last && !s->is_exact; panel++, words += pairs * 32) {
        i32x16 sum = 0;
        for (i64 i = 0; i < pairs; i++) sum = search_add(sum, words + i * 32, s->pairs[i]);
        search_bound(s, sum, scales, panel, count, k, capacity);
      }
    }
    /// Scores the listed columns and puts them among the best `k`, NaN last; of equal scores the first stays first.
    INLINE i64 search_score(
      search *s, const f32 *matrix, i64 depth, i64 stride, i64 k, i64 found, f32 *best, i64 *place) {
      for (i32 i = 0; i < s->count; i++)
        for (i64 j = 0; j < depth; j += 16) __builtin_prefetch(matrix + s->places[i] * stride + j);
      for (i32 i = 0; i < s->count; i += 8) {
        f32 scores[8];
        const f32 *rows[8];
        for (i32 r = 0; r < 8; r++) {
          scores[r] = 0.0f;
          rows[r] = matrix + s->places[i + r < s->count ? i + r : i] * stride;
        }
        for (i64 j = 0; j < depth; j++)
          for (i32 r = 0; r < 8; r++) scores[r] = m_fma(s->query[j], rows[r][j], scores[r]);
        for (i32 r = 0; r < 8 && i + r < s->count; r++) {
          f32 x = scores[r];
          i64 at = found < k ? found : k;
          for (; at > 0 && (x > best[at - 1] || (best[at - 1] != best[at - 1] && x == x)); at--) {
            if (at == k) continue;
            best[at] = best[at - 1];
            place[at] = place[at - 1];
          }
          if (at == k) continue;
          best[at] = x;
          place[at] = s->places[i + r];
          found += found < k;
        }
      }
      return found;
    }
    INLINE void search_finish(
      search *s, const f32 *matrix, i64 depth, i64 stride, i64 count, i64 k, i64 capacity, f32 *best, i64 *place) {
      if (!s->is_exact) {
        search_drop(s);
        search_score(s, matrix, depth, stride, k, 0, best, place);
        return;
      }
      i64 found = 0;
      for (i64 first = 0; first < count; first += capacity) {
        s->count = (i32)(count - first < capacity ? count - first : capacity);
        for (i32 i = 0; i < s->count; i++) s->places[i] = (i32)(first + i);
        found = search_score(s, matrix, depth, stride, k, found, best, place);
      }
    }

    """
}
