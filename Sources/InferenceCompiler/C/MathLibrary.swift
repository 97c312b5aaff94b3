/// The C that stands before the kernels of every translation unit: types, and elementary functions.
///
/// The functions are branch-free polynomials that are written once and instantiated for `f32` and `f32x16`; both
/// do the same operations in the same order, so a vectorised loop and its scalar tail give the same bits.
/// Coefficients: exp, log, tanh, sin and cos are Cephes' single-precision sets (S. Moshier); erf is N. Juffa's
/// two-interval minimax fit. Errors are at most about 2 ulp; infinities, NaN and denormals come out as C says.
/// `string` and `kernel` are `serve_string` and `serve_kernel` of plan_abi.h, which freestanding code cannot include.
enum MathLibrary {
  static var prelude: String {
    types + instantiate(vectorFunctions, "f32", "i32") + instantiate(vectorFunctions, "f32x16", "i32x16")
      + doubleFunctions + numberFunctions + laneFunctions + treeFunctions + productFunctions + rowFunctions
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
    typedef f32x16 f32x16_unaligned __attribute__((aligned(4)));
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

    """

}
