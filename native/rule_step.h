// Rules whose changes are formulas: what an event does to a weight is machine code that another compiler made, from the
// weight, from what its rule keeps of its presynaptic unit, and from what it keeps of its postsynaptic one.
#pragma once

#include <cstdint>

#include "formulas.h"
#include "operands.h"
#include "stdp.h"
#include "stdp_step.h"

namespace spark {

// The change of some connections, a block at a time.
class Changing {
 public:
  static constexpr int64_t kBlock = 256;

  Changing(Formula formula, float* numbers, int pre, int post, const Target& to)
      : formula_(formula), numbers_(numbers), pre_(pre), post_(post), to_(to) {}

  // Copies for as many connections as `count` the values of one presynaptic or postsynaptic unit.
  void fill_pre(const float* const* values, int64_t unit, int64_t count) { fill(values, pre_, unit, count, pre_values_); }
  void fill_post(const float* const* values, int64_t unit, int64_t count) {
    fill(values, post_, unit, count, post_values_);
  }
  // Copies values of the units that `unit` names for each connection.
  template <class Unit>
  void gather_pre(const float* const* values, int64_t count, Unit unit) { gather(values, pre_, count, unit, pre_values_); }
  template <class Unit>
  void gather_post(const float* const* values, int64_t count, Unit unit) {
    gather(values, post_, count, unit, post_values_);
  }

  // Changes `count` connections: number k is connection `where(k)` and ends at `unit(k)`. Weights that lie behind one
  // another are read where they lie, others from a copy, and so are postsynaptic values.
  template <class Where, class Unit>
  void change(int64_t count, const float* weights, const float* const* post, Where where, Unit unit) {
    if (weights == nullptr) {
      for (int64_t k = 0; k < count; ++k) weights_[k] = to_.weights[where(k)];
      weights = weights_;
    }
    char* arrays[3 + 2 * kMostTraces];
    int at = 0;
    arrays[at++] = reinterpret_cast<char*>(const_cast<float*>(weights));
    for (int a = 0; a < pre_; ++a) arrays[at++] = reinterpret_cast<char*>(pre_values_[a]);
    for (int b = 0; b < post_; ++b)
      arrays[at++] = reinterpret_cast<char*>(post ? const_cast<float*>(post[b]) : post_values_[b]);
    arrays[at++] = reinterpret_cast<char*>(numbers_);
    arrays[at++] = reinterpret_cast<char*>(changes_);
    formula_(arrays, 0, count);
    for (int64_t k = 0; k < count; ++k) to_.apply(where(k), unit(k), changes_[k]);
  }

 private:
  static void fill(const float* const* values, int number, int64_t unit, int64_t count, float (*to)[kBlock]) {
    for (int a = 0; a < number; ++a)
      for (int64_t k = 0; k < count; ++k) to[a][k] = values[a][unit];
  }
  template <class Unit>
  static void gather(const float* const* values, int number, int64_t count, Unit unit, float (*to)[kBlock]) {
    for (int a = 0; a < number; ++a)
      for (int64_t k = 0; k < count; ++k) to[a][k] = values[a][unit(k)];
  }

