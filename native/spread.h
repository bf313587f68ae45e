// Connections with many delays: what a spike brings is kept by the block of steps in which it arrives, and added when that block
// begins to a few rows that stay in the processor's cache, and not, when the spike comes in, to a ring of all the steps to come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "operands.h"
#include "ops.h"
#include "scatter.h"

namespace spark {

// What arrives at one place of a block's rows.
struct Arrival {
  uint32_t place;  // Row times units, plus the unit.
  float weight;
};

// What arrives within one block, in the order in which it came in.
class Kept {
 public:
  // Room for so many more behind the last.
  Arrival* more(int64_t count) {
    if (count_ + count > room_) grow(2 * (count_ + count));
    count_ += count;
    return arrivals_.get() + count_ - count;
  }
  void clear() { count_ = 0; }
  const Arrival* begin() const { return arrivals_.get(); }
  const Arrival* end() const { return arrivals_.get() + count_; }

 private:
  void grow(int64_t room) {
    std::unique_ptr<Arrival[]> larger(new Arrival[static_cast<size_t>(room)]);
    std::copy(begin(), end(), larger.get());
    arrivals_ = std::move(larger);
    room_ = room;
  }

  std::unique_ptr<Arrival[]> arrivals_;
  int64_t count_ = 0, room_ = 0;
};

// The sources of one wire.
struct Wire {
  Fired fired;
  const int32_t* starts;
  const int32_t* middles;
  int64_t first;  // How many units the wires before it have.
  const float* amplitudes;
};

// What a share keeps for the length of a call: a ring of blocks, that of step s is number (s / together) % blocks.
struct SpreadMemory {
  std::vector<Kept> kept;
  std::vector<Wire> wires;
};

// Memory for the length of a call, which goes back when nobody holds it any more and is kept for a next call: new pages cost more
// than what is written to them.
inline std::shared_ptr<SpreadMemory> spread_memory(int64_t blocks) {
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
  memory->kept.resize(static_cast<size_t>(blocks));
  for (Kept& kept : memory->kept) kept.clear();
  return {memory.release(), [](SpreadMemory* done) {
            std::unique_ptr<SpreadMemory> back(done);
            const std::lock_guard<std::mutex> lock(mutex);
            idle.push_back(std::move(back));
          }};
}

// The first unit of the second half of the targets: whole blocks, so that of two shares each has a half.
inline int64_t first_of_second_half(int64_t units) { return part_of({1, 2}, units).first; }

// Rows of connections ascend by half of the targets, then delay. Steps are taken together in blocks: `together` of them, from a
// multiple of that on. What arrives within the block in which it comes in is added at once, all else when its block begins.
// So what arrives in a step at a unit is summed by the step in which it came in, then unit, as in the ring, to the bit.
// Example: together 8, a spike of step 13, delays 1 to 20: those to step 15 are added at once, the others in steps 16, 24 and 32.
struct Spread {
  Scatter along;  // Its ring is the state's: what was under way before the call, and will be after it.
  int64_t further;
  int64_t together;
  float* block;  // (together, units): the row of step s is s % together. Whoever reads a row leaves it zero.
  uint64_t first_step;  // That of the call's first round.

  // So many blocks lie between a step and the last in which what comes in with it arrives, and one more.
  int64_t blocks() const { return (along.ring.slots + together - 1) / together + 1; }

  // Takes in what comes in at this round, and adds what arrives within the block.
  template <class Rows>
  void step(int64_t round, const Rows& rows, SpreadMemory& memory) const {
    if (along.ring.part.empty()) return;
    if (round == 0) clear();
    if (round == 0 || row_of(step_of(round), together) == 0) begin(round, end_of_block(round), memory);
    for (const Wire& wire : memory.wires) take_in(wire, round, rows, memory);
  }

  // After so many rounds, what is still under way goes into the ring.
  void finish(int64_t rounds, SpreadMemory& memory) const {
    const Part& part = along.ring.part;
    if (rounds == 0 || part.empty()) return;
    const int64_t last = rounds + along.ring.slots - 1;  // Before it the last spike's connections end.
    int64_t end = end_of_block(rounds - 1);
    leave(rounds, std::min(end, last));
    for (int64_t first = end; first < last; first = end) {
      end = std::min(first + together, last);
      begin(first, end, memory);
      leave(first, end);
    }
  }

