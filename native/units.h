// Pools of units, compiled for each instruction set, and the choice among them.
#pragma once

#include <cstdint>

#include "instruction_sets.h"
#include "shares.h"

namespace spark {

struct SomaParameters {
  float gain, resistance, level, after, fall, rise;
  int32_t blocked;
};

struct SpikerParameters {
  float factor, gain, level;
  int32_t blocked;
};

struct BumpParameters {
  float low, span, pi, scale;
};

// One draw for each unit, with the key of a step.
struct RandomDraw {
  const uint32_t* key;
  uint64_t step;
  Part units;
  uint32_t first = 0;  // Number of the first unit among those of the whole pool.
};

struct UnitOperations {
  void (*draw_spikes)(const RandomDraw&, const float*, float, int8_t*);
  void (*add_counts)(const RandomDraw&, const uint32_t*, int64_t, float, float*);
  void (*advance_soma)(const SomaParameters&, const Part&, const float*, float*, int32_t*, float*, int8_t*);
  void (*advance_spiker)(const SpikerParameters&, const Part&, const float*, float*, int32_t*, int8_t*);
  void (*advance_trace)(float, int64_t, const int8_t*, float*, float*);
  void (*advance_ring)(float, int64_t, const uint32_t*, const float*, float*);
  void (*push_history)(const int8_t*, int64_t, int64_t, const Part&, uint32_t*);
  void (*advance_bump)(const BumpParameters&, int64_t, int64_t, const float*, const float*, float*);
};

}  // namespace spark

#define SPARK_SET portable
#define SPARK_LANES 4
#define SPARK_TARGET
#include "units.inc"
#include "soma.inc"
#include "random.inc"
#include "unit_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#if defined(__x86_64__)
#define SPARK_SET avx2
#define SPARK_LANES 8
#define SPARK_TARGET __attribute__((target("avx2,fma")))
#include "units.inc"
#include "soma.inc"
#include "random.inc"
#include "unit_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#define SPARK_SET avx512
#define SPARK_LANES 16
#define SPARK_TARGET __attribute__((target("avx512f,avx512bw,avx2,fma")))
#include "units.inc"
#include "soma.inc"
#include "random.inc"
#include "unit_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET
#endif

namespace spark {

inline const UnitOperations& unit_operations() {
#if defined(__x86_64__)
  switch (instruction_set.load(std::memory_order_relaxed)) {
    case kAvx512: return avx512::kUnitOperations;
    case kAvx2: return avx2::kUnitOperations;
    default: break;
  }
#endif
  return portable::kUnitOperations;
}

}  // namespace spark
