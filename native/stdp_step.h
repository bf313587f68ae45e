// A whole step of a rule of stdp.h: traces, events, and the third factor, as one instruction of a program.
#pragma once

#include <cmath>
#include <cstdint>

#include "deliver.h"
#include "edge_instructions.h"
#include "operands.h"
#include "ops.h"
#include "replay.h"
#include "stdp.h"

namespace spark {

// How an eligibility meets its modulation. Eligibilities are kept as e(n) * exp(rate * phase), phase = n modulo renewal:
// all decay at once, by one number, and only renewal touches them all.
struct Modulation {
  int32_t* waiting;  // Whether there was any since weights moved.
  float* moved;      // Sum of modulation * exp(-rate * phase); (size).
  const float* arriving;
  int64_t size;      // 1, or the number of postsynaptic units.
  int64_t interval;  // Steps from one move of the weights to the next.
  int64_t renewal;   // Steps, a multiple of the interval.
  float rate;        // dt / tau.
};

// Adds this step's modulation; returns whether the weights are to move now.
inline bool add_modulation(const Modulation& m, uint64_t step) {
  const float left = std::exp(-m.rate * static_cast<float>(row_of(step, m.renewal)));
  for (int64_t at = 0; at < m.size; ++at) {
    if (m.arriving[at] == 0.0f) continue;
    m.moved[at] += m.arriving[at] * left;
    *m.waiting = 1;
  }
  return *m.waiting && row_of(step + 1, m.interval) == 0;
}

// Moves all weights; post is null for dense weights of shape (rows, units), else the unit of each.
inline void move_weights(const Target& to, const int32_t* post, int64_t rows, int64_t units) {
  const auto& operations = stdp_operations();
  for (int64_t row = 0; row < rows; ++row) operations.consolidate(to, post, row * units, units);
}

// What waits, once nothing is learned any more: modulation so far does what it does to eligibility as it is.
inline void keep_waiting(const Target& to, const Modulation& m, const int32_t* post, int64_t rows, int64_t units) {
  bool any = false;
  for (int64_t at = 0; at < m.size; ++at) any |= m.moved[at] != 0.0f;
  if (!any) return;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t at = 0; at < units; ++at) {
      const int64_t unit = post ? post[at] : at;
      to.pending[row * units + at] += to.eligibility[row * units + at] * m.moved[m.size > 1 ? unit : 0];
    }
  for (int64_t at = 0; at < m.size; ++at) m.moved[at] = 0.0f;
}

// What a modulated rule has beside its weights, and where its changes go; nothing of a rule that is not.
template <class Given>
Modulation modulation_of(const Given& given, Target& to) {
  to.eligibility = given.eligibility;
  to.pending = given.pending;
  check(!to.eligibility || (given.waiting && given.moved && given.modulation), "an eligibility has no modulation");
  return {given.waiting, given.moved, given.modulation, given.modulations, given.interval, given.renewal, given.rate};
}

// How much an eligibility of this step counts; now and then all are renewed.
inline void begin_third(Target& to, const Modulation& m, uint64_t step, int64_t synapses) {
  if (!to.eligibility) return;
  const int64_t phase = row_of(step, m.renewal);
  if (phase == 0 && step > 0)
    stdp_operations().scale(std::exp(-m.rate * static_cast<float>(m.renewal)), synapses, to.eligibility);
  to.inverse = std::exp(m.rate * static_cast<float>(phase));
  to.moved = m.moved;
  to.per_unit = m.size > 1;
}

// Moves the weights, where that is due; as `move_weights` for the connections.
inline void end_third(const Target& to, const Modulation& m, uint64_t step, const int32_t* post, int64_t rows,
                      int64_t units) {
  if (!to.eligibility || !add_modulation(m, step)) return;
  move_weights(to, post, rows, units);
  for (int64_t at = 0; at < m.size; ++at) m.moved[at] = 0.0f;
  *m.waiting = 0;
}

// What waits for rows, as `EventRule.change` describes it; only weights and traces of this step are read at once.
struct Waiting {
  int32_t* memory = nullptr;
  int64_t room = 0, steps = 0;
};

