// Delivery of spikes: through a dense kernel, and through a list of connections.
#pragma once

#include <cstdint>
#include <cstring>

#include "arrivals.h"
#include "instruction_sets.h"
#include "shares.h"
#include "spikes.h"

namespace spark {

inline void add_rows(const float* w, int64_t n, const ActiveRows& a, const Part& part, float* out) {
  operations().add_rows_float32(w, n, a, part, out);
}
inline void add_rows(const Float16* w, int64_t n, const ActiveRows& a, const Part& part, float* out) {
  operations().add_rows_float16(w, n, a, part, out);
}
inline void add_rows(const Bfloat16* w, int64_t n, const ActiveRows& a, const Part& part, float* out) {
  operations().add_rows_bfloat16(w, n, a, part, out);
}

// out[i] = sum over j ascending of spikes[j] * weights[j, i] for the units i of a part; only rows that fired are read.
template <class Weight>
void deliver_dense(const int8_t* spikes, int64_t pre, const Weight* weights, int64_t post, const Part& part,
                   float* out) {
  if (part.empty()) return;
  std::memset(out + part.first, 0, sizeof(float) * part.size());
  ActiveRows active;
  for_each_spike(spikes, pre, [&](int64_t unit) {
    if (active.count == ActiveRows::kCapacity) {
      add_rows(weights, post, active, part, out);
      active.count = 0;
    }
    active.index[active.count] = unit;
    active.sign[active.count++] = static_cast<float>(spikes[unit]);
  });
  if (active.count) add_rows(weights, post, active, part, out);
}

inline void scatter(const float* weights, const int32_t* post, int64_t count, float sign, float* out) {
  for (int64_t edge = 0; edge < count; ++edge) out[post[edge]] += sign * weights[edge];
}

inline void widen_all(const Float16* from, int64_t count, float* to) { operations().widen_float16(from, count, to); }
inline void widen_all(const Bfloat16* from, int64_t count, float* to) { operations().widen_bfloat16(from, count, to); }

template <class Half>
void scatter(const Half* weights, const int32_t* post, int64_t count, float sign, float* out) {
  constexpr int64_t kPart = 256;
  float wide[kPart];
  for (int64_t first = 0; first < count; first += kPart) {
    const int64_t here = count - first < kPart ? count - first : kPart;
    widen_all(weights + first, here, wide);
    scatter(wide, post + first, here, sign, out);
  }
}

// out[post[e]] += sign * weights[e] over arriving edges in ascending order, those that end at a part of the units.
template <class Weight>
void deliver_edges(Arrivals arrivals, const Weight* weights, const int32_t* post, int64_t post_units, const Part& part,
                   float* out) {
  Range ranges[kRanges];
  if (part.empty()) return;
  std::memset(out + part.first, 0, sizeof(float) * part.size());
  for (int count = kRanges; count == kRanges;) {
    count = arrivals.next(ranges, kRanges);
    for (int at = 0; at < count; ++at) {
      if (at + kRangesAhead < count) prefetch(ranges[at + kRangesAhead], weights, post);
      const Range range = cut(ranges[at], post, part, post_units);
      scatter(weights + range.begin, post + range.begin, range.end - range.begin, range.sign, out);
    }
  }
}

}  // namespace spark
