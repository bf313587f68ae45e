// Plasticity rules that are tables of coefficients: what spikes do to weights, or to eligibilities, through traces.
// Compile without contraction to fused multiply-add: the association written here is that of the reference.
//
// With x_1..x_P the presynaptic traces, y_1..y_Q the postsynaptic ones, x_0 = y_0 = 1, a table c[a][b] gives an event the
// change sum over a and b of c[a][b] * x_a * y_b; a second table gives what is multiplied by the weight. At a postsynaptic
// spike a rule may pull a weight towards its first value besides, by min(pull * y_1^3, 1) of the way.
#pragma once

#include <cstdint>
#include <cstring>

#include "ahead.h"
#include "arrivals.h"
#include "instruction_sets.h"
#include "past.h"
#include "shares.h"
#include "spikes.h"

namespace spark {

constexpr int kMostTraces = 8;

// Where a change goes: to the weights, or to eligibilities if there are any.
struct Target {
  float* weights;
  float* eligibility;  // Kept as e * inverse; null where the rule is not modulated.
  float* pending;      // Change of the weights that waits for its step; null where nothing waits.
  const float* moved;  // Sum of modulation since nothing waited, one, or one for each postsynaptic unit.
  bool per_unit;
  float inverse;
  float minimum, maximum;
  const float* baseline = nullptr;  // First weights; null where the rule does not pull towards them.

  // A NaN passes through, as it does in the reference.
  float clip(float weight) const {
    weight = weight < minimum ? minimum : weight;
    return weight > maximum ? maximum : weight;
  }

  // What the pull adds.
  float pulled(int64_t at, float pull) const { return -(pull * (weights[at] - baseline[at])); }

  void apply(int64_t at, int64_t unit, float change) const {
    if (!eligibility) {
      weights[at] = clip(weights[at] + change);
      return;
    }
    change *= inverse;
    eligibility[at] += change;
    if (pending) pending[at] -= change * moved[per_unit ? unit : 0];
  }
};

// A sum over vectors, and one that is multiplied by the weight.
struct Mix {
  int count = 0;
  float constant = 0.0f, slope_constant = 0.0f;
  float gain[kMostTraces], slope[kMostTraces];
  const float* vector[kMostTraces];
  bool sloped = false;
};

// Postsynaptic units that fired, and how much each multiplies the presynaptic traces by.
struct Firing {
  static constexpr int kCapacity = 64;
  int count = 0;
  int traces = 0;
  bool sloped = false;
  int32_t unit[kCapacity];
  float constant[kCapacity] = {}, slope_constant[kCapacity] = {};
  float gain[kMostTraces][kCapacity] = {}, slope[kMostTraces][kCapacity] = {};
  float pull[kCapacity] = {};
  const float* trace[kMostTraces];
};

struct StdpOperations {
  void (*advance_kept)(float, bool, int64_t, const int8_t*, float*, float*);
  void (*advance_delayed)(float, bool, int64_t, const uint32_t*, const float*, float*);
  void (*change_row)(const Mix&, const Target&, int64_t, int64_t);
  void (*change_columns)(const Firing&, const Target&, int64_t, int64_t);
  void (*consolidate)(const Target&, const int32_t*, int64_t, int64_t);
  void (*scale)(float, int64_t, float*);
  void (*replay_row)(const Past&, const PastRow&);
  // Of rows that lie in pairs; see pairs.h.
  void (*fold)(const float*, const float*, int64_t, float*);
  bool (*are_at_least)(float, const float*, int64_t);
  void (*unfold)(const float*, int64_t, float*, float*);
  void (*add_of_pairs)(const float*, int, float, int64_t, float*);
  void (*change_of_pairs)(const Mix&, const Target&, float*, int, int64_t, int64_t);
  void (*replay_pair)(const Past&, const PastRow&);
};

}  // namespace spark

#define SPARK_SET portable
#define SPARK_LANES 4
#define SPARK_TARGET
#include "stdp.inc"
#include "replay.inc"
#include "pairs.inc"
#include "stdp_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#if defined(__x86_64__)
#define SPARK_SET avx2
#define SPARK_LANES 8
#define SPARK_TARGET __attribute__((target("avx2,fma,f16c")))
#include "stdp.inc"
#include "replay.inc"
#include "pairs.inc"
#include "stdp_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET

#define SPARK_SET avx512
#define SPARK_LANES 16
#define SPARK_TARGET __attribute__((target("avx512f,avx512bw,avx2,fma,f16c")))
#include "stdp.inc"
#include "replay.inc"
#include "pairs.inc"
#include "stdp_operations.inc"
#undef SPARK_SET
#undef SPARK_LANES
#undef SPARK_TARGET
#endif