inline Waiting read_waiting(Operands& o, int64_t pre, int64_t post, int traces) {
  const WaitingOperands given(o);
  Waiting waiting;
  waiting.room = given.room;
  waiting.steps = given.steps;
  waiting.memory = given.memory.any(Replay::words(pre, traces, waiting.room, waiting.steps), "what waits");
  check(!waiting.memory || (waiting.room >= post && waiting.steps > 0), "there is no room for the spikes of a step");
  return waiting;
}

inline void check_trace_counts(int pre, int post) {
  check_within(pre, 0, kMostTraces, "the number of presynaptic traces");
  check_within(post, 0, kMostTraces, "the number of postsynaptic traces");
}

// Delivery through dense weights whose postsynaptic changes wait: rows that fired are brought up to date first.
inline void run_deliver_waiting(Operands& o) {
  const DeliverWaitingOperands given(o);
  const int64_t pre = given.pre, post = given.post;
  const int pre_traces = static_cast<int>(given.pre_traces), post_traces = static_cast<int>(given.post_traces);
  const Waiting waiting = read_waiting(o, pre, post, pre_traces);
  check_trace_counts(pre_traces, post_traces);
  check(waiting.memory != nullptr, "nothing holds what waits");
  float factors[kMostTraces];
  for (int a = 0; a < pre_traces; ++a) factors[a] = DecayOperands(o).factor;
  const Part part = o.part(post);
  if (part.empty()) return;
  if (o.round() == 0) {
    deliver_dense(given.spikes, pre, static_cast<const float*>(given.weights), post, part, given.current);
  } else {
    const Table table(given.coefficients.of(Table::size(pre_traces, post_traces), "coefficients"), pre_traces, post_traces);
    Replay replay(waiting.memory, table, given.weights, given.baseline, factors, pre, post, part, waiting.room, waiting.steps);
    replay.deliver(given.spikes, given.current + part.first);
  }
}

// Both kinds of lists agree.
inline void check_lists(const EdgeLists& edges, int64_t pre, int64_t post, int64_t words, int64_t delays,
                        int64_t synapses, int64_t slots) {
  const int64_t reached = check_edges(edges.post, edges.starts, pre, words, delays, synapses, post);
  check_incoming(edges.in_starts, edges.in_edge, edges.in_pre, edges.in_delay, post, synapses, pre, slots);
  check_indices(edges.pre, reached, pre, "pre");
  check_indices(edges.delay, reached, slots, "delay");
}

// The lists of connections of a rule; none of dense weights.
template <class Given>
EdgeLists edges_of(const Operands& o, const Given& given) {
  const EdgeLists edges = {given.post,   given.starts,   given.in_starts, given.in_edge,
                           given.in_pre, given.in_delay, given.edge_pre,  given.edge_delay};
  if (edges.post && o.is_first())
    check_lists(edges, given.pre, given.units, given.words, given.delays, given.synapses, given.slots);
  return edges;
}

// A modulation of each unit has one for every weight that moves, also for what fills up a device's share.
inline void check_moved(const int32_t* post, int64_t weights, int64_t modulations) {
  if (modulations > 1) check_indices(post, weights, modulations, "post");
}

// The traces that a rule reads in this step, and what it keeps of them.
inline void run_traces(Operands& o) {
  const TracesOperands given(o);
  const int64_t pre = given.pre, slots = given.slots;
  const int pre_traces = static_cast<int>(given.pre_traces), post_traces = static_cast<int>(given.post_traces);
  check_trace_counts(pre_traces, post_traces);
  check(given.history || given.pre_spikes, "neither spikes nor a history arrives");
  const auto& operations = stdp_operations();
  const int64_t now = row_of(given.step, slots), before = (now + slots - 1) % slots;
  const Part mine = o.part(pre), theirs = o.part(given.post);
  for (int a = 0; a < pre_traces; ++a) {
    const TraceOperands kind(o);
    if (given.pre_spikes) {  // No delays: the trace is kept with this step's spikes in it.
      const int64_t at = a * pre + mine.first;
      operations.advance_kept(kind.factor, kind.nearest != 0, mine.size(), given.pre_spikes + mine.first,
                              given.pre_trace + at, given.pre_decayed + at);
    } else {
      float* const ring = given.pre_trace + a * slots * pre + mine.first;
      operations.advance_delayed(kind.factor, kind.nearest != 0, mine.size(), given.history + mine.first,
                                 ring + before * pre, ring + now * pre);
    }
  }
  for (int b = 0; b < post_traces; ++b) {
    const TraceOperands kind(o);
    const int64_t at = b * given.post + theirs.first;
    operations.advance_kept(kind.factor, kind.nearest != 0, theirs.size(), given.post_spikes + theirs.first,
                            given.post_trace + at, given.post_decayed + at);
  }
}

