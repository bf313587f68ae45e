// Connections with many delays: a spike's row of connections ascends by delay, and is visited once in a block of steps. What arrives in
// the block is added to a few rows that stay in the processor's cache, and not, when the spike comes in, to a ring of all the steps to come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ahead.h"
#include "operands.h"
#include "ops.h"
#include "scatter.h"
#include "targets.h"

namespace spark {

// What a spike still has to bring along its connections onto one half of the targets: those from `next` on.
struct UnderWay {
  int32_t next, end;
  float one;         // What it brings of each weight.
  uint32_t arrives;  // The step in which a delay of 0 arrives, its lower bits.

  bool is_over() const { return next >= end; }
};

// The sources of one wire.
struct Wire {
  Fired fired;
  const int32_t* starts;
  const int32_t* middles;
  int64_t first;  // How many units the wires before it have.
  const float* amplitudes;
};

// What a share keeps for the length of a call: what is under way, in the order in which it came in.
struct SpreadMemory {
  std::vector<UnderWay> under_way;
  std::vector<Wire> wires;
};

// Memory for the length of a call, which goes back when nobody holds it any more and is kept for a next call: new pages cost more
// than what is written to them.
inline std::shared_ptr<SpreadMemory> spread_memory() {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<SpreadMemory>> idle;
  std::unique_ptr<SpreadMemory> memory;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!idle.empty()) {
      memory = std::move(idle.back());
      idle.pop_back();
    }
  }
  if (!memory) memory = std::make_unique<SpreadMemory>();
  memory->under_way.clear();
  return {memory.release(), [](SpreadMemory* done) {
            std::unique_ptr<SpreadMemory> back(done);
            const std::lock_guard<std::mutex> lock(mutex);
            idle.push_back(std::move(back));
          }};
}

// The connections of all wires: where each arrives and how much later, and weights as a `Scatter` has them.
template <class Weight>
struct Targets {
  const uint32_t* targets;
  const Weight* weights;
  int64_t layout;
};

// Rows of connections ascend by half of the targets, then delay. Steps are taken together in blocks: `together` of them, from a
// multiple of that on. What arrives within the block in which it comes in is added at once, all else when its block begins.
// So what arrives in a step at a unit is summed by the step in which it came in, then unit, as in the ring, to the bit.
// Example: together 8, a spike of step 13, delays 1 to 20: those to step 15 are added at once, the others in steps 16, 24 and 32.
struct Spread {
  Ring ring;  // The state's: what was under way before the call, and will be after it.
  bool is_signed;
  int64_t further;
  int64_t together;
  float* block;  // (together, units): the row of step s is s % together. Whoever reads a row leaves it zero.
  uint64_t first_step;  // That of the call's first round.

  // Takes in what comes in at this round, and adds what arrives within the block.
  template <class Weight>
  void step(int64_t round, const Targets<Weight>& along, SpreadMemory& memory) const {
    if (ring.part.empty()) return;
    if (round == 0) clear();
    if (round == 0 || row_of(step_of(round), together) == 0) begin(round, end_of_block(round), along, memory);
    for (const Wire& wire : memory.wires) take_in(wire, round, along, memory);
  }

  // After so many rounds, what is still under way goes into the ring.
  template <class Weight>
  void finish(int64_t rounds, const Targets<Weight>& along, SpreadMemory& memory) const {
    if (rounds == 0 || ring.part.empty()) return;
    const int64_t last = rounds + ring.slots - 1;  // Before it the last spike's connections end.
    int64_t end = end_of_block(rounds - 1);
    leave(rounds, std::min(end, last));
    for (int64_t first = end; first < last; first = end) {
      end = std::min(first + together, last);
      begin(first, end, along, memory);
      leave(first, end);
    }
  }

 private:
  // Spikes whose connections are asked for ahead, when they come in and when a block begins.
  static constexpr int32_t kAhead = 4;
  static constexpr size_t kVisitsAhead = 6;

  uint64_t step_of(int64_t round) const { return first_step + static_cast<uint64_t>(round); }
  float* row_of_block(uint64_t step) const { return block + row_of(step, together) * ring.units; }
  float* row_of_ring(uint64_t step) const { return ring.input + row_of(step, ring.slots) * ring.units; }

  // The first round after the block of this one.
  int64_t end_of_block(int64_t round) const { return round + together - row_of(step_of(round), together); }