 private:
  uint64_t step_of(int64_t round) const { return first_step + static_cast<uint64_t>(round); }
  float* row_of_block(uint64_t step) const { return block + row_of(step, together) * along.ring.units; }
  float* row_of_ring(uint64_t step) const { return along.ring.input + row_of(step, along.ring.slots) * along.ring.units; }
  Kept& kept(uint64_t step, SpreadMemory& memory) const {
    return memory.kept[static_cast<size_t>(row_of(step / static_cast<uint64_t>(together), blocks()))];
  }

  // The first round after the block of this one.
  int64_t end_of_block(int64_t round) const { return round + together - row_of(step_of(round), together); }

  // Fills the rows of a block, rounds [from, to): with what came in before the call, then with what was kept.
  void begin(int64_t from, int64_t to, SpreadMemory& memory) const {
    const Part& part = along.ring.part;
    for (int64_t round = from; round < std::min(to, along.ring.slots - 1); ++round)
      move(row_of_ring(step_of(round)) + part.first, row_of_block(step_of(round)) + part.first, part.size());
    Kept& due = kept(step_of(from), memory);
    for (const Arrival& arrival : due) block[arrival.place] += arrival.weight;
    due.clear();
  }

  // Empties rows of a block into the ring.
  void leave(int64_t from, int64_t to) const {
    const Part& part = along.ring.part;
    for (int64_t round = from; round < to; ++round)
      move(row_of_block(step_of(round)) + part.first, row_of_ring(step_of(round)) + part.first, part.size());
  }

  static void move(float* from, float* to, int64_t units) {
    std::memcpy(to, from, static_cast<size_t>(units) * sizeof(float));
    std::memset(from, 0, static_cast<size_t>(units) * sizeof(float));
  }

  void clear() const {
    const Part& part = along.ring.part;
    for (int64_t row = 0; row < together; ++row)
      std::memset(block + row * along.ring.units + part.first, 0, static_cast<size_t>(part.size()) * sizeof(float));
  }

  // Connections of a unit onto the halves with own units.
  Cut row(const Wire& wire, int64_t unit) const {
    const int64_t middle = first_of_second_half(along.ring.units);
    const Part& part = along.ring.part;
    return {part.first < middle ? wire.starts[unit] : wire.middles[unit],
            part.last > middle ? wire.starts[unit + 1] : wire.middles[unit]};
  }

  template <class Rows>
  void take_in(const Wire& wire, int64_t round, const Rows& rows, SpreadMemory& memory) const {
    wire.fired.for_each_list([&](const int32_t* list, int32_t length) {
      const auto unit = [&](int32_t at) { return spike_of(list[at]).unit; };
      for (int32_t at = 0; at < length && at < kAhead; ++at) ask_for(rows, row(wire, unit(at)));
      for (int32_t at = 0; at < length; ++at) {
        if (at + kStartsAhead < length) {
          __builtin_prefetch(wire.starts + unit(at + kStartsAhead));
          __builtin_prefetch(wire.middles + unit(at + kStartsAhead));
        }
        if (at + kAhead < length) ask_for(rows, row(wire, unit(at + kAhead)));
        const Spike spike = spike_of(list[at]);
        float one = along.is_signed && spike.negative ? -1.0f : 1.0f;
        if (wire.amplitudes) one *= wire.amplitudes[spike.unit];
        if (along.layout != kWeightOfEdge)
          one *= widen(rows.weights[along.layout == kWeightOfUnit ? wire.first + spike.unit : 0]);
        const Cut own = row(wire, spike.unit);
        const int32_t middle = std::clamp(wire.middles[spike.unit], own.begin, own.end);
        keep(rows, {own.begin, middle}, one, step_of(round), 0, memory);
        keep(rows, {middle, own.end}, one, step_of(round), 1, memory);
      }
    });
  }

  // Rows ahead whose connections are asked for.
  static constexpr int32_t kAhead = 4;
  template <class Rows>
  static void ask_for(const Rows& rows, const Cut& row) {
    const auto ask = [&](const auto* array) {
      const char* const last = reinterpret_cast<const char*>(array + row.end);
      const char* at = reinterpret_cast<const char*>(array + row.begin);
      for (int line = 0; line < 16 && at < last; ++line, at += 64) __builtin_prefetch(at);
    };
    ask(rows.delays);
    ask(rows.post);
    if (rows.layout == kWeightOfEdge) ask(rows.weights);
  }