namespace spark {

inline const StdpOperations& stdp_operations() {
#if defined(__x86_64__)
  switch (instruction_set.load(std::memory_order_relaxed)) {
    case kAvx512: return avx512::kStdpOperations;
    case kAvx2: return avx2::kStdpOperations;
    default: break;
  }
#endif
  return portable::kStdpOperations;
}

// Coefficients of one kind of event: [a][b], rows for presynaptic factors.
struct Coefficients {
  const float* change;
  const float* slope;
};

// A rule: bounds, then change and slope at presynaptic spikes, then both at postsynaptic ones, and the pull.
struct Table {
  // Numbers of a table for so many traces.
  static int64_t size(int64_t pre, int64_t post) { return 3 + 4 * (pre + 1) * (post + 1); }

  Table(const float* values, int pre, int post)
      : minimum(values[0]), maximum(values[1]), pre(pre), post(post) {
    const int64_t size = static_cast<int64_t>(pre + 1) * (post + 1);
    arriving = {values + 2, values + 2 + size};
    firing = {values + 2 + 2 * size, values + 2 + 3 * size};
    pull = values[2 + 4 * size];
  }

  float at(const float* coefficients, int a, int b) const { return coefficients[a * (post + 1) + b]; }

  // c[0][b] + c[1][b] * x_1 + ..., the factor of y_b; x is strided.
  float of_post(const float* c, int b, const float* const* x, int64_t unit) const {
    float sum = at(c, 0, b);
    for (int a = 1; a <= pre; ++a) sum += at(c, a, b) * x[a - 1][unit];
    return sum;
  }

  // c[a][0] + c[a][1] * y_1 + ..., the factor of x_a.
  float of_pre(const float* c, int a, const float* const* y, int64_t unit) const {
    float sum = at(c, a, 0);
    for (int b = 1; b <= post; ++b) sum += at(c, a, b) * y[b - 1][unit];
    return sum;
  }

  // How far a postsynaptic spike pulls a weight towards its first value.
  float pull_of(const float* const* y, int64_t unit) const {
    if (pull == 0.0f) return 0.0f;
    const float fast = y[0][unit], cubed = pull * fast * fast * fast;
    return cubed > 1.0f ? 1.0f : cubed;
  }

  // What a presynaptic spike does, as a mix of the postsynaptic traces.
  Mix arrival(const float* const* x, int64_t unit, const float* const* y) const {
    Mix mix;
    mix.constant = of_post(arriving.change, 0, x, unit);
    mix.slope_constant = of_post(arriving.slope, 0, x, unit);
    mix.sloped = mix.slope_constant != 0.0f;
    for (int b = 1; b <= post; ++b) {
      const float gain = of_post(arriving.change, b, x, unit), slope = of_post(arriving.slope, b, x, unit);
      if (gain == 0.0f && slope == 0.0f) continue;
      mix.gain[mix.count] = gain;
      mix.slope[mix.count] = slope;
      mix.vector[mix.count++] = y[b - 1];
      mix.sloped |= slope != 0.0f;
    }
    return mix;
  }

  bool does_nothing(const Coefficients& c) const {
    const int size = (pre + 1) * (post + 1);
    for (int at = 0; at < size; ++at)
      if (c.change[at] != 0.0f || c.slope[at] != 0.0f) return false;
    return true;
  }

  // Whether a change may be below zero.
  bool lowers(const Coefficients& c) const {
    const int size = (pre + 1) * (post + 1);
    for (int at = 0; at < size; ++at)
      if (c.change[at] < 0.0f || c.slope[at] != 0.0f) return true;
    return false;
  }

  // Whether any factor of a presynaptic trace depends on a postsynaptic one.
  bool reads_post(const float* coefficients) const {
    for (int a = 0; a <= pre; ++a)
      for (int b = 1; b <= post; ++b)
        if (at(coefficients, a, b) != 0.0f) return true;
    return false;
  }

  bool slopes(const Coefficients& c) const {
    const int size = (pre + 1) * (post + 1);
    for (int at = 0; at < size; ++at)
      if (c.slope[at] != 0.0f) return true;
    return false;
  }

