// The vector operations, compiled for each instruction set, and the choice among them when the library is loaded.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "fused.h"
#include "shares.h"
#include "weights.h"

namespace spark {

// Rows that fired, in ascending order, with their signs. Longer lists are worked off in parts, in order.
struct ActiveRows {
  static constexpr int kCapacity = 1024;
  int count = 0;
  int64_t index[kCapacity];
  float sign[kCapacity];
};

struct Operations {
  void (*add_rows_float32)(const float*, int64_t, const ActiveRows&, const Part&, float*);
  void (*add_rows_float16)(const Float16*, int64_t, const ActiveRows&, const Part&, float*);
  void (*add_rows_bfloat16)(const Bfloat16*, int64_t, const ActiveRows&, const Part&, float*);
  void (*widen_float16)(const Float16*, int64_t, float*);
  void (*widen_bfloat16)(const Bfloat16*, int64_t, float*);
};

}  // namespace spark

#define SPARK_SET portable
#define SPARK_LANES 4
#define SPARK_TARGET
#include "dense.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#if defined(__x86_64__)
#define SPARK_SET avx2
#define SPARK_LANES 8
#define SPARK_TARGET __attribute__((target("avx2,f16c")))
#include "dense.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#define SPARK_SET avx512
#define SPARK_LANES 16
#define SPARK_TARGET __attribute__((target("avx512f,avx2,f16c")))
#include "dense.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET
#endif

namespace spark {

enum InstructionSet : int { kPortable = 0, kAvx2 = 1, kAvx512 = 2 };

// The best set of this processor. The compiler's builtin also asks whether the operating system saves the registers.
inline InstructionSet best_instruction_set() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool converts_halves = __get_cpuid(1, &a, &b, &c, &d) && (c & (1u << 29));
  if (converts_halves && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? kAvx512 : kAvx2;
#endif
  return kPortable;
}

inline std::atomic<int> instruction_set{best_instruction_set()};

inline const Operations& operations() {
#if defined(__x86_64__)
  switch (instruction_set.load(std::memory_order_relaxed)) {
    case kAvx512: return avx512::kOperations;
    case kAvx2: return avx2::kOperations;
    default: break;
  }
#endif
  return portable::kOperations;
}

}  // namespace spark
