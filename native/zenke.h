// The default plasticity rule, where events touch it. Compile without contraction to fused multiply-add: the
// association written here is the one that the reference documents.
#pragma once

#include <cstdint>
#include <cstring>

#include "ahead.h"
#include "arrivals.h"

namespace spark {

struct ZenkeParameters {
  float a, b, c, d, rate, minimum, maximum;

  // A NaN passes through, as it does in the reference.
  float clip(float weight) const {
    weight = weight < minimum ? minimum : weight;
    return weight > maximum ? maximum : weight;
  }
};

struct Incoming {
  const int32_t* starts;
  const int32_t* edge;
  const int32_t* pre;
  const int32_t* delay;
};

struct Traces {
  const float* pre;  // (slots, pre_units)
  int64_t slots;
  int64_t pre_units;
  int64_t now;  // slot of this step
  const float* post;
  const float* slow;
};

// A presynaptic spike arrives at the units of a part: w = clip(w + rate * (d - b * y)).
inline void change_arriving(Arrivals arrivals, const int32_t* post, const Part& part, int64_t units,
                            const Traces& traces, const ZenkeParameters& p, float* weights) {
  Range ranges[kRanges];
  for (int count = kRanges; count == kRanges;) {
    count = arrivals.next(ranges, kRanges);
    for (int at = 0; at < count; ++at) {
      if (at + kRangesAhead < count) prefetch(ranges[at + kRangesAhead], weights, post);
      const Range range = cut(ranges[at], post, part, units);
      for (int32_t edge = range.begin; edge < range.end; ++edge)
        weights[edge] = p.clip(weights[edge] + p.rate * (p.d - p.b * traces.post[post[edge]]));
    }
  }
}

// Delivery and the change that follows it, in one walk: each arriving spike delivers the weight as it was.
inline void deliver_and_change(Arrivals arrivals, const int32_t* post, const Part& part, int64_t units,
                               const float* post_trace, const ZenkeParameters& p, float* weights, float* out) {
  Range ranges[kRanges];
  std::memset(out + part.first, 0, sizeof(float) * part.size());
  for (int count = kRanges; count == kRanges;) {
    count = arrivals.next(ranges, kRanges);
    for (int at = 0; at < count; ++at) {
      if (at + kRangesAhead < count) prefetch(ranges[at + kRangesAhead], weights, post);
      const Range range = cut(ranges[at], post, part, units);
      for (int32_t edge = range.begin; edge < range.end; ++edge) {
        const int32_t unit = post[edge];
        const float weight = weights[edge];
        out[unit] += range.sign * weight;
        weights[edge] = p.clip(weight + p.rate * (p.d - p.b * post_trace[unit]));
      }
    }
  }
}

// Unit i fired: w = clip((w + ((rate*a)*x)*z) - min((((rate*c)*y)*y)*y, 1) * (w - baseline)).
inline void change_incoming(int64_t unit, const Incoming& incoming, const Traces& traces, const ZenkeParameters& p,
                            const float* baseline, float* weights) {
  constexpr int32_t kAhead = 24;  // The walk jumps through memory; without asking ahead it waits at every edge.
  const float y = traces.post[unit];
  const float z = traces.slow[unit];
  const float gain = p.rate * p.a;
  const float cubed = p.rate * p.c * y * y * y;
  const float pull = cubed > 1.0f ? 1.0f : cubed;
  const int32_t end = incoming.starts[unit + 1];
  for (int32_t at = incoming.starts[unit]; at < end; ++at) {
    if (at + kAhead < end) {
      ask_to_write_line(weights + incoming.edge[at + kAhead]);
      ask_for_line(baseline + incoming.edge[at + kAhead]);
    }
    int64_t slot = traces.now - incoming.delay[at];
    if (slot < 0) slot += traces.slots;
    const float x = traces.pre[slot * traces.pre_units + incoming.pre[at]];
    float& weight = weights[incoming.edge[at]];
    weight = p.clip((weight + gain * x * z) - pull * (weight - baseline[incoming.edge[at]]));
  }
}

}  // namespace spark
