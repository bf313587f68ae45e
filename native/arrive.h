// Connections that all have the same delay of several steps: their spikes are delivered when they arrive, into one row that
// stays in the processor's cache, and not when they come in, into a ring of all the steps to come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "operands.h"
#include "ops.h"
#include "scatter.h"

namespace spark {

// The lists of spikes that came in during the last steps of a call; see `run_list_fired`.
struct FiredBefore {
  const int32_t* lists;
  int64_t units, steps, shares;

  Fired of_round(int64_t round) const { return {lists + round % steps * fired_words(units), units, shares}; }
};

// A spike that comes in with step t arrives `further` steps later. What came in before the call lies in the state's ring of
// (further + 1, units), row s % (further + 1) for step s, and is moved from there to the row of this step.
// What is still under way when the call ends is scattered into the ring. All that arrives in a step came in with one
// step, so its sums have the same order either way: the same bits, wherever a call begins or ends.
struct Arriving {
  Scatter scatter_into;  // Its ring is the state's; the rest says which connections.
  FiredBefore before;
  float* row;
  int64_t further;
  uint64_t first_step;  // That of the call's first round.

  float* row_of_ring(uint64_t step) const {
    const Ring& ring = scatter_into.ring;
    return ring.input + row_of(step, ring.slots) * ring.units;
  }

  void deliver(int64_t round, float* to) const {
    Scatter now = scatter_into;
    now.fired = before.of_round(round);
    now.ring = {to, 1, now.ring.units, 0, now.ring.part};
    scatter(now);
  }

  void step(int64_t round, bool is_first) const {
    if (round >= further) return deliver(round - further, row);
    const Part& part = scatter_into.ring.part;
    if (!is_first || part.empty()) return;
    float* const waiting = row_of_ring(first_step + static_cast<uint64_t>(round)) + part.first;
    std::memcpy(row + part.first, waiting, part.size() * sizeof(float));
    std::memset(waiting, 0, part.size() * sizeof(float));
  }

  void finish(int64_t rounds) const {
    for (int64_t round = std::max<int64_t>(0, rounds - further); round < rounds; ++round)
      deliver(round, row_of_ring(first_step + static_cast<uint64_t>(round + further)));
  }
};

// `is_first` says whether it is the first of those that share the row and the ring, which moves what came in before the call.
inline void run_arrive(Operands& o) {
  const ArriveOperands given(o);
  check_within(given.further, 1, given.slots - 1, "the steps until spikes arrive");
  Arriving a = {};
  a.further = given.further;
  Scatter& s = a.scatter_into;
  take_kinds(given, s);
  a.before = {given.lists, given.pre, a.further + 1, o.shares()};
  a.row = given.row;
  a.first_step = given.step - static_cast<uint64_t>(o.round());
  s.ring = {given.ring, given.slots, given.units, 0, o.part(given.units)};
  s.starts = given.starts;
  s.middles = given.middles;
  s.post = given.post;
  s.weights = given.weights;
  s.fired = {nullptr, given.pre, o.shares()};
  if (o.is_first()) check_scatter(s, {given.post.bytes, given.weights.bytes, 0});
  if (o.round() == 0) o.at_end([a](int64_t rounds) { a.finish(rounds); });
  a.step(o.round(), given.is_first != 0);
}

}  // namespace spark
