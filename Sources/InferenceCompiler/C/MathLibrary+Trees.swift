extension MathLibrary {
  /// Steps and scores of tree ensembles; `RankedTrees`, `TreeTables` and `QuickScorerTables` say what the structs hold.
  static let treeFunctions = """
    typedef struct { f32 threshold; u32 link; } tree_node;
    typedef struct { u32 target; f32 weight; } tree_entry;
    INLINE const tree_node *tree_step(const tree_node *p, const f32 *x, i32 bits) {
      u32 link = p->link;
      return p + (link & ((1u << bits) - 1)) + (x[link >> bits] > p->threshold);
    }
    typedef struct { f32 threshold; u32 tree; u32 mask; } tree_split;
    /// Clears leaves of the rows that fail a split's test; returns whether there is such a row.
    INLINE i32 rule_out(const tree_split *s, f32x16 x, i32 *alive) {
      i32x16 fails = x > s->threshold;
      if (__builtin_reduce_or(fails) == 0) return 0;
      i32x16 *word = (i32x16 *)(alive + s->tree * 16);
      *word &= ~fails | (i32)s->mask;
      return 1;
    }
    /// The same for rows that all have one value.
    INLINE i32 rule_out_all(const tree_split *s, f32 x, i32 *alive) {
      if (!(x > s->threshold)) return 0;
      alive[s->tree] &= (i32)s->mask;
      return 1;
    }
    typedef struct { u32 feature; i32 missing; } tree_column;
    /// How many thresholds of a line are below a feature, less 128; a missing value has a rank of its own.
    INLINE i8 tree_rank(const f32 *x, i64 step, const tree_column *column, const f32 *line) {
      f32 value = x[column->feature * step];
      if (value != value) return (i8)column->missing;
      f32x16 all = value;
      i32x16 above = all > *(const f32x16 *)line;
      i32 start = -16 * __builtin_reduce_add(above);
      i32x16 within = all > *(const f32x16 *)(line + 16 + start);
      return (i8)(start - __builtin_reduce_add(within) - 128);
    }
    /// The barrier keeps the optimiser from spreading a place over a sum of shifted bits.
    MATH u64 tree_descend(const i16 *tree, u64 place, const i8 *ranks) {
      i32 node = tree[place];
      place = place + place + (ranks[node & 255] > node >> 8);
      __asm__("" : "+r"(place));
      return place;
    }
    MATH u64 tree_descend(const i32 *tree, u64 place, const i8 *ranks) {
      i32 node = tree[place];
      place = place + place + (ranks[node & 65535] > node >> 24);
      __asm__("" : "+r"(place));
      return place;
    }
    /// All ones in the lanes that go right at a node.
    MATH i8x32 tree_decide(i16 node, const i8 *ranks) {
      return (i8x32)(*(const i8x32 *)(ranks + (node & 255) * 32) > (i8x32)(i8)(node >> 8));
    }
    MATH i8x32 tree_decide(i32 node, const i8 *ranks) {
      return (i8x32)(*(const i8x32 *)(ranks + (i64)(node & 65535) * 32) > (i8x32)(i8)(node >> 24));
    }
    INLINE i8x32 tree_choose(i8x32 right, i8x32 a, i8x32 b) { return (right & a) | (~right & b); }
    INLINE f32 tree_value(const tree_node *p) { return p->threshold; }
    INLINE u32 entry_target(const tree_entry *e) { return e->target; }
    INLINE f32 entry_weight(const tree_entry *e) { return e->weight; }
    INLINE f32 m_probit(f32 p) {
      f64 x = 2.0 * p - 1.0, l = m_log((1.0 - x) * (1.0 + x));
      f64 v = 2.0 / (3.14159265358979323846 * 0.147) + 0.5 * l;
      f64 y = m_sqrt(m_sqrt(v * v - l / 0.147) - v);
      return (f32)(1.4142135623730951 * (x < 0.0 ? -y : y));
    }
    INLINE void scores_softmax(f32 *s, i64 stride, i64 n) {
      f32 peak = s[0], total = 0.0f;
      for (i64 i = 1; i < n; i++) peak = s[i * stride] > peak ? s[i * stride] : peak;
      for (i64 i = 0; i < n; i++) { s[i * stride] = m_exp(s[i * stride] - peak); total += s[i * stride]; }
      for (i64 i = 0; i < n; i++) s[i * stride] /= total;
    }
    INLINE void scores_softmax_zero(f32 *s, i64 stride, i64 n) {
      f32 peak = s[0], total = 0.0f;
      for (i64 i = 1; i < n; i++) peak = s[i * stride] > peak ? s[i * stride] : peak;
      f32 scale = m_exp(-peak);
      for (i64 i = 0; i < n; i++) {
        f32 x = s[i * stride];
        u8 counts = m_absolute(x) > 1e-7f;
        s[i * stride] = counts ? m_exp(x - peak) : x * scale;
        total += counts ? s[i * stride] : 0.0f;
      }
      for (i64 i = 0; i < n; i++) s[i * stride] /= total;
    }

    """
}