  // Fills the rows of a block, rounds [from, to): with what came in before the call, then with what is under way.
  template <class Weight>
  void begin(int64_t from, int64_t to, const Targets<Weight>& along, SpreadMemory& memory) const {
    const Part& part = ring.part;
    for (int64_t round = from; round < std::min(to, ring.slots - 1); ++round)
      move(row_of_ring(step_of(round)) + part.first, row_of_block(step_of(round)) + part.first, part.size());
    std::vector<UnderWay>& spikes = memory.under_way;
    const auto ask = [&](size_t at) {
      if (at < spikes.size()) ask_for(along, {spikes[at].next, spikes[at].end});
    };
    for (size_t at = 0; at < kVisitsAhead; ++at) ask(at);
    size_t left = 0;
    for (size_t at = 0; at < spikes.size(); ++at) {
      ask(at + kVisitsAhead);
      UnderWay spike = spikes[at];
      visit(along, spike, static_cast<uint32_t>(step_of(to)));
      if (!spike.is_over()) spikes[left++] = spike;
    }
    spikes.resize(left);
  }

  // Empties rows of a block into the ring.
  void leave(int64_t from, int64_t to) const {
    const Part& part = ring.part;
    for (int64_t round = from; round < to; ++round)
      move(row_of_block(step_of(round)) + part.first, row_of_ring(step_of(round)) + part.first, part.size());
  }

  static void move(float* from, float* to, int64_t units) {
    std::memcpy(to, from, static_cast<size_t>(units) * sizeof(float));
    std::memset(from, 0, static_cast<size_t>(units) * sizeof(float));
  }

  void clear() const {
    const Part& part = ring.part;
    for (int64_t row = 0; row < together; ++row)
      std::memset(block + row * ring.units + part.first, 0, static_cast<size_t>(part.size()) * sizeof(float));
  }

  // Connections of a unit onto the halves with own units.
  Cut row(const Wire& wire, int64_t unit) const {
    const int64_t middle = first_of_second_half(ring.units);
    return {ring.part.first < middle ? wire.starts[unit] : wire.middles[unit],
            ring.part.last > middle ? wire.starts[unit + 1] : wire.middles[unit]};
  }

  template <class Weight>
  void take_in(const Wire& wire, int64_t round, const Targets<Weight>& along, SpreadMemory& memory) const {
    const auto arrives = static_cast<uint32_t>(step_of(round) + static_cast<uint64_t>(further));
    const auto after = static_cast<uint32_t>(step_of(end_of_block(round)));
    wire.fired.for_each_list([&](const int32_t* list, int32_t length) {
      const auto unit = [&](int32_t at) { return spike_of(list[at]).unit; };
      for (int32_t at = 0; at < length && at < kAhead; ++at) ask_for(along, row(wire, unit(at)));
      for (int32_t at = 0; at < length; ++at) {
        if (at + kStartsAhead < length) {
          ask_for_line(wire.starts + unit(at + kStartsAhead));
          ask_for_line(wire.middles + unit(at + kStartsAhead));
        }
        if (at + kAhead < length) ask_for(along, row(wire, unit(at + kAhead)));
        const Spike spike = spike_of(list[at]);
        float one = is_signed && spike.negative ? -1.0f : 1.0f;
        if (wire.amplitudes) one *= wire.amplitudes[spike.unit];
        if (along.layout != kWeightOfEdge)
          one *= widen(along.weights[along.layout == kWeightOfUnit ? wire.first + spike.unit : 0]);
        const Cut own = row(wire, spike.unit);
        const int32_t middle = std::clamp(wire.middles[spike.unit], own.begin, own.end);
        for (const Cut& half : {Cut{own.begin, middle}, Cut{middle, own.end}}) {
          UnderWay coming = {half.begin, half.end, one, arrives};
          visit(along, coming, after);
          if (!coming.is_over()) memory.under_way.push_back(coming);
        }
      }
    });
  }

  // What a visit finds is asked for: about as much as a block of steps brings.
  template <class Weight>
  static void ask_for(const Targets<Weight>& along, const Cut& row) {
    constexpr int32_t kMost = 96, kLine = 16;  // Connections, and those whose targets fill a line of the cache.
    const int64_t end = row.end - row.begin < kMost ? row.end : row.begin + kMost;
    for (int64_t edge = row.begin; edge < end; edge += kLine) {
      ask_for_line(along.targets + edge);
      if (along.layout == kWeightOfEdge) ask_for_line(along.weights + edge);
    }
  }

  // Adds what arrives before the step `after`, all of it within one block.
  template <class Weight>
  void visit(const Targets<Weight>& along, UnderWay& spike, uint32_t after) const {
    const auto steps = static_cast<int32_t>(after - spike.arrives);
    if (steps <= 0) return;
    const int64_t middle = first_of_second_half(ring.units);
    const Part& part = ring.part;
    // Whole halves are its own.
    const bool all = (part.first == 0 || part.first == middle) && (part.last == middle || part.last == ring.units);
    const bool each = along.layout == kWeightOfEdge;
    if (all && each) return add<true, true>(along, spike, first_of_delay(steps));
    if (all) return add<true, false>(along, spike, first_of_delay(steps));
    if (each) return add<false, true>(along, spike, first_of_delay(steps));
    add<false, false>(along, spike, first_of_delay(steps));
  }

