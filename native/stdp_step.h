// A whole step of a rule of stdp.h: traces, events, and the third factor, as one instruction of a program.
#pragma once

#include <cmath>
#include <cstdint>

#include "deliver.h"
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
inline bool add_modulation(const Modulation& m, int64_t step) {
  const float left = std::exp(-m.rate * static_cast<float>(step % m.renewal));
  for (int64_t at = 0; at < m.size; ++at) {
    if (m.arriving[at] == 0.0f) continue;
    m.moved[at] += m.arriving[at] * left;
    *m.waiting = 1;
  }
  return *m.waiting && (step + 1) % m.interval == 0;
}

// Moves all weights; post is null for dense weights of shape (rows, units), else the unit of each.
inline void move_weights(const Target& to, const int32_t* post, int64_t rows, int64_t units) {
  const auto& operations = stdp_operations();
  for (int64_t row = 0; row < rows; ++row) operations.consolidate(to, post, row * units, units);
}

// What waits for rows, as `EventRule.change` describes it; only weights and traces of this step are read at once.
struct Waiting {
  int32_t* memory = nullptr;
  int64_t room = 0, steps = 0;
};

template <class Operands>
Waiting read_waiting(Operands& o) {
  Waiting waiting;
  waiting.memory = o.template place<int32_t>();
  waiting.room = o.whole();
  waiting.steps = o.whole();
  return waiting;
}

// Delivery through dense weights whose postsynaptic changes wait: rows that fired are brought up to date first.
template <class Operands>
void run_deliver_waiting(Operands& o) {
  const int8_t* spikes = o.template place<int8_t>();
  float* weights = o.template place<float>();
  float* current = o.template place<float>();
  const float* coefficients = o.template place<float>();
  const float* baseline = o.template place<float>();
  const int64_t pre = o.whole(), post = o.whole(), pre_traces = o.whole(), post_traces = o.whole();
  const Waiting waiting = read_waiting(o);
  float factors[kMostTraces];
  for (int64_t a = 0; a < pre_traces; ++a) factors[a] = o.number();
  if (o.round() > 0) {
    const Table table(coefficients, static_cast<int>(pre_traces), static_cast<int>(post_traces));
    Replay replay(waiting.memory, table, weights, baseline, factors, pre, post, waiting.room, waiting.steps);
    replay.bring_fired(spikes);
  }
  deliver_dense(spikes, pre, weights, post, current);
}

// Operands as `EventRule.lower` gives them.
template <class Operands>
void run_stdp(Operands& o) {
  Target to = {};
  to.weights = o.template place<float>();
  const float* coefficients = o.template place<float>();
  float* pre_trace = o.template place<float>();
  float* post_trace = o.template place<float>();
  const int8_t* pre_spikes = o.template place<int8_t>();
  const uint32_t* history = o.template place<uint32_t>();
  const int8_t* post_spikes = o.template place<int8_t>();
  const int32_t* step = o.template place<int32_t>();
  float* pre_decayed = o.template place<float>();
  float* post_decayed = o.template place<float>();
  EdgeLists edges;
  edges.post = o.template place<int32_t>();
  edges.starts = o.template place<int32_t>();
  edges.in_starts = o.template place<int32_t>();
  edges.in_edge = o.template place<int32_t>();
  edges.in_pre = o.template place<int32_t>();
  edges.in_delay = o.template place<int32_t>();
  edges.pre = o.template place<int32_t>();
  edges.delay = o.template place<int32_t>();
  to.eligibility = o.template place<float>();
  to.pending = o.template place<float>();
  Modulation modulation;
  modulation.waiting = o.template place<int32_t>();
  modulation.moved = o.template place<float>();
  modulation.arriving = o.template place<float>();
  to.baseline = o.template place<float>();
  const int64_t pre_traces = o.whole(), post_traces = o.whole();
  const int64_t pre = o.whole(), post = o.whole(), synapses = o.whole();
  const int64_t words = o.whole(), delays = o.whole(), slots = o.whole();
  modulation.size = o.whole();
  modulation.interval = o.whole();
  modulation.renewal = o.whole();
  modulation.rate = o.number();
  const Waiting waiting = read_waiting(o);

  const auto& operations = stdp_operations();
  const int64_t now = *step % slots, before = (now + slots - 1) % slots;
  const float* x[kMostTraces];
  const float* y[kMostTraces];
  const float* kept[kMostTraces];
  float factors[kMostTraces];
  for (int64_t a = 0; a < pre_traces; ++a) {
    const bool nearest = o.whole() != 0;
    const float factor = factors[a] = o.number();
    kept[a] = pre_trace + a * pre;
    if (pre_spikes) {  // No delays: the trace is kept with this step's spikes in it.
      operations.advance_kept(factor, nearest, pre, pre_spikes, pre_trace + a * pre, pre_decayed + a * pre);
      x[a] = pre_decayed + a * pre;
    } else {
      float* ring = pre_trace + a * slots * pre;
      operations.advance_delayed(factor, nearest, pre, history, ring + before * pre, ring + now * pre);
      x[a] = ring;
    }
  }
  for (int64_t b = 0; b < post_traces; ++b) {
    const bool nearest = o.whole() != 0;
    const float factor = o.number();
    operations.advance_kept(factor, nearest, post, post_spikes, post_trace + b * post, post_decayed + b * post);
    y[b] = post_decayed + b * post;
  }

  const Table table(coefficients, static_cast<int>(pre_traces), static_cast<int>(post_traces));
  to.minimum = table.minimum;
  to.maximum = table.maximum;
  if (to.eligibility) {
    const int64_t phase = *step % modulation.renewal;
    if (phase == 0 && *step > 0)
      operations.scale(std::exp(-modulation.rate * static_cast<float>(modulation.renewal)), synapses, to.eligibility);
    to.inverse = std::exp(modulation.rate * static_cast<float>(phase));
    to.moved = modulation.moved;
    to.per_unit = modulation.size > 1;
  }
  if (waiting.memory) {
    Replay replay(waiting.memory, table, to.weights, to.baseline, factors, pre, post, waiting.room, waiting.steps);
    if (o.round() == 0) {
      replay.begin();
      o.at_end([replay]() mutable { replay.finish(); });
    }
    replay.step(pre_spikes, x, kept, post_spikes, y);
    return;
  }
  if (edges.post) {
    const Rings rings = {x, slots, pre, pre_spikes ? 0 : now};
    change_edges(table, to, Arrivals(history, words, pre, edges.starts, delays), edges, rings, post_spikes, post, y);
  } else {
    change_dense(table, to, pre_spikes, pre, x, post_spikes, post, y);
  }
  if (!to.eligibility || !add_modulation(modulation, *step)) return;
  move_weights(to, edges.post, edges.post ? 1 : pre, edges.post ? synapses : post);
  for (int64_t at = 0; at < modulation.size; ++at) modulation.moved[at] = 0.0f;
  *modulation.waiting = 0;
}

}  // namespace spark
