// Instructions of a program over pools of units: somas, spikers, integrators, random draws.
#pragma once

#include <cstdint>
#include <cstring>

#include "operands.h"
#include "units.h"

namespace spark {

inline void run_spiker(Operands& o) {
  const auto potential = o.place<float>();
  const auto refractory = o.place<int32_t>();
  const auto drive = o.place<float>();
  const auto spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  SpikerParameters p;
  p.blocked = static_cast<int32_t>(o.whole());
  p.factor = o.number();
  p.gain = o.number();
  p.level = o.number();
  const Part part = o.part(units);
  unit_operations().advance_spiker(p, part, drive.of(units, "drive"), potential.of(units, "potential"),
                                   refractory.of(units, "refractory"), spikes.of(units, "spikes"));
}

inline void run_bump(Operands& o) {
  const auto signal = o.place<float>();
  const auto place = o.place<float>();
  const auto drive = o.place<float>();
  const int64_t numbers = o.whole();
  const int64_t resolution = o.whole();
  BumpParameters p;
  p.low = o.number();
  p.span = o.number();
  p.pi = o.number();
  p.scale = o.number();
  unit_operations().advance_bump(p, numbers, resolution, signal.of(numbers, "signal"), place.of(resolution, "place"),
                                 drive.of(numbers * resolution, "drive"));
}

inline void run_push(Operands& o) {
  const auto history = o.place<uint32_t>();
  const auto spikes = o.place<int8_t>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  unit_operations().push_history(spikes.of(pre, "spikes"), words, pre, o.part(pre),
                                 history.of(2 * words * pre, "history"));
}

inline void run_soma(Operands& o) {
  const auto potential = o.place<float>();
  const auto refractory = o.place<int32_t>();
  const auto threshold = o.place<float>();
  const auto current = o.place<float>();
  const auto spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  SomaParameters p;
  p.blocked = static_cast<int32_t>(o.whole());
  p.gain = o.number();
  p.resistance = o.number();
  p.level = o.number();
  p.after = o.number();
  p.fall = o.number();
  p.rise = o.number();
  unit_operations().advance_soma(p, o.part(units), current.of(units, "current"), potential.of(units, "potential"),
                                 refractory.of(units, "refractory"), threshold.any(units, "threshold"),
                                 spikes.of(units, "spikes"));
}

inline void run_sign(Operands& o) {
  const auto to = o.place<int8_t>();
  const auto from = o.place<int8_t>();
  const auto of = o.place<int8_t>();
  const int64_t units = o.whole();
  int8_t* const out = to.of(units, "out");
  const int8_t* const spikes = from.of(units, "spikes");
  const int8_t* const signs = of.of(units, "signs");
  const Part part = o.part(units);
  for (int64_t unit = part.first; unit < part.last; ++unit)
    out[unit] = static_cast<int8_t>(spikes[unit] * signs[unit]);
}

// Counts are whole numbers, so their order plays no part.
inline void run_integrator(Operands& o) {
  const auto averages = o.place<float>();
  const auto smoothed = o.place<float>();
  const auto fired = o.place<int8_t>();
  const auto group_of = o.place<int32_t>();
  const auto shares = o.place<float>();
  const auto counted = o.place<int32_t>();
  const auto to = o.place<float>();
  const int64_t groups = o.whole();
  const int64_t units = o.whole();
  const float gain = o.number();
  const float smooth_gain = o.number();
  float* const average = averages.of(groups, "average");
  float* const smooth = smoothed.any(groups, "smooth");
  const int8_t* const spikes = fired.of(units, "spikes");
  const int32_t* const group = group_of.of(units, "group");
  const float* const share = shares.of(groups, "share");
  int32_t* const counts = counted.of(groups, "counts");
  float* const out = to.of(groups, "out");
  check_indices(group, units, groups, "group");
  std::memset(counts, 0, sizeof(int32_t) * groups);
  for (int64_t unit = 0; unit < units; ++unit) counts[group[unit]] += spikes[unit];
  for (int64_t at = 0; at < groups; ++at) {
    average[at] += gain * (static_cast<float>(counts[at]) * share[at] - average[at]);
    if (smooth) smooth[at] += smooth_gain * (average[at] - smooth[at]);
    const float clipped = average[at] < 0.0f ? 0.0f : average[at] > 1.0f ? 1.0f : average[at];
    out[at] = smooth ? smooth[at] : clipped;
  }
}

inline void run_draw_spikes(Operands& o) {
  RandomDraw draw;
  draw.key = o.place<uint32_t>().of(2, "key");
  draw.step = o.counter();
  const auto signal = o.place<float>();
  const auto spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  draw.units = o.part(units);
  unit_operations().draw_spikes(draw, signal.of(units, "signal"), o.number(), spikes.of(units, "spikes"));
}

inline void run_add_counts(Operands& o) {
  RandomDraw draw;
  const auto key = o.place<uint32_t>();
  draw.step = o.counter();
  const auto bounds = o.place<uint32_t>();
  const auto to = o.place<float>();
  const int64_t units = o.whole();
  const int64_t most = o.whole();
  const int64_t slots = o.whole();
  // The key of a share of a pool's units says in a third word which is the first.
  const bool is_share = o.whole() != 0;
  draw.key = key.of(is_share ? 3 : 2, "key");
  if (is_share) draw.first = draw.key[2];
  draw.units = o.part(units);
  float* const row = to.of(slots * units, "ring") + row_of(draw.step, slots) * units;
  unit_operations().add_counts(draw, bounds.of(most, "bounds"), most, o.number(), row);
}

}  // namespace spark