// Traces are those of this step.
inline void run_stdp(Operands& o) {
  const StdpOperands given(o);
  const int pre_traces = static_cast<int>(given.pre_traces), post_traces = static_cast<int>(given.post_traces);
  const int64_t pre = given.pre, post = given.units, synapses = given.synapses, slots = given.slots;
  check_trace_counts(pre_traces, post_traces);
  Target to = {};
  to.weights = given.weights;
  to.baseline = given.baseline;
  const Modulation modulation = modulation_of(given, to);
  const Waiting waiting = read_waiting(o, pre, post, pre_traces);
  const int8_t* const pre_spikes = given.pre_spikes;
  check(given.history || pre_spikes, "neither spikes nor a history arrives");
  const EdgeLists edges = edges_of(o, given);
  const bool listed = edges.post != nullptr;
  if (listed) {
    check(given.history != nullptr, "connections with delays have no history");
    if (o.is_first() && to.eligibility) check_moved(edges.post, synapses, modulation.size);
  } else {
    check(pre_spikes != nullptr && synapses == pre * post, "dense weights do not fit their spikes");
  }

  const float* x[kMostTraces];
  const float* y[kMostTraces];
  const float* kept[kMostTraces];
  float factors[kMostTraces];
  for (int a = 0; a < pre_traces; ++a) {
    factors[a] = TraceOperands(o).factor;
    kept[a] = given.pre_trace + a * pre;
    x[a] = pre_spikes ? given.pre_decayed + a * pre : given.pre_trace + a * slots * pre;
  }
  for (int b = 0; b < post_traces; ++b) y[b] = given.post_decayed + b * post;
  const Part part = o.part(post);
  if (part.empty()) return;

  const Table table(given.coefficients.of(Table::size(pre_traces, post_traces), "coefficients"), pre_traces, post_traces);
  check(table.pull == 0.0f || post_traces > 0, "a pull reads the first postsynaptic trace, and there is none");
  to.minimum = table.minimum;
  to.maximum = table.maximum;
  begin_third(to, modulation, given.step, synapses);
  // Also without learning: delivery asks before it brings a row up to date what waits for it.
  if (waiting.memory && o.round() == 0)
    Replay(waiting.memory, table, to.weights, to.baseline, factors, pre, post, part, waiting.room, waiting.steps)
        .begin();
  if (!given.learning) {
    if (to.pending) keep_waiting(to, modulation, edges.post, listed ? 1 : pre, listed ? synapses : post);
    return;
  }
  if (waiting.memory) {
    Replay replay(waiting.memory, table, to.weights, to.baseline, factors, pre, post, part, waiting.room,
                  waiting.steps);
    if (o.round() == 0) o.at_end([replay](int64_t) mutable { replay.end(); });
    replay.step(pre_spikes, x, kept, given.post_spikes + part.first, Beginning(y, post_traces, part).of_part);
    return;
  }
  if (listed) {
    const Rings rings = {x, slots, pre, pre_spikes ? 0 : row_of(given.step, slots)};
    change_edges(table, to, Arrivals(given.history, given.words, pre, edges.starts, given.delays), edges, rings,
                 given.post_spikes, post, part, y);
  } else {
    change_dense(table, to, pre_spikes, pre, x, given.post_spikes, post, part, y);
  }
  end_third(to, modulation, given.step, edges.post, listed ? 1 : pre, listed ? synapses : post);
}

}  // namespace spark
