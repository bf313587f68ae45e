// A whole step as one call: a list of instructions over the packed leaves of a state.
// Why: on CPU, XLA hands every small kernel of a step to a pool of threads, which costs more than the kernels do.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "deliver.h"
#include "scatter.h"
#include "spikes.h"
#include "stdp_step.h"
#include "units.h"
#include "zenke.h"

namespace spark {

enum Instruction : int64_t {
  kCopy = 0,
  kSpiker = 1,
  kPush = 2,
  kDeliverEdges = 3,
  kDeliverDense = 4,
  kSoma = 5,
  kZenke = 6,
  kSign = 7,
  kIntegrator = 8,
  kStep = 9,
  kBump = 10,
  kWatch = 11,
  kClear = 12,
  kTake = 13,
  kGuard = 14,
  kNoteSpikes = 15,
  kNoteRow = 16,
  kScatter = 17,
  kPointSoma = 18,
  kDrawSpikes = 19,
  kAddCounts = 20,
  kDeliverAndChange = 21,
  kAdaptiveSoma = 22,
  kStdp = 32,
  kDeliverWaiting = 33,
};

using Closing = std::vector<std::function<void()>>;

// Reads one instruction's operands in order: places (buffer, byte offset), whole numbers, floats.
class Operands {
 public:
  Operands(const int64_t* code, const float* numbers, char* const* buffers, int64_t round, Closing& closing)
      : code_(code), numbers_(numbers), buffers_(buffers), round_(round), closing_(closing) {}

  // What is to be done when the call ends.
  template <class Work>
  void at_end(Work work) {
    closing_.push_back(work);
  }

  // Number of the step within this call.
  int64_t round() const { return round_; }

  template <class Type>
  Type* place() {
    const int64_t buffer = *code_++;
    const int64_t offset = *code_++;
    return buffer < 0 ? nullptr : reinterpret_cast<Type*>(buffers_[buffer] + offset);
  }
  int64_t whole() { return *code_++; }
  float number() { return numbers_[*code_++]; }
  const int64_t* end() const { return code_; }

