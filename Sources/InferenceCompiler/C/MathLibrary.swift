/// The C that stands before the kernels of every translation unit: types, and elementary functions.
///
/// The functions are branch-free polynomials that are written once and instantiated for `f32` and `f32x16`; both
/// do the same operations in the same order, so a vectorised loop and its scalar tail give the same bits.
/// Coefficients: log, sin and cos are Cephes' single-precision sets (S. Moshier); erf is N. Juffa's two-interval minimax
/// fit; exp, (exp(x) - 1 - x) / x² for tanh, and the tail of gelu, exp(t² / 2) Φ(-t) (t + c) in t / (t + c), are
/// minimax fits of our own.
/// `specs/numerics.md` states the errors, which hold for all floats; infinities, NaN, denormals and -0 come out right.
/// `string` and `kernel` are `serve_string` and `serve_kernel` of plan_abi.h, which freestanding code cannot include.
enum MathLibrary {
  static var prelude: String {
    types + instantiate(vectorFunctions, "f32", "i32") + instantiate(vectorFunctions, "f32x16", "i32x16")
      + doubleFunctions + inverseFunctions + numberFunctions + smallFunctions + laneFunctions + treeFunctions
      + productFunctions + recurrenceFunctions + rowFunctions + searchFunctions + boxFunctions
  }

  private static func instantiate(_ template: String, _ float: String, _ int: String) -> String {
    var text = ""
    var word = ""
    func flush() {
      text += word == "T" ? float : word == "I" ? int : word
      word = ""
    }
    for character in template {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        flush()
        text.append(character)
      }
    }
    flush()
    return text
  }

  private static let types = """
    typedef unsigned char u8;
    typedef unsigned short u16;
    typedef unsigned int u32;
    typedef unsigned long u64;
    typedef signed char i8;
    typedef short i16;
    typedef int i32;
    typedef long i64;
    typedef _Float16 f16;
    typedef float f32;
    typedef double f64;
    typedef struct { const u8 *bytes; u64 length; } string;
    typedef f32 f32x16 __attribute__((ext_vector_type(16)));
    typedef i32 i32x16 __attribute__((ext_vector_type(16)));
    typedef f16 f16x16 __attribute__((ext_vector_type(16)));
    typedef u16 u16x16 __attribute__((ext_vector_type(16)));
    typedef u32 u32x8 __attribute__((ext_vector_type(8)));
    typedef i8 i8x16 __attribute__((ext_vector_type(16)));
    typedef i8 i8x32 __attribute__((ext_vector_type(32)));
    typedef f32x16 f32x16_unaligned __attribute__((aligned(4)));
    typedef f32 f32x8 __attribute__((ext_vector_type(8)));
    typedef f32x8 f32x8_unaligned __attribute__((aligned(4)));
    typedef i32x16 i32x16_unaligned __attribute__((aligned(4)));
    typedef i32 i32_unaligned __attribute__((aligned(2)));
    typedef i16 i16x16 __attribute__((ext_vector_type(16)));
    typedef i16 i16x32 __attribute__((ext_vector_type(32)));
    typedef void (*kernel)(void *const *buffers, const i64 *dims, i64 part, i64 parts);
    #define INLINE __attribute__((always_inline)) static inline
    #define NOINLINE __attribute__((noinline)) static
    #define MATH __attribute__((overloadable, always_inline)) static inline

    MATH i32 to_integer(f32 x) { return (i32)x; }
    MATH i32x16 to_integer(f32x16 x) { return __builtin_convertvector(x, i32x16); }
    MATH f32 to_float(i32 x) { return (f32)x; }
    MATH f32x16 to_float(i32x16 x) { return __builtin_convertvector(x, f32x16); }
    MATH f32 from_bits(i32 x) { union { i32 i; f32 f; } u; u.i = x; return u.f; }
    MATH f32x16 from_bits(i32x16 x) { return (f32x16)x; }
    MATH i32 to_bits(f32 x) { union { i32 i; f32 f; } u; u.f = x; return u.i; }
    MATH i32x16 to_bits(f32x16 x) { return (i32x16)x; }
    MATH f64 from_bits(i64 x) { union { i64 i; f64 f; } u; u.i = x; return u.f; }
    MATH i64 to_bits(f64 x) { union { i64 i; f64 f; } u; u.f = x; return u.i; }
    MATH i32 any_lane(i32 b) { return b; }
    MATH i32 any_lane(i32x16 b) { return __builtin_reduce_or(b) != 0; }


    /// From 2^17 on: `r` and `q` with x = r + q * pi / 2, from the 96 bits of 2 / pi that decide, after Payne and Hanek
    /// (SIGNUM Newsletter 18, 1983).
    MATH void reduce_large(f32 x, f32 *r, i32 *q) {
      static const u32 bits[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
      i32 b = to_bits(x), exponent = ((b >> 23) & 255) - 152;
      if (exponent < -8 || exponent == 103) return;
      i32 skipped = exponent > 0 ? exponent : 0, word = skipped >> 5, shift = skipped & 31;
      u64 low = (u64)bits[word + 2] << 32 | bits[word + 3], high = (u64)bits[word] << 32 | bits[word + 1];
      unsigned __int128 window = (((unsigned __int128)high << 64 | low) << shift) >> 32;
      unsigned __int128 turns = window * (u32)((b & 0x7fffff) | 0x800000) << (32 + (exponent < 0 ? exponent : 0));
      i64 rest = (i64)(u64)(turns >> 62);
      i32 quadrant = (i32)(u32)(turns >> 126) + (rest < 0);
      f64 angle = (f64)rest * 8.515303950216386e-20;
      *r = (f32)(b < 0 ? -angle : angle);
      *q = b < 0 ? -quadrant : quadrant;
    }
    MATH void reduce_large(f32x16 x, f32x16 *r, i32x16 *q) {
      if (!any_lane((x >= 131072.0f) | (x <= -131072.0f))) return;
      for (i32 i = 0; i < 16; i++) {
        f32 part = (*r)[i];
        i32 quadrant = (*q)[i];
        reduce_large(x[i], &part, &quadrant);
        (*r)[i] = part;
        (*q)[i] = quadrant;
      }
    }
    """

}
