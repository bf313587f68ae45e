// Instructions of a program over connections: delivery, scattering, and the default rule in one walk with delivery.
#pragma once

#include <cstdint>

#include "deliver.h"
#include "operands.h"
#include "scatter.h"
#include "units.h"
#include "zenke.h"

namespace spark {

// A list of connections holds together; see spark/kernels/edges.py. Returns how many there are: what lies behind them
// fills up a device's share, and no start points at it.
inline int64_t check_edges(const int32_t* post, const int32_t* starts, int64_t pre, int64_t words, int64_t delays,
                           int64_t edges, int64_t units) {
  if (!kChecked || pre == 0) return 0;
  check_within(delays, 1, 32 * words, "the number of delays");
  check_starts(starts, pre * (delays + 1), edges, "starts");
  const int64_t reached = starts[pre * (delays + 1) - 1];
  check_indices(post, reached, units, "post");
  return reached;
}

// The same of a list by postsynaptic unit.
inline void check_incoming(const int32_t* starts, const int32_t* edge, const int32_t* from, const int32_t* delay,
                           int64_t units, int64_t edges, int64_t pre, int64_t slots) {
  if (!kChecked) return;
  check_starts(starts, units + 1, edges, "in_starts");
  const int64_t reached = starts[units];
  check_indices(edge, reached, edges, "in_edge");
  check_indices(from, reached, pre, "in_pre");
  check_indices(delay, reached, slots, "in_delay");
}

inline void run_deliver_edges(Operands& o) {
  const auto history = o.place<uint32_t>();
  const auto weights = o.place<float>();
  const auto post = o.place<int32_t>();
  const auto starts = o.place<int32_t>();
  const auto current = o.place<float>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  const int64_t units = o.whole();
  const int64_t edges = weights.count();
  starts.of(pre * (delays + 1), "starts");
  post.of(edges, "post");
  if (o.is_first()) check_edges(post, starts, pre, words, delays, edges, units);
  deliver_edges(Arrivals(history.of(2 * words * pre, "history"), words, pre, starts, delays), weights.data, post, units,
                o.part(units), current.of(units, "current"));
}

inline ZenkeParameters zenke_parameters(const float* value) {
  return {value[0], value[1], value[2], value[3], value[4], value[5], value[6]};
}

inline void run_deliver_and_change(Operands& o) {
  const auto history = o.place<uint32_t>();
  const auto weights = o.place<float>();
  const auto post = o.place<int32_t>();
  const auto starts = o.place<int32_t>();
  const auto current = o.place<float>();
  const auto trace = o.place<float>();
  const auto parameters = o.place<float>();
  const auto left = o.place<float>();
  const bool learning = o.learning();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  const int64_t units = o.whole();
  const float factor = o.number();
  const int64_t edges = weights.count();
  starts.of(pre * (delays + 1), "starts");
  post.of(edges, "post");
  if (o.is_first()) check_edges(post, starts, pre, words, delays, edges, units);
  const Part part = o.part(units);
  if (part.empty()) return;
  if (!learning) {
    deliver_edges(Arrivals(history.of(2 * words * pre, "history"), words, pre, starts, delays),
                  static_cast<const float*>(weights), post, units, part, current.of(units, "current"));
    return;
  }
  const float* const post_trace = trace.of(units, "post_trace");
  float* const decayed = left.of(units, "decayed");
  for (int64_t unit = part.first; unit < part.last; ++unit) decayed[unit] = post_trace[unit] * factor;
  deliver_and_change(Arrivals(history.of(2 * words * pre, "history"), words, pre, starts, delays), post, part, units,
                     decayed, zenke_parameters(parameters.of(7, "parameters")), weights, current.of(units, "current"));
}

inline void run_deliver_dense(Operands& o) {
  const auto spikes = o.place<int8_t>();
  const auto weights = o.place<float>();
  const auto current = o.place<float>();
  const int64_t pre = o.whole();
  const int64_t post = o.whole();
  deliver_dense(spikes.of(pre, "spikes"), pre, static_cast<const float*>(weights.of(pre * post, "weights")), post,
                o.part(post), current.of(post, "current"));
}

// The traces that the rule reads in this step: of the presynaptic units, kept in a ring, and two of the postsynaptic ones.
inline void run_zenke_traces(Operands& o) {
  const auto history = o.place<uint32_t>();
  const auto rows = o.place<float>();
  const auto fast_trace = o.place<float>();
  const auto slow_trace = o.place<float>();
  const auto fired = o.place<int8_t>();
  const uint64_t step = o.counter();
  const auto fast_decayed = o.place<float>();
  const auto slow_decayed = o.place<float>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t units = o.whole();
  const int64_t slots = o.whole();
  const float fast_pre = o.number();
  const float fast_post = o.number();
  const float slow_post = o.number();
  float* const ring = rows.of(slots * pre, "ring");
  const uint32_t* const bits = history.of(2 * words * pre, "history");
  const int8_t* const spikes = fired.of(units, "spikes");
  const auto& operations = unit_operations();
  const int64_t now = row_of(step, slots);
  const int64_t before = (now + slots - 1) % slots;
  const Part of_pre = o.part(pre), of_post = o.part(units);
  const int64_t first = of_post.first;
  operations.advance_ring(fast_pre, of_pre.size(), bits + of_pre.first, ring + before * pre + of_pre.first,
                          ring + now * pre + of_pre.first);
  operations.advance_trace(fast_post, of_post.size(), spikes + first, fast_trace.of(units, "post_trace") + first,
                           fast_decayed.of(units, "post_decayed") + first);
  operations.advance_trace(slow_post, of_post.size(), spikes + first, slow_trace.of(units, "slow_trace") + first,
                           slow_decayed.of(units, "slow_decayed") + first);
}

inline void run_zenke(Operands& o) {
  const auto weights = o.place<float>();
  const auto baseline = o.place<float>();
  const auto history = o.place<uint32_t>();
  const auto rows = o.place<float>();
  const auto fired = o.place<int8_t>();
  const uint64_t step = o.counter();
  const auto post = o.place<int32_t>();
  const auto starts = o.place<int32_t>();
  const auto in_starts = o.place<int32_t>();
  const auto in_edge = o.place<int32_t>();
  const auto in_pre = o.place<int32_t>();
  const auto in_delay = o.place<int32_t>();
  const auto value = o.place<float>();
  const auto post_decayed = o.place<float>();
  const auto slow_decayed = o.place<float>();
  const bool learning = o.learning();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  const int64_t units = o.whole();
  const int64_t slots = o.whole();
  const bool arrived = o.whole() != 0;
  const int64_t edges = weights.count();
  starts.of(pre * (delays + 1), "starts");
  post.of(edges, "post");
  if (o.is_first()) check_edges(post, starts, pre, words, delays, edges, units);
  const Incoming incoming = {in_starts.of(units + 1, "in_starts"), in_edge.of(edges, "in_edge"),
                             in_pre.of(edges, "in_pre"), in_delay.of(edges, "in_delay")};
  if (o.is_first())
    check_incoming(incoming.starts, incoming.edge, incoming.pre, incoming.delay, units, edges, pre, slots);
  const uint32_t* const bits = history.of(2 * words * pre, "history");
  const int8_t* const spikes = fired.of(units, "spikes");
  const Traces traces = {rows.of(slots * pre, "ring"), slots, pre, row_of(step, slots),
                         post_decayed.of(units, "post_decayed"), slow_decayed.of(units, "slow_decayed")};
  const ZenkeParameters p = zenke_parameters(value.of(7, "parameters"));
  const Part part = o.part(units);
  if (part.empty() || !learning) return;
  if (!arrived) change_arriving(Arrivals(bits, words, pre, starts, delays), post, part, units, traces, p, weights);
  for (int64_t unit = part.first; unit < part.last; ++unit)
    if (spikes[unit]) change_incoming(unit, incoming, traces, p, baseline.of(edges, "baseline"), weights);
}

inline void run_scatter(Operands& o) {
  Scatter s;
  const auto lists = o.place<int32_t>();
  const auto starts = o.place<int32_t>();
  const auto post = o.place<char>();
  const auto weights = o.place<char>();
  const auto delays = o.place<char>();
  const auto ring = o.place<float>();
  const uint64_t step = o.counter();
  const auto amplitudes = o.place<float>();
  const int64_t pre = o.whole();
  s.ring.slots = o.whole();
  s.ring.units = o.whole();
  s.ring.part = o.part(s.ring.units);
  s.ring.slot = (row_of(step, s.ring.slots) + o.whole()) % s.ring.slots;
  read_kinds(o, s);
  s.fired = {lists.of(fired_words(pre), "lists"), pre, o.shares()};
  s.starts = starts.of(pre + 1, "starts");
  s.ring.input = ring.of(s.ring.slots * s.ring.units, "ring");
  s.amplitudes = amplitudes.any(pre, "amplitudes");
  s.post = post;
  s.weights = weights;
  s.delays = delays;
  check_within(s.ring.slot, 0, s.ring.slots - 1, "the row of this step");
  if (o.is_first()) check_scatter(s, {post.bytes, weights.bytes, delays.bytes});
  scatter(s);
}

}  // namespace spark