  Formula formula_;
  float* numbers_;
  int pre_, post_;
  const Target& to_;
  float weights_[kBlock], changes_[kBlock];
  float pre_values_[kMostTraces][kBlock], post_values_[kMostTraces][kBlock];
};

inline int64_t block_at(int64_t first, int64_t last) {
  return last - first < Changing::kBlock ? last - first : Changing::kBlock;
}

// Dense weights onto a part of the units: rows of the presynaptic units that fired.
inline void change_rows(Changing& changing, const Target& to, const int8_t* spikes, int64_t pre, const float* const* x,
                        int64_t post, const Part& part, const float* const* y, int values) {
  for_each_spike(spikes, pre, [&](int64_t row) {
    changing.fill_pre(x, row, block_at(part.first, part.last));
    for (int64_t first = part.first; first < part.last; first += Changing::kBlock) {
      const float* own[kMostTraces];
      for (int b = 0; b < values; ++b) own[b] = y[b] + first;
      const int64_t at = row * post + first;
      changing.change(block_at(first, part.last), to.weights + at, own, [&](int64_t k) { return at + k; },
                      [&](int64_t k) { return first + k; });
    }
  });
}

// Then columns of the postsynaptic units at which something happens; null stands for all.
inline void change_some_columns(Changing& changing, const Target& to, const int8_t* active, int64_t pre,
                                const float* const* x, int64_t post, const Part& part, const float* const* y) {
  int64_t units[Changing::kBlock];
  for (int64_t first = part.first; first < part.last;) {
    int64_t count = 0;
    for (; first < part.last && count < Changing::kBlock; ++first)
      if (active == nullptr || active[first]) units[count++] = first;
    if (count == 0) continue;
    const bool together = units[count - 1] - units[0] == count - 1;
    changing.gather_post(y, count, [&](int64_t k) { return units[k]; });
    for (int64_t row = 0; row < pre; ++row) {
      changing.fill_pre(x, row, count);
      changing.change(count, together ? to.weights + row * post + units[0] : nullptr, nullptr,
                      [&](int64_t k) { return row * post + units[k]; }, [&](int64_t k) { return units[k]; });
    }
  }
}

// A list of connections onto a part of the units: those that deliver a spike.
inline void change_arriving_edges(Changing& changing, const Target& to, Arrivals arrivals, const EdgeLists& edges,
                                  const Rings& rings, int64_t post, const Part& part, const float* const* y) {
  Range ranges[kRanges];
  for (int count = kRanges; count == kRanges;) {
    count = arrivals.next(ranges, kRanges);
    for (int number = 0; number < count; ++number) {
      const Range range = cut(ranges[number], edges.post, part, post);
      if (range.begin == range.end) continue;
      changing.fill_pre(rings.ring, rings.at(edges.pre[range.begin], edges.delay[range.begin]),
                        block_at(range.begin, range.end));
      for (int64_t first = range.begin; first < range.end; first += Changing::kBlock) {
        const int64_t here = block_at(first, range.end);
        const auto unit = [&](int64_t k) { return static_cast<int64_t>(edges.post[first + k]); };
        changing.gather_post(y, here, unit);
        changing.change(here, to.weights + first, nullptr, [&](int64_t k) { return first + k; }, unit);
      }
    }
  }
}

// Then those of the postsynaptic units at which something happens; null stands for all.
inline void change_incoming_edges(Changing& changing, const int8_t* active, const EdgeLists& edges, const Rings& rings,
                                  const Part& part, const float* const* y) {
  for (int64_t unit = part.first; unit < part.last; ++unit) {
    if (active != nullptr && !active[unit]) continue;
    const int64_t begin = edges.in_starts[unit], end = edges.in_starts[unit + 1];
    changing.fill_post(y, unit, block_at(begin, end));
    for (int64_t first = begin; first < end; first += Changing::kBlock) {
      const int64_t here = block_at(first, end);
      changing.gather_pre(rings.ring, here,
                          [&](int64_t k) { return rings.at(edges.in_pre[first + k], edges.in_delay[first + k]); });
      changing.change(here, nullptr, nullptr, [&](int64_t k) { return static_cast<int64_t>(edges.in_edge[first + k]); },
                      [&](int64_t k) { return unit; });
    }
  }
}

// False if a formula is not known.
inline bool run_rule(Operands& o) {
  const RuleOperands given(o);
  const int pre_values = static_cast<int>(given.pre_values), post_values = static_cast<int>(given.post_values);
  const int64_t pre = given.pre, post = given.units, synapses = given.synapses;
  check_trace_counts(pre_values, post_values);
  Target to = {};
  to.weights = given.weights;
  to.minimum = given.bounds[0];
  to.maximum = given.bounds[1];
  const Modulation modulation = modulation_of(given, to);
  const int8_t* const pre_spikes = given.pre_spikes;
  check(given.history || pre_spikes, "neither spikes nor a history arrives");
  const EdgeLists edges = edges_of(o, given);
  const int64_t rows = edges.post ? 1 : pre, units = edges.post ? synapses : post;
  check(edges.post ? given.history != nullptr : pre_spikes && synapses == pre * post, "weights do not fit their spikes");
  if (o.is_first() && edges.post && to.eligibility) check_moved(edges.post, synapses, modulation.size);
  const bool at_pre = given.at_pre != 0, at_post = given.at_post != 0;
  const Formula formula_at_pre = at_pre ? formulas().find(given.key_at_pre) : nullptr;
  const Formula formula_at_post = at_post ? formulas().find(given.key_at_post) : nullptr;
  if ((at_pre && !formula_at_pre) || (at_post && !formula_at_post)) return false;
  const float *x[kMostTraces], *y[kMostTraces];
  for (int a = 0; a < pre_values; ++a) x[a] = given.pre_value + a * given.slots * pre;
  for (int b = 0; b < post_values; ++b) y[b] = given.post_value + b * post;
  const Part part = o.part(post);
  if (part.empty()) return true;
  begin_third(to, modulation, given.step, synapses);
  if (!given.learning) {
    if (to.pending) keep_waiting(to, modulation, edges.post, rows, units);
    return true;
  }
  const Rings rings = {x, given.slots, pre, row_of(given.step, given.slots)};
  if (at_pre) {
    Changing changing(formula_at_pre, given.numbers_at_pre, pre_values, post_values, to);
    if (edges.post)
      change_arriving_edges(changing, to, Arrivals(given.history, given.words, pre, edges.starts, given.delays), edges, rings,
                            post, part, y);
    else
      change_rows(changing, to, pre_spikes, pre, x, post, part, y, post_values);
  }
  if (at_post) {
    Changing changing(formula_at_post, given.numbers_at_post, pre_values, post_values, to);
    if (edges.post)
      change_incoming_edges(changing, given.active, edges, rings, part, y);
    else
      change_some_columns(changing, to, given.active, pre, x, post, part, y);
  }
  end_third(to, modulation, given.step, edges.post, rows, units);
  return true;
}

}  // namespace spark