  float minimum, maximum, pull;
  int pre, post;
  Coefficients arriving, firing;
};

// Pointers to what belongs to the first unit of a part in arrays of all units.
struct Beginning {
  Beginning(const float* const* of_all, int count, const Part& part) {
    for (int at = 0; at < count; ++at) of_part[at] = of_all[at] + part.first;
  }
  const float* of_part[kMostTraces];
};

// Dense weights (pre, post) onto a part of the units: rows of the presynaptic units that fired, then columns of the
// postsynaptic ones.
inline void change_dense(const Table& table, const Target& to, const int8_t* pre_spikes, int64_t pre,
                         const float* const* x, const int8_t* post_spikes, int64_t post, const Part& part,
                         const float* const* y) {
  const auto& operations = stdp_operations();
  const Beginning own(y, table.post, part);
  if (!table.does_nothing(table.arriving))
    for_each_spike(pre_spikes, pre, [&](int64_t unit) {
      operations.change_row(table.arrival(x, unit, own.of_part), to, unit * post + part.first, part.size());
    });
  if (table.does_nothing(table.firing) && !to.baseline) return;
  Firing firing;
  firing.sloped = table.slopes(table.firing);
  const auto flush = [&] {
    firing.traces = 0;
    // A factor that is zero for all of them is left out.
    for (int a = 1; a <= table.pre; ++a) {
      float* gain = firing.gain[firing.traces];
      float* slope = firing.slope[firing.traces];
      bool any = false;
      for (int c = 0; c < firing.count; ++c) {
        gain[c] = table.of_pre(table.firing.change, a, y, firing.unit[c]);
        slope[c] = table.of_pre(table.firing.slope, a, y, firing.unit[c]);
        any |= gain[c] != 0.0f || slope[c] != 0.0f;
      }
      if (any) firing.trace[firing.traces++] = x[a - 1];
    }
    for (int c = 0; c < firing.count; ++c) {
      firing.constant[c] = table.of_pre(table.firing.change, 0, y, firing.unit[c]);
      firing.slope_constant[c] = table.of_pre(table.firing.slope, 0, y, firing.unit[c]);
      firing.pull[c] = table.pull_of(y, firing.unit[c]);
    }
    operations.change_columns(firing, to, pre, post);
    firing.count = 0;
  };
  for_each_spike(post_spikes + part.first, part.size(), [&](int64_t at) {
    if (firing.count == Firing::kCapacity) flush();
    firing.unit[firing.count++] = static_cast<int32_t>(part.first + at);
  });
  if (firing.count) flush();
}

// Connections as a list; see spark/kernels/edges.py.
struct EdgeLists {
  const int32_t* post;
  const int32_t* starts;
  const int32_t* in_starts;
  const int32_t* in_edge;
  const int32_t* in_pre;
  const int32_t* in_delay;
  const int32_t* pre;
  const int32_t* delay;
};

// Rings of presynaptic traces, (slots, units) each; slot `now` is this step's.
struct Rings {
  const float* const* ring;
  int64_t slots, units, now;

  int64_t at(int32_t unit, int32_t delay) const {
    const int64_t slot = now - delay;
    return (slot < 0 ? slot + slots : slot) * units + unit;
  }
};

// Connections onto a part of the units: those that deliver a spike, then those of the postsynaptic units that fired.
inline void change_edges(const Table& table, const Target& to, Arrivals arrivals, const EdgeLists& edges,
                         const Rings& rings, const int8_t* post_spikes, int64_t post, const Part& part,
                         const float* const* y) {
  constexpr int32_t kAhead = 24;  // The walk jumps through memory; without asking ahead it waits at every edge.
  float* const touched = to.eligibility ? to.eligibility : to.weights;
  Range ranges[kRanges];
  if (!table.does_nothing(table.arriving))
    for (int count = kRanges; count == kRanges;) {
      count = arrivals.next(ranges, kRanges);
      for (int number = 0; number < count; ++number) {
        if (number + kRangesAhead < count) prefetch(ranges[number + kRangesAhead], touched, edges.post);
        const Range range = cut(ranges[number], edges.post, part, post);
        if (range.begin == range.end) continue;
        const int64_t from = rings.at(edges.pre[range.begin], edges.delay[range.begin]);
        const Mix mix = table.arrival(rings.ring, from, y);
        for (int32_t edge = range.begin; edge < range.end; ++edge) {
          const int32_t unit = edges.post[edge];
          float change = mix.constant;
          for (int k = 0; k < mix.count; ++k) change += mix.gain[k] * mix.vector[k][unit];
          if (mix.sloped) {
            float slope = mix.slope_constant;
            for (int k = 0; k < mix.count; ++k) slope += mix.slope[k] * mix.vector[k][unit];
            change += slope * to.weights[edge];
          }
          to.apply(edge, unit, change);
        }
      }
    }
  if (table.does_nothing(table.firing) && !to.baseline) return;
  const bool sloped = table.slopes(table.firing);
  for_each_spike(post_spikes + part.first, part.size(), [&](int64_t which) {
    const int64_t unit = part.first + which;
    float gain[1 + kMostTraces], slope[1 + kMostTraces];
    for (int a = 0; a <= table.pre; ++a) {
      gain[a] = table.of_pre(table.firing.change, a, y, unit);
      slope[a] = table.of_pre(table.firing.slope, a, y, unit);
    }
    const float pull = table.pull_of(y, unit);
    const int32_t end = edges.in_starts[unit + 1];
    for (int32_t at = edges.in_starts[unit]; at < end; ++at) {
      if (at + kAhead < end) ask_to_write_line(touched + edges.in_edge[at + kAhead]);
      const int32_t edge = edges.in_edge[at];
      const int64_t from = rings.at(edges.in_pre[at], edges.in_delay[at]);
      float change = gain[0];
      for (int a = 1; a <= table.pre; ++a) change += gain[a] * rings.ring[a - 1][from];
      if (sloped) {
        float steep = slope[0];
        for (int a = 1; a <= table.pre; ++a) steep += slope[a] * rings.ring[a - 1][from];
        change += steep * to.weights[edge];
      }
      if (to.baseline) change += to.pulled(edge, pull);
      to.apply(edge, unit, change);
    }
  });
}

}  // namespace spark
