// Instructions of a program over connections: delivery, scattering, and the default rule in one walk with delivery.
#pragma once

#include <cstdint>

#include "deliver.h"
#include "operands.h"
#include "ops.h"
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
  const DeliverEdgesOperands given(o);
  if (o.is_first())
    check_edges(given.post, given.starts, given.pre, given.words, given.delays, given.weights.count(), given.units);
  deliver_edges(Arrivals(given.history, given.words, given.pre, given.starts, given.delays), given.weights.data,
                given.post, given.units, o.part(given.units), given.current);
}

inline ZenkeParameters zenke_parameters(const float* value) {
  return {value[0], value[1], value[2], value[3], value[4], value[5], value[6]};
}

inline void run_deliver_and_change(Operands& o) {
  const DeliverAndChangeOperands given(o);
  if (o.is_first())
    check_edges(given.post, given.starts, given.pre, given.words, given.delays, given.weights.count(), given.units);
  const Part part = o.part(given.units);
  if (part.empty()) return;
  const Arrivals arrivals(given.history, given.words, given.pre, given.starts, given.delays);
  if (!given.learning) {
    deliver_edges(arrivals, static_cast<const float*>(given.weights), given.post, given.units, part, given.current);
    return;
  }
  for (int64_t unit = part.first; unit < part.last; ++unit)
    given.decayed[unit] = given.post_trace[unit] * given.factor;
  deliver_and_change(arrivals, given.post, part, given.units, given.decayed, zenke_parameters(given.parameters),
                     given.weights, given.current);
}

inline void run_deliver_dense(Operands& o) {
  const DeliverDenseOperands given(o);
  deliver_dense(given.spikes, given.pre, given.weights, given.post, o.part(given.post), given.current);
}

// The traces that the rule reads in this step: of the presynaptic units, kept in a ring, and two of the postsynaptic ones.
inline void run_zenke_traces(Operands& o) {
  const ZenkeTracesOperands given(o);
  const auto& operations = unit_operations();
  const int64_t pre = given.pre;
  const int64_t now = row_of(given.step, given.slots);
  const int64_t before = (now + given.slots - 1) % given.slots;
  const Part of_pre = o.part(pre), of_post = o.part(given.units);
  const int64_t first = of_post.first;
  operations.advance_ring(given.fast_pre, of_pre.size(), given.history + of_pre.first,
                          given.ring + before * pre + of_pre.first, given.ring + now * pre + of_pre.first);
  operations.advance_trace(given.fast_post, of_post.size(), given.spikes + first, given.post_trace + first,
                           given.post_decayed + first);
  operations.advance_trace(given.slow_post, of_post.size(), given.spikes + first, given.slow_trace + first,
                           given.slow_decayed + first);
}

inline void run_zenke(Operands& o) {
  const ZenkeOperands given(o);
  const int64_t pre = given.pre, units = given.units, edges = given.weights.count();
  const Incoming incoming = {given.in_starts, given.in_edge, given.in_pre, given.in_delay};
  if (o.is_first()) {
    check_edges(given.post, given.starts, pre, given.words, given.delays, edges, units);
    check_incoming(incoming.starts, incoming.edge, incoming.pre, incoming.delay, units, edges, pre, given.slots);
  }
  const Traces traces = {given.ring, given.slots, pre, row_of(given.step, given.slots), given.post_decayed,
                         given.slow_decayed};
  const ZenkeParameters p = zenke_parameters(given.parameters);
  const Part part = o.part(units);
  if (part.empty() || !given.learning) return;
  if (!given.arrived)
    change_arriving(Arrivals(given.history, given.words, pre, given.starts, given.delays), given.post, part, units, traces,
                    p, given.weights);
  for (int64_t unit = part.first; unit < part.last; ++unit)
    if (given.spikes[unit]) change_incoming(unit, incoming, traces, p, given.baseline, given.weights);
}

inline void run_scatter(Operands& o) {
  const ScatterOperands given(o);
  Scatter s;
  s.ring = {given.ring, given.slots, given.units, (row_of(given.step, given.slots) + given.further) % given.slots,
            o.part(given.units)};
  take_kinds(given, s);
  s.fired = {given.lists, given.pre, o.shares()};
  s.starts = given.starts;
  s.amplitudes = given.amplitudes;
  s.middles = given.middles;
  s.post = given.post;
  s.weights = given.weights;
  s.delays = given.delays;
  check_within(s.ring.slot, 0, s.ring.slots - 1, "the row of this step");
  if (o.is_first()) check_scatter(s, {given.post.bytes, given.weights.bytes, given.delays.bytes});
  scatter(s);
}

}  // namespace spark