  template <bool kAll, bool kEach, class Weight>
  void add(const Targets<Weight>& along, UnderWay& spike, uint64_t end_of_targets) const {
    const uint32_t* const targets = along.targets;
    const Weight* const weights = along.weights;
    float* const rows = block;
    const auto units = static_cast<size_t>(ring.units);
    const Part part = ring.part;
    const auto last = static_cast<uint32_t>(together - 1);
    const uint32_t arrives = spike.arrives;
    const float one = spike.one;
    const int32_t end = spike.end;
    int32_t edge = spike.next;
    for (; edge < end && targets[edge] < end_of_targets; ++edge) {
      const uint32_t unit = unit_of(targets[edge]);
      if (!kAll && !part.has(unit)) continue;
      const size_t row = (arrives + delay_of(targets[edge])) & last;
      rows[row * units + unit] += kEach ? one * widen(weights[edge]) : one;
    }
    spike.next = edge;
  }
};

// Each row ascends by half, then delay, and its halves meet at its middle; all connections lie within their arrays and the ring.
inline void check_halves(const SpreadOperands& given, const SpreadWireOperands& wire) {
  if (!kChecked) return;
  const uint32_t* const targets = given.targets;
  const int64_t connections = given.targets.count(), weights = given.weights.bytes / (given.weight_type == kFloat32 ? 4 : 2);
  check_starts(wire.starts, wire.sources + 1, connections, "starts");
  const int64_t needed = given.layout == kOneWeight ? 1 : given.layout == kWeightOfUnit ? wire.first + wire.sources
                                                                                          : wire.starts[wire.sources];
  if (wire.starts[wire.sources] > 0) check_within(weights, needed, INT64_MAX, "the number of weights");
  const auto half = static_cast<uint32_t>(first_of_second_half(given.units));
  for (int64_t row = 0; row < wire.sources; ++row) {
    const int32_t begin = wire.starts[row], middle = wire.middles[row], end = wire.starts[row + 1];
    check(begin <= middle && middle <= end, "the middle of a row lies outside it");
    for (int32_t edge = begin; edge < end; ++edge) {
      check_within(unit_of(targets[edge]), 0, given.units - 1, "the unit of a target");
      check_within(delay_of(targets[edge]) + given.further, 0, given.slots - 1, "the delay of a target");
      check((unit_of(targets[edge]) < half) == (edge < middle), "a target lies in the wrong half");
      if (edge > begin && edge != middle)
        check(delay_of(targets[edge - 1]) <= delay_of(targets[edge]), "delays do not ascend within half a row");
    }
  }
}

// Calls `work` with the connections in the type of their weights.
template <class Work>
void with_targets(const SpreadOperands& given, Work work) {
  const auto as = [&](const auto* weights) { work(Targets<std::decay_t<decltype(*weights)>>{given.targets, weights, given.layout}); };
  const char* const weights = given.weights;
  switch (given.weight_type) {
    case kFloat16: return as(reinterpret_cast<const Float16*>(weights));
    case kBfloat16: return as(reinterpret_cast<const Bfloat16*>(weights));
    default: return as(reinterpret_cast<const float*>(weights));
  }
}

// `together`, the steps of a block, is a power of two; `memory` is a pointer of each share's own.
inline void run_spread(Operands& o) {
  const SpreadOperands given(o);
  auto** const kept = reinterpret_cast<SpreadMemory**>(given.memory.of(sizeof(SpreadMemory*), "memory"));
  Spread s = {};
  s.ring = {given.ring, given.slots, given.units, 0, o.part(given.units)};
  s.is_signed = given.is_signed != 0;
  s.further = given.further;
  s.together = given.together;
  check_within(s.further, 0, given.slots - 1, "the steps until spikes arrive");
  check(s.together > 0 && (s.together & (s.together - 1)) == 0, "the steps of a block are no power of two");
  s.block = given.block;
  s.first_step = given.step - static_cast<uint64_t>(o.round());
  if (o.round() == 0) {
    const auto made = spread_memory();
    *kept = made.get();
    o.at_end([s, given, made](int64_t rounds) {
      with_targets(given, [&](const auto& along) { s.finish(rounds, along, *made); });
    });
  }
  SpreadMemory& memory = **kept;
  memory.wires.clear();
  for (int64_t number = 0; number < given.wires; ++number) {
    const SpreadWireOperands wire(o);
    memory.wires.push_back(
        {{wire.lists, wire.sources, o.shares()}, wire.starts, wire.middles, wire.first, wire.amplitudes});
    if (o.is_first()) check_halves(given, wire);
  }
  with_targets(given, [&](const auto& along) { s.step(o.round(), along, memory); });
}

}  // namespace spark