  // Adds or keeps what a spike brings along connections onto one half.
  template <class Rows>
  void keep(const Rows& rows, const Cut& row, float one, uint64_t step, int half, SpreadMemory& memory) const {
    const int64_t units = along.ring.units, middle = first_of_second_half(units);
    const Part& part = along.ring.part;
    const bool all = half == 0 ? part.first == 0 && part.last >= middle : part.first <= middle && part.last == units;
    const bool each = rows.layout == kWeightOfEdge;
    const uint64_t arrives = step + static_cast<uint64_t>(further), last = static_cast<uint64_t>(together - 1);
    // Delays below this arrive within the block in which the spike comes in.
    int64_t limit = together - static_cast<int64_t>(step & last) - further;
    const auto place = [&](int32_t edge) {
      const auto slot = static_cast<uint32_t>((arrives + static_cast<uint64_t>(rows.delays[edge])) & last);
      return slot * static_cast<uint32_t>(units) + static_cast<uint32_t>(rows.post[edge]);
    };
    const auto weight = [&](int32_t edge) { return each ? one * widen(rows.weights[edge]) : one; };
    int32_t edge = row.begin;
    for (; edge < row.end && static_cast<int64_t>(rows.delays[edge]) < limit; ++edge)
      if (all || part.has(static_cast<int64_t>(rows.post[edge]))) block[place(edge)] += weight(edge);
    while (edge < row.end) {
      const auto delay = static_cast<uint64_t>(rows.delays[edge]);
      limit = static_cast<int64_t>(delay + 1 + last - ((arrives + delay) & last));
      int32_t end = edge + 1;
      while (end < row.end && static_cast<int64_t>(rows.delays[end]) < limit) ++end;
      Kept& later = kept(arrives + delay, memory);
      if (all) {
        Arrival* const into = later.more(end - edge);
        for (int32_t at = edge; at < end; ++at) into[at - edge] = {place(at), weight(at)};
      } else {
        for (int32_t at = edge; at < end; ++at)
          if (part.has(static_cast<int64_t>(rows.post[at]))) *later.more(1) = {place(at), weight(at)};
      }
      edge = end;
    }
  }
};

// Each row ascends by half, then delay, and its halves meet at its middle.
template <class Rows>
void check_halves(const Rows& rows, const int32_t* starts, const int32_t* middles, int64_t sources, int64_t units) {
  const int64_t half = first_of_second_half(units);
  for (int64_t row = 0; row < sources; ++row) {
    check(starts[row] <= middles[row] && middles[row] <= starts[row + 1], "the middle of a row lies outside it");
    for (int32_t edge = starts[row]; edge < starts[row + 1]; ++edge) {
      check((static_cast<int64_t>(rows.post[edge]) < half) == (edge < middles[row]), "a target lies in the wrong half");
      if (edge > starts[row] && edge != middles[row])
        check(rows.delays[edge - 1] <= rows.delays[edge], "delays do not ascend within half a row");
    }
  }
}

// `together`, the steps of a block, is a power of two; `memory` is a pointer of each share's own.
inline void run_spread(Operands& o) {
  const SpreadOperands given(o);
  const int64_t units = given.units;
  auto** const kept = reinterpret_cast<SpreadMemory**>(given.memory.of(sizeof(SpreadMemory*), "memory"));
  Spread s = {};
  s.further = given.further;
  s.together = given.together;
  check_within(s.further, 0, given.slots - 1, "the steps until spikes arrive");
  check(s.together > 0 && (s.together & (s.together - 1)) == 0, "the steps of a block are no power of two");
  take_kinds(given, s.along);
  check(s.along.delay_type != kNoDelay, "connections have no delays");
  s.along.ring = {given.ring, given.slots, units, 0, o.part(units)};
  s.along.post = given.post;
  s.along.weights = given.weights;
  s.along.delays = given.delays;
  s.block = given.block;
  s.first_step = given.step - static_cast<uint64_t>(o.round());
  if (o.round() == 0) {
    const auto made = spread_memory(s.blocks());
    *kept = made.get();
    o.at_end([s, made](int64_t rounds) { s.finish(rounds, *made); });
  }
  SpreadMemory& memory = **kept;
  memory.wires.clear();
  for (int64_t number = 0; number < given.wires; ++number) {
    const SpreadWireOperands wire(o);
    memory.wires.push_back(
        {{wire.lists, wire.sources, o.shares()}, wire.starts, wire.middles, wire.first, wire.amplitudes});
    if (o.is_first()) {
      Scatter all = s.along;
      all.fired = memory.wires.back().fired;
      all.starts = wire.starts;
      check_scatter(all, {given.post.bytes, given.weights.bytes, given.delays.bytes});
      with_rows(all, [&](const auto& rows) { check_halves(rows, wire.starts, wire.middles, wire.sources, units); });
    }
  }
  with_rows(s.along, [&](const auto& rows) { s.step(o.round(), rows, memory); });
}

}  // namespace spark
