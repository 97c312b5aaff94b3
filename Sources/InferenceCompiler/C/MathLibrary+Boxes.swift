extension MathLibrary {
  /// Non-maximum suppression of one class of one image. `NonMaxSuppression` says what it computes: the arithmetic is the
  /// same, in the same order.
  ///
  /// Candidates stand in a heap, best on top, so that only those are sorted that are looked at.
  static let boxFunctions = """
    typedef struct { f32 left, bottom, right, top; } rectangle;

    MATH rectangle rectangle_of(const f32 *box, i64 step, i32 centre) {
      f32 a = box[0], b = box[step], c = box[2 * step], d = box[3 * step];
      if (centre) return (rectangle){a - c * 0.5f, b - d * 0.5f, a + c * 0.5f, b + d * 0.5f};
      return (rectangle){b < d ? b : d, a < c ? a : c, b < d ? d : b, a < c ? c : a};
    }
    MATH f32 intersection_over_union(rectangle a, rectangle b) {
      f32 left = a.left > b.left ? a.left : b.left, right = a.right < b.right ? a.right : b.right;
      f32 bottom = a.bottom > b.bottom ? a.bottom : b.bottom, top = a.top < b.top ? a.top : b.top;
      f32 both = (right - left) * (top - bottom);
      f32 one = (a.right - a.left) * (a.top - a.bottom), other = (b.right - b.left) * (b.top - b.bottom);
      f32 all = one + other - both;
      return right > left && top > bottom && one > 0 && other > 0 && all > 0 ? both / all : 0;
    }
    MATH i32 is_better(const f32 *scores, i64 step, i64 a, i64 b) {
      f32 x = scores[a * step], y = scores[b * step];
      return x > y || (x == y && a < b);
    }
    NOINLINE void sink(const f32 *scores, i64 step, i64 *heap, i64 size, i64 at) {
      i64 moved = heap[at];
      for (i64 child; (child = 2 * at + 1) < size; at = child) {
        if (child + 1 < size && is_better(scores, step, heap[child + 1], heap[child])) child++;
        if (!is_better(scores, step, heap[child], moved)) break;
        heap[at] = heap[child];
      }
      heap[at] = moved;
    }
    NOINLINE void keep_boxes(
        const f32 *boxes, i64 box_step, i64 number_step, const f32 *scores, i64 score_step, i64 count, i32 centre,
        f32 overlap, i32 has_least, f32 least, i64 *heap, i64 *kept, i64 kept_step, i64 limit) {
      i64 size = 0, found = 0;
      for (i64 i = 0; i < count; i++) {
        f32 score = scores[i * score_step];
        if (has_least ? score > least : score == score) heap[size++] = i;
      }
      for (i64 i = size / 2; i-- > 0;) sink(scores, score_step, heap, size, i);
      while (size > 0 && found < limit) {
        i64 best = heap[0];
        heap[0] = heap[--size];
        if (size > 0) sink(scores, score_step, heap, size, 0);
        rectangle r = rectangle_of(boxes + best * box_step, number_step, centre);
        i32 stays = 1;
        for (i64 i = 0; i < found && stays; i++) {
          rectangle other = rectangle_of(boxes + kept[i * kept_step] * box_step, number_step, centre);
          stays = !(intersection_over_union(r, other) > overlap);
        }
        if (stays) kept[found++ * kept_step] = best;
      }
      for (; found < limit; found++) kept[found * kept_step] = -1;
    }

    """
}