 private:
  const int64_t* code_;
  const float* numbers_;
  char* const* buffers_;
  int64_t round_;
  Closing& closing_;
};

inline void run_copy(Operands& o) {
  char* to = o.place<char>();
  const char* from = o.place<char>();
  std::memcpy(to, from, o.whole());
}

inline void run_spiker(Operands& o) {
  float* potential = o.place<float>();
  int32_t* refractory = o.place<int32_t>();
  const float* drive = o.place<float>();
  int8_t* spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  SpikerParameters p;
  p.blocked = static_cast<int32_t>(o.whole());
  p.factor = o.number();
  p.gain = o.number();
  p.level = o.number();
  unit_operations().advance_spiker(p, units, drive, potential, refractory, spikes);
}

inline void run_bump(Operands& o) {
  const float* signal = o.place<float>();
  const float* place = o.place<float>();
  float* drive = o.place<float>();
  const int64_t numbers = o.whole();
  const int64_t resolution = o.whole();
  BumpParameters p;
  p.low = o.number();
  p.span = o.number();
  p.pi = o.number();
  p.scale = o.number();
  unit_operations().advance_bump(p, numbers, resolution, signal, place, drive);
}

inline void run_push(Operands& o) {
  uint32_t* history = o.place<uint32_t>();
  const int8_t* spikes = o.place<int8_t>();
  const int64_t words = o.whole();
  unit_operations().push_history(spikes, words, o.whole(), history);
}

inline void run_deliver_edges(Operands& o) {
  const uint32_t* history = o.place<uint32_t>();
  const float* weights = o.place<float>();
  const int32_t* post = o.place<int32_t>();
  const int32_t* starts = o.place<int32_t>();
  float* current = o.place<float>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  deliver_edges(Arrivals(history, words, pre, starts, delays), weights, post, o.whole(), current);
}

inline ZenkeParameters zenke_parameters(const float* value) {
  return {value[0], value[1], value[2], value[3], value[4], value[5], value[6]};
}

inline void run_deliver_and_change(Operands& o) {
  const uint32_t* history = o.place<uint32_t>();
  float* weights = o.place<float>();
  const int32_t* post = o.place<int32_t>();
  const int32_t* starts = o.place<int32_t>();
  float* current = o.place<float>();
  const float* post_trace = o.place<float>();
  const float* parameters = o.place<float>();
  float* decayed = o.place<float>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  const int64_t units = o.whole();
  const float factor = o.number();
  for (int64_t unit = 0; unit < units; ++unit) decayed[unit] = post_trace[unit] * factor;
  deliver_and_change(Arrivals(history, words, pre, starts, delays), post, units, decayed,
                     zenke_parameters(parameters), weights, current);
}

inline void run_deliver_dense(Operands& o) {
  const int8_t* spikes = o.place<int8_t>();
  const float* weights = o.place<float>();
  float* current = o.place<float>();
  const int64_t pre = o.whole();
  deliver_dense(spikes, pre, weights, o.whole(), current);
}

inline void run_soma(Operands& o) {
  float* potential = o.place<float>();
  int32_t* refractory = o.place<int32_t>();
  float* threshold = o.place<float>();
  const float* current = o.place<float>();
  int8_t* spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  SomaParameters p;
  p.blocked = static_cast<int32_t>(o.whole());
  p.gain = o.number();
  p.resistance = o.number();
  p.level = o.number();
  p.after = o.number();
  p.fall = o.number();
  p.rise = o.number();
  unit_operations().advance_soma(p, units, current, potential, refractory, threshold, spikes);
}

inline void run_zenke(Operands& o) {
  float* weights = o.place<float>();
  const float* baseline = o.place<float>();
  const uint32_t* history = o.place<uint32_t>();
  float* ring = o.place<float>();
  float* post_trace = o.place<float>();
  float* slow_trace = o.place<float>();
  const int8_t* spikes = o.place<int8_t>();
  const int32_t* step = o.place<int32_t>();
  const int32_t* post = o.place<int32_t>();
  const int32_t* starts = o.place<int32_t>();
  Incoming incoming;
  incoming.starts = o.place<int32_t>();
  incoming.edge = o.place<int32_t>();
  incoming.pre = o.place<int32_t>();
  incoming.delay = o.place<int32_t>();
  const float* value = o.place<float>();
  float* post_decayed = o.place<float>();
  float* slow_decayed = o.place<float>();
  const int64_t words = o.whole();
  const int64_t pre = o.whole();
  const int64_t delays = o.whole();
  const int64_t units = o.whole();
  const int64_t slots = o.whole();
  const bool arrived = o.whole() != 0;
  const float fast_pre = o.number();
  const float fast_post = o.number();
  const float slow_post = o.number();
  const auto& operations = unit_operations();
  const int64_t now = (static_cast<int64_t>(*step) % slots + slots) % slots;
  const int64_t before = (now + slots - 1) % slots;
  operations.advance_ring(fast_pre, pre, history, ring + before * pre, ring + now * pre);
  operations.advance_trace(fast_post, units, spikes, post_trace, post_decayed);
  operations.advance_trace(slow_post, units, spikes, slow_trace, slow_decayed);
  const Traces traces = {ring, slots, pre, now, post_decayed, slow_decayed};
  const ZenkeParameters p = zenke_parameters(value);
  if (!arrived) change_arriving(Arrivals(history, words, pre, starts, delays), post, traces, p, weights);
  for (int64_t unit = 0; unit < units; ++unit)
    if (spikes[unit]) change_incoming(unit, incoming, traces, p, baseline, weights);
}

inline void run_sign(Operands& o) {
  int8_t* out = o.place<int8_t>();
  const int8_t* spikes = o.place<int8_t>();
  const int8_t* signs = o.place<int8_t>();
  const int64_t units = o.whole();
  for (int64_t unit = 0; unit < units; ++unit) out[unit] = static_cast<int8_t>(spikes[unit] * signs[unit]);
}

// Counts are whole numbers, so their order plays no part.
inline void run_integrator(Operands& o) {
  float* average = o.place<float>();
  float* smooth = o.place<float>();
  const int8_t* spikes = o.place<int8_t>();
  const int32_t* group = o.place<int32_t>();
  const float* share = o.place<float>();
  int32_t* counts = o.place<int32_t>();
  float* out = o.place<float>();
  const int64_t groups = o.whole();
  const int64_t units = o.whole();
  const float gain = o.number();
  const float smooth_gain = o.number();
  std::memset(counts, 0, sizeof(int32_t) * groups);
  for (int64_t unit = 0; unit < units; ++unit) counts[group[unit]] += spikes[unit];
  for (int64_t at = 0; at < groups; ++at) {
    average[at] += gain * (static_cast<float>(counts[at]) * share[at] - average[at]);
    if (smooth) smooth[at] += smooth_gain * (average[at] - smooth[at]);
    const float clipped = average[at] < 0.0f ? 0.0f : average[at] > 1.0f ? 1.0f : average[at];
    out[at] = smooth ? smooth[at] : clipped;
  }
}

inline bool finite(const float* values, int64_t count) {
  uint32_t worst = 0;
  for (int64_t at = 0; at < count; ++at) {
    uint32_t bits;
    std::memcpy(&bits, values + at, sizeof bits);
    // The exponent of NaN and infinity is the greatest there is.
    const uint32_t exponent = bits & 0x7f800000u;
    worst = worst > exponent ? worst : exponent;
  }
  return worst != 0x7f800000u;
}

// Notes step and number of the first array that holds NaN or infinity, once.
inline void run_watch(Operands& o) {
  int32_t* fault = o.place<int32_t>();
  const int32_t* step = o.place<int32_t>();
  const int64_t arrays = o.whole();
  for (int64_t array = 0; array < arrays; ++array) {
    const float* values = o.place<float>();
    const int64_t count = o.whole();
    const int64_t number = o.whole();
    if (fault[0] >= 0 || finite(values, count)) continue;
    fault[0] = *step;
    fault[1] = static_cast<int32_t>(number);
  }
}

inline void run_scatter(Operands& o) {
  Scatter s;
  s.spikes = o.place<int8_t>();
  s.starts = o.place<int32_t>();
  s.post = o.place<char>();
  s.weights = o.place<char>();
  s.delays = o.place<char>();
  s.ring.input = o.place<float>();
  const int32_t* step = o.place<int32_t>();
  s.pre = o.whole();
  s.ring.slots = o.whole();
  s.ring.units = o.whole();
  s.ring.slot = (*step + o.whole()) % s.ring.slots;
  s.post_type = o.whole();
  s.weight_type = o.whole();
  s.delay_type = o.whole();
  s.layout = o.whole();
  s.is_signed = o.whole() != 0;
  scatter(s);
}

inline Point read_point(Operands& o) {
  Point p;
  p.potential = o.place<float>();
  p.refractory = o.place<int16_t>();
  p.spikes = o.place<int8_t>();
  const int32_t* step = o.place<int32_t>();
  p.targets = o.place<float>();
  p.units = o.whole();
  p.sources = static_cast<int>(o.whole());
  p.conductances = o.whole() != 0;
  p.blocked = static_cast<int16_t>(o.whole());
  p.gain = o.number();
  p.target = o.number();
  p.level = o.number();
  p.after = o.number();
  for (int at = 0; at < p.sources; ++at) {
    Source& source = p.source[at];
    source.held = o.place<float>();
    source.row = o.place<float>();
    const int64_t slots = o.whole();
    if (source.row) source.row += *step % slots * p.units;
    source.factor = o.number();
    source.weight = o.number();
  }
  return p;
}

inline void run_point_soma(Operands& o) { unit_operations().advance_point(read_point(o)); }

inline void run_adaptive_soma(Operands& o) {
  const Point p = read_point(o);
  Adaptation a;
  a.current = o.place<float>();
  a.knee = o.number();
  a.steepness = o.number();
  a.sharpness = o.number();
  a.resistance = o.number();
  a.coupling = o.number();
  a.rate = o.number();
  a.jump = o.number();
  a.most = o.number();
  unit_operations().advance_adaptive(p, a);
}

inline void run_draw_spikes(Operands& o) {
  RandomDraw draw;
  draw.key = o.place<uint32_t>();
  draw.step = static_cast<uint32_t>(*o.place<int32_t>());
  const float* signal = o.place<float>();
  int8_t* spikes = o.place<int8_t>();
  draw.units = o.whole();
  unit_operations().draw_spikes(draw, signal, o.number(), spikes);
}

inline void run_add_counts(Operands& o) {
  RandomDraw draw;
  draw.key = o.place<uint32_t>();
  const int32_t step = *o.place<int32_t>();
  draw.step = static_cast<uint32_t>(step);
  const uint32_t* bounds = o.place<uint32_t>();
  float* to = o.place<float>();
  draw.units = o.whole();
  const int64_t most = o.whole();
  const int64_t slots = o.whole();
  unit_operations().add_counts(draw, bounds, most, o.number(), to + step % slots * draw.units);
}

// Zeros, before the first step of a call.
inline void run_clear(Operands& o) {
  char* to = o.place<char>();
  const int64_t bytes = o.whole();
  if (o.round() == 0) std::memset(to, 0, bytes);
}

// This step's row of a series.
inline void run_take(Operands& o) {
  char* to = o.place<char>();
  const char* series = o.place<char>();
  const int64_t bytes = o.whole();
  std::memcpy(to, series + o.round() * bytes, bytes);
}

// Whether a step's spikes still fit, however many there will be.
inline bool run_guard(Operands& o) {
  const int32_t* total = o.place<int32_t>();
  const int64_t units = o.whole();
  return *total + units <= o.whole();
}

// Appends the numbers of the units that fired, and notes how many they were.
inline void run_note_spikes(Operands& o) {
  int32_t* total = o.place<int32_t>();
  int32_t* counts = o.place<int32_t>();
  int32_t* fired = o.place<int32_t>();
  const int8_t* spikes = o.place<int8_t>();
  const int64_t units = o.whole();
  const int32_t before = *total;
  int32_t now = before;
  for_each_spike(spikes, units, [&](int64_t unit) { fired[now++] = static_cast<int32_t>(unit); });
  counts[o.round()] = now - before;
  *total = now;
}

// Appends an array, or chosen elements of it, every so many steps of the brain.
inline void run_note_row(Operands& o) {
  int32_t* rows = o.place<int32_t>();
  char* to = o.place<char>();
  const char* from = o.place<char>();
  const int32_t* chosen = o.place<int32_t>();
  const int32_t* step = o.place<int32_t>();
  const int64_t elements = o.whole();
  const int64_t size = o.whole();
  const int64_t every = o.whole();
  if (*step % every != 0) return;
  to += (*rows)++ * elements * size;
  if (chosen == nullptr) {
    std::memcpy(to, from, elements * size);
  } else {
    for (int64_t at = 0; at < elements; ++at) std::memcpy(to + at * size, from + chosen[at] * size, size);
  }
}

enum Outcome { kDone, kFull, kUnknown };

// One step.
inline Outcome run_instructions(const int64_t* code, int64_t length, const float* numbers, char* const* buffers,
                                int64_t round, Closing& closing) {
  const int64_t* const end = code + length;
  while (code < end) {
    const int64_t instruction = *code++;
    Operands o(code, numbers, buffers, round, closing);
    switch (instruction) {
      case kCopy: run_copy(o); break;
      case kSpiker: run_spiker(o); break;
      case kPush: run_push(o); break;
      case kDeliverEdges: run_deliver_edges(o); break;
      case kDeliverDense: run_deliver_dense(o); break;
      case kSoma: run_soma(o); break;
      case kZenke: run_zenke(o); break;
      case kSign: run_sign(o); break;
      case kIntegrator: run_integrator(o); break;
      case kBump: run_bump(o); break;
      case kWatch: run_watch(o); break;
      case kStep: ++*o.place<int32_t>(); break;
      case kClear: run_clear(o); break;
      case kTake: run_take(o); break;
      case kGuard:
        if (!run_guard(o)) return kFull;
        break;
      case kNoteSpikes: run_note_spikes(o); break;
      case kNoteRow: run_note_row(o); break;
      case kScatter: run_scatter(o); break;
      case kPointSoma: run_point_soma(o); break;
      case kDrawSpikes: run_draw_spikes(o); break;
      case kAddCounts: run_add_counts(o); break;
      case kAdaptiveSoma: run_adaptive_soma(o); break;
      case kDeliverAndChange: run_deliver_and_change(o); break;
      case kStdp: run_stdp(o); break;
      case kDeliverWaiting: run_deliver_waiting(o); break;
      default: return kUnknown;
    }
    code = o.end();
  }
  return kDone;
}

// Up to `steps` steps; fewer if what is noted has no more room. Returns how many, or -1 for an unknown instruction.
inline int64_t run_program(const int64_t* code, int64_t length, const float* numbers, char* const* buffers,
                           int64_t steps) {
  Closing closing;
  int64_t round = 0;
  for (; round < steps; ++round) {
    const Outcome outcome = run_instructions(code, length, numbers, buffers, round, closing);
    if (outcome == kUnknown) return -1;
    if (outcome == kFull) break;
  }
  for (const auto& work : closing) work();
  return round;
}

}  // namespace spark
