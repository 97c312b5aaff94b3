extension MathLibrary {
  /// The passes of `SearchKernel`, which says why they find the exact best.
  static let searchFunctions = """
    /// One row's query and what its first pass has left. `least` is the k-th largest of the lower bounds, or was;
    /// `lowers` are those above it, as integers in the same order.
    typedef struct {
      f32 step, reach, least;
      i32 count, kept, is_exact;
      f32 *query;
      i32 *pairs;
      u32 *lowers;
      i32 *places;
      f32 *uppers;
      /// The largest lower bound that any thread knows k columns to reach; null where a row's columns pass at once.
      f32 *shared;
    } search;
    /// Adds products of two elements of a query and of 16 columns.
    INLINE i32x16 search_add(i32x16 sum, const i8 *codes, i32 pair) {
    #if defined(__AVX2__)
      typedef i16 words __attribute__((vector_size(32)));
      typedef i32 sums __attribute__((vector_size(32)));
      typedef i8 bytes __attribute__((vector_size(16)));
      words both = (words)((sums){0} + pair);
      words a = __builtin_convertvector(*(const bytes *)codes, words);
      words b = __builtin_convertvector(*(const bytes *)(codes + 16), words);
      sums low = (sums)__builtin_ia32_pmaddwd256(a, both), high = (sums)__builtin_ia32_pmaddwd256(b, both);
      return sum + (i32x16)__builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    #else
      i8x32 all = *(const i8x32 *)codes;
      i32x16 even = __builtin_convertvector(all.even, i32x16), odd = __builtin_convertvector(all.odd, i32x16);
      return sum + even * (i32)(i16)pair + odd * (pair >> 16);
    #endif
    }
    INLINE search *search_state(u8 *memory) { return (search *)memory; }
    INLINE u64 search_rounded(u64 bytes) { return (bytes + 63) / 64 * 64; }
    /// Tells other threads of this row's bound, or takes theirs. Which one is seen decides how much is left to score, and
    /// never what is best.
    INLINE void search_share(search *s) {
      if (s->shared == 0) return;
      f32 known;
      __atomic_load(s->shared, &known, __ATOMIC_RELAXED);
      if (known > s->least) s->least = known;
      else if (known < s->least) __atomic_store(s->shared, &s->least, __ATOMIC_RELAXED);
    }
    INLINE void search_begin(
      search *s, f32 *shared, const f32 *x, i64 stride, i64 depth, i32 limit, i64 k, i64 capacity) {
      u64 pairs = (u64)(depth + 1) / 2;
      u8 *memory = (u8 *)s + 128;
      s->query = (f32 *)memory;
      memory += search_rounded(pairs * 8);
      s->pairs = (i32 *)memory;
      memory += search_rounded(pairs * 4);
      s->lowers = (u32 *)memory;
      memory += search_rounded((u64)k * 8 + 64);
      s->places = (i32 *)memory;
      s->uppers = (f32 *)(memory + capacity * 4);
      s->count = 0;
      s->kept = 0;
      s->least = -__builtin_inff();
      s->shared = shared;
      search_share(s);
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
    /// Brings `least` up to date and forgets lower bounds below it.
    NOINLINE void search_tighten(search *s, i64 k) {
      if (s->kept < k) return;
      // The k-th largest, bit by bit from the highest.
      u32 least = 0;
      for (u32 bit = 1u << 31; bit != 0; bit >>= 1) {
        i32 reached = 0;
        for (i32 i = 0; i < s->kept; i++) reached += s->lowers[i] >= (least | bit);
        if (reached >= k) least |= bit;
      }
      i32 left = 0;
      for (i32 i = 0; i < s->kept; i++) {
        s->lowers[left] = s->lowers[i];
        left += s->lowers[left] > least;
      }
      for (; left < k; left++) s->lowers[left] = least;
      s->kept = left;
      s->least = from_bits((i32)(least >> 31 ? least ^ 1u << 31 : ~least));
      search_share(s);
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
      search *s, const f32 *uppers, const f32 *lowers, i64 first, i64 lanes, i64 k, i64 capacity) {
      if (s->kept > 2 * k) search_tighten(s, k);
      if (s->count + 16 > capacity) {
        search_tighten(s, k);
        search_drop(s);
        s->is_exact = s->count > capacity / 4 * 3;
        if (s->is_exact) return;
      }
      i32 count = s->count, kept = s->kept;
      f32 least = s->least;
      for (i64 lane = 0; lane < lanes; lane++) {
        if (!(uppers[lane] >= least)) continue;
        s->places[count] = (i32)(first + lane);
        s->uppers[count++] = uppers[lane];
        i32 bits = to_bits(lowers[lane]);
        s->lowers[kept] = (u32)bits ^ (bits < 0 ? ~0u : 1u << 31);
        kept += lowers[lane] > least;
      }
      s->count = count;
      s->kept = kept;
    }
    INLINE void search_bound(
      search *s, i32x16 sum, const f32 *scales, i64 panel, i64 count, i64 k, i64 capacity) {
      f32x16 middle = to_float(sum) * s->step, scale = *(const f32x16 *)(scales + panel * 16);
      f32x16 upper = (middle + s->reach) * scale;
      if (__builtin_reduce_or(upper >= s->least) == 0) return;
      f32x16 lower = (middle - s->reach) * scale;
      i64 lanes = count - panel * 16;
      search_admit(
        s, (const f32 *)&upper, (const f32 *)&lower, panel * 16, lanes < 16 ? lanes : 16, k, capacity);
    }
    /// Panels `first ..< last` for some rows, which share what is read.
    INLINE void search_tile(
      const i32 rows, search *const *s, const i8 *codes, const f32 *scales, i64 pairs, i64 first, i64 last, i64 count,
      i64 k, i64 capacity) {
      codes += first * pairs * 32;
      for (i64 panel = first; panel < last; panel++, codes += pairs * 32) {
        i32x16 sums[4] = {0};
        for (i64 i = 0; i < pairs; i++)
          for (i32 r = 0; r < rows; r++) sums[r] = search_add(sums[r], codes + i * 32, s[r]->pairs[i]);
        for (i32 r = 0; r < rows; r++)
          if (!s[r]->is_exact) search_bound(s[r], sums[r], scales, panel, count, k, capacity);
      }
    }
    INLINE void search_panels(
      u8 *states, i64 bytes, i64 rows, const i8 *codes, const f32 *scales, i64 pairs, i64 first, i64 last, i64 count,
      i64 k, i64 capacity) {
      search *s[4];
      for (i64 r = 0; r < rows; r++) s[r] = search_state(states + r * bytes);
      switch (rows) {
        case 1: search_tile(1, s, codes, scales, pairs, first, last, count, k, capacity); break;
        case 2: search_tile(2, s, codes, scales, pairs, first, last, count, k, capacity); break;
        case 3: search_tile(3, s, codes, scales, pairs, first, last, count, k, capacity); break;
        case 4: search_tile(4, s, codes, scales, pairs, first, last, count, k, capacity); break;
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
    /// Where a chunk of the panels begins.
    INLINE i64 search_chunk(i64 panels, i64 chunk, i64 chunks) { return panels * chunk / chunks; }
    /// Brings what the chunks have left of one row to the k-th largest of all their lower bounds. `lowers` has room for
    /// those of every chunk.
    INLINE void search_join(u8 *chunks, i64 count, i64 bytes, i64 k, u32 *lowers) {
      search all = {.lowers = lowers, .least = -__builtin_inff()};
      for (i64 chunk = 0; chunk < count; chunk++) {
        const search *s = search_state(chunks + chunk * 4 * bytes);
        for (i32 i = 0; i < s->kept && !s->is_exact; i++) all.lowers[all.kept++] = s->lowers[i];
      }
      search_tighten(&all, k);
      for (i64 chunk = 0; chunk < count; chunk++) {
        search *s = search_state(chunks + chunk * 4 * bytes);
        if (s->is_exact) continue;
        if (all.least > s->least) s->least = all.least;
        search_drop(s);
      }
    }
    /// The best of one row, from what its chunks have left.
    INLINE void search_finish(
      u8 *chunks, i64 chunk_count, i64 bytes, const f32 *matrix, i64 depth, i64 stride, i64 count, i64 k, i64 capacity,
      u32 *lowers, f32 *best, i64 *place) {
      search_join(chunks, chunk_count, bytes, k, lowers);
      i64 found = 0, panels = (count + 15) / 16;
      for (i64 chunk = 0; chunk < chunk_count; chunk++) {
        search *s = search_state(chunks + chunk * 4 * bytes);
        if (!s->is_exact) {
          found = search_score(s, matrix, depth, stride, k, found, best, place);
          continue;
        }
        i64 end = search_chunk(panels, chunk + 1, chunk_count) * 16;
        if (end > count) end = count;
        for (i64 first = search_chunk(panels, chunk, chunk_count) * 16; first < end; first += capacity) {
          s->count = (i32)(end - first < capacity ? end - first : capacity);
          for (i32 i = 0; i < s->count; i++) s->places[i] = (i32)(first + i);
          found = search_score(s, matrix, depth, stride, k, found, best, place);
        }
      }
    }

    """
}
