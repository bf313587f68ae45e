// Instructions of a program over pools of units: somas, spikers, integrators, random draws.
#pragma once

#include <cstdint>
#include <cstring>

#include "operands.h"
#include "ops.h"
#include "units.h"

namespace spark {

inline void run_spiker(Operands& o) {
  const SpikerOperands given(o);
  const SpikerParameters p = {given.factor, given.gain, given.level, static_cast<int32_t>(given.blocked)};
  unit_operations().advance_spiker(p, o.part(given.units), given.drive, given.potential, given.refractory, given.spikes);
}

inline void run_bump(Operands& o) {
  const BumpOperands given(o);
  const BumpParameters p = {given.low, given.span, given.pi, given.scale};
  unit_operations().advance_bump(p, given.signals, given.resolution, given.signal, given.place, given.drive);
}

inline void run_push(Operands& o) {
  const PushOperands given(o);
  unit_operations().push_history(given.spikes, given.words, given.pre, o.part(given.pre), given.history);
}

inline void run_soma(Operands& o) {
  const SomaOperands given(o);
  SomaParameters p;
  p.blocked = static_cast<int32_t>(given.blocked);
  p.gain = given.gain;
  p.resistance = given.resistance;
  p.level = given.level;
  p.after = given.after;
  p.fall = given.fall;
  p.rise = given.rise;
  unit_operations().advance_soma(p, o.part(given.units), given.current, given.potential, given.refractory,
                                 given.threshold, given.spikes);
}

inline void run_sign(Operands& o) {
  const SignOperands given(o);
  const Part part = o.part(given.units);
  for (int64_t unit = part.first; unit < part.last; ++unit)
    given.out[unit] = static_cast<int8_t>(given.spikes[unit] * given.signs[unit]);
}

// Counts are whole numbers, so their order plays no part.
inline void run_integrator(Operands& o) {
  const IntegratorOperands given(o);
  check_indices(given.group, given.units, given.groups, "group");
  float* const average = given.average;
  float* const smooth = given.smooth;
  int32_t* const counts = given.counts;
  std::memset(counts, 0, sizeof(int32_t) * given.groups);
  for (int64_t unit = 0; unit < given.units; ++unit) counts[given.group[unit]] += given.spikes[unit];
  for (int64_t at = 0; at < given.groups; ++at) {
    average[at] += given.gain * (static_cast<float>(counts[at]) * given.share[at] - average[at]);
    if (smooth) smooth[at] += given.smooth_gain * (average[at] - smooth[at]);
    const float clipped = average[at] < 0.0f ? 0.0f : average[at] > 1.0f ? 1.0f : average[at];
    given.out[at] = smooth ? smooth[at] : clipped;
  }
}

inline void run_draw_spikes(Operands& o) {
  const DrawSpikesOperands given(o);
  RandomDraw draw;
  draw.key = given.key;
  draw.step = given.step;
  draw.units = o.part(given.units);
  unit_operations().draw_spikes(draw, given.signal, given.chance, given.spikes);
}

inline void run_add_counts(Operands& o) {
  const AddCountsOperands given(o);
  RandomDraw draw;
  draw.key = given.key;
  draw.step = given.step;
  if (given.is_share) draw.first = given.key[2];
  draw.units = o.part(given.units);
  float* const row = given.ring + row_of(draw.step, given.slots) * given.units;
  unit_operations().add_counts(draw, given.bounds, given.most, given.weight, row);
}

}  // namespace spark
