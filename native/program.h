// A whole step as one call: a list of instructions over the packed leaves of a state.
// Why: on CPU, XLA hands every small kernel of a step to a pool of threads, which costs more than the kernels do.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "arrive.h"
#include "edge_instructions.h"
#include "fired.h"
#include "formulas.h"
#include "operands.h"
#include "ops.h"
#include "rule_step.h"
#include "spread.h"
#include "stdp_step.h"
#include "unit_instructions.h"

namespace spark {

#define SPARK_NUMBERED(name, number) name = number,
enum Instruction : int64_t { SPARK_INSTRUCTIONS(SPARK_NUMBERED) };
#undef SPARK_NUMBERED

inline std::string name_of(int64_t instruction) {
#define SPARK_NAMED(name, number) \
  if (instruction == name) return #name;
  SPARK_INSTRUCTIONS(SPARK_NAMED)
#undef SPARK_NAMED
  return std::to_string(instruction);
}

inline void run_copy(Operands& o) {
  const CopyOperands copy(o);
  const Part part = o.part(copy.elements);
  const int64_t first = part.first * copy.size;
  std::memcpy(copy.to + first, copy.from + first, part.size() * copy.size);
}

// A copy that has been done once in a call: what it copies lies where it lay.
class ReadyCopy {
 public:
  ReadyCopy() = default;
  explicit ReadyCopy(Operands& o) {
    const CopyOperands copy(o);
    const Part part = o.part(copy.elements);
    to_ = copy.to + part.first * copy.size;
    from_ = copy.from + part.first * copy.size;
    bytes_ = part.size() * copy.size;
  }
  bool is_there() const { return to_ != nullptr; }
  void run() const { std::memcpy(to_, from_, static_cast<size_t>(bytes_)); }

 private:
  char* to_ = nullptr;
  const char* from_ = nullptr;
  int64_t bytes_ = 0;
};

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

// Notes the lower word of the step and the number of the first array that holds NaN or infinity, once.
inline void run_watch(Operands& o) {
  const WatchOperands watch(o);
  for (int64_t array = 0; array < watch.arrays; ++array) {
    const WatchedOperands watched(o);
    if (watch.fault[1] >= 0 || finite(watched.values, watched.elements)) continue;
    watch.fault[0] = static_cast<int32_t>(static_cast<uint32_t>(watch.step));
    watch.fault[1] = static_cast<int32_t>(watched.number);
  }
}

// The brain has done one more step.
inline void run_step(Operands& o) {
  const StepOperands counted(o);
  uint64_t count;
  std::memcpy(&count, counted.step, sizeof count);
  ++count;
  std::memcpy(counted.step, &count, sizeof count);
}

// Zeros, before the first step of a call.
inline void run_clear(Operands& o) {
  const ClearOperands clear(o);
  if (o.round() == 0) std::memset(clear.to, 0, clear.bytes);
}

// This step's row of a series.
inline void run_take(Operands& o) {
  const TakeOperands take(o);
  const Part part = o.part(take.elements);
  const int64_t bytes = take.elements * take.size, first = part.first * take.size;
  const char* const row = take.series.of((o.round() + 1) * bytes, "series") + o.round() * bytes;
  std::memcpy(take.to + first, row + first, part.size() * take.size);
}

// Whether a step's spikes still fit, however many there will be.
inline bool run_guard(Operands& o) {
  const GuardOperands guard(o);
  return *guard.total + guard.units <= guard.room;
}

// Appends an array, or chosen elements of it, every so many steps of the brain.
inline void run_note_row(Operands& o) {
  const NoteRowOperands note(o);
  if (row_of(note.step, note.every) != 0) return;
  const int64_t row = (*note.rows)++, elements = note.elements, size = note.size;
  char* const to = note.noted.of((row + 1) * elements * size, "noted") + row * elements * size;
  if (note.chosen == nullptr) {
    std::memcpy(to, note.from.of(elements * size, "from"), elements * size);
  } else {
    check_indices(note.chosen, elements, note.from.bytes / size, "chosen");
    for (int64_t at = 0; at < elements; ++at) std::memcpy(to + at * size, note.from + note.chosen[at] * size, size);
  }
}

enum Outcome { kDone, kFull, kUnknown, kNotLoaded };

inline Outcome run_instruction(int64_t instruction, Operands& o) {
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
    case kStep: run_step(o); break;
    case kClear: run_clear(o); break;
    case kTake: run_take(o); break;
    case kGuard:
      if (!run_guard(o)) return kFull;
      break;
    case kNoteSpikes: run_note_spikes(o); break;
    case kListFired: run_list_fired(o); break;
    case kNoteRow: run_note_row(o); break;
    case kScatter: run_scatter(o); break;
    case kArrive: run_arrive(o); break;
    case kSpread: run_spread(o); break;
    case kDrawSpikes: run_draw_spikes(o); break;
    case kAddCounts: run_add_counts(o); break;
    case kReceive: run_receive(o); break;
    case kFormula:
      if (!run_formula(o)) return kNotLoaded;
      break;
    case kBarrier: break;
    case kDeliverAndChange: run_deliver_and_change(o); break;
    case kTraces: run_traces(o); break;
    case kZenkeTraces: run_zenke_traces(o); break;
    case kStdp: run_stdp(o); break;
    case kRule:
      if (!run_rule(o)) return kNotLoaded;
      break;
    case kDeliverWaiting: run_deliver_waiting(o); break;
    default: return kUnknown;
  }
  return kDone;
}

// An instruction of a program: which, its first operand and how many words of operands, and whether every share does its
// part of it; else the first share does all.
struct Line {
  static constexpr int64_t kHead = 3;  // Words before the operands.
  int64_t instruction, at, words;
  bool is_shared;

  int64_t next() const { return at + words; }
};

inline Line line_of(const Code& code, int64_t at) {
  check(at + Line::kHead <= code.length, "an instruction ends beyond the program");
  const Line line = {code.words[at], at + Line::kHead, code.words[at + 1], code.words[at + 2] != 0};
  check(line.words >= 0 && line.next() <= code.length, "an instruction ends beyond the program");
  return line;
}

// What the instructions of a share work on in one step.
struct Place {
  const std::vector<Memory>& buffers;
  int64_t round;
  Closing& closing;
  Share share;
};

inline Operands operands_of(const Code& code, const Line& line, const Place& place) {
  return Operands(code, line.at, place.buffers, place.round, place.closing, line.is_shared ? place.share : Share{},
                  place.share.count);
}

// Does a line, or a share of it; a check that fails says in which instruction.
inline Outcome run_line(const Code& code, const Line& line, int64_t number, const Place& place) {
  // The whole is the first share's where there are no parts.
  if (!line.is_shared && place.share.number != 0) return kDone;
  Operands o = operands_of(code, line, place);
  if constexpr (!kChecked) return run_instruction(line.instruction, o);
  try {
    const Outcome outcome = run_instruction(line.instruction, o);
    check(outcome != kDone || o.next() == line.next(), "it has other operands than it reads");
    return outcome;
  } catch (const Violation& found) {
    throw Violation("instruction " + std::to_string(number) + " (" + name_of(line.instruction) + ") of step " +
                    std::to_string(place.round) + ": " + found.what());
  }
}

inline int64_t instructions_in(const Code& code) {
  int64_t number = 0;
  for (int64_t at = 0; at < code.length; at = line_of(code, at).next()) ++number;
  return number;
}

// The lines of a program as a share does them: in the first step each is read and looked up, and checked in the debug
// build; of formulas and copies, which are many and short, what was looked up serves the steps after it.
class Lines {
 public:
  explicit Lines(const Code& code) : code_(code) {
    for (int64_t at = 0; at < code.length; at = lines_.back().line.next()) lines_.push_back({line_of(code, at), {}, {}});
  }

  size_t size() const { return lines_.size(); }
  const Line& operator[](size_t number) const { return lines_[number].line; }

  Outcome run(size_t number, const Place& place) {
    Ready& ready = lines_[number];
    if (ready.formula.is_there()) {
      ready.formula.run();
      return kDone;
    }
    if (ready.copy.is_there()) {
      ready.copy.run();
      return kDone;
    }
    return run_and_look_up(number, place);
  }

 private:
  struct Ready {
    Line line;
    ReadyFormula formula;
    ReadyCopy copy;
  };

  Outcome run_and_look_up(size_t number, const Place& place) {
    Ready& ready = lines_[number];
    const Outcome outcome = run_line(code_, ready.line, static_cast<int64_t>(number), place);
    // What is not shared the first share does.
    if (outcome != kDone || !(ready.line.is_shared || place.share.number == 0)) return outcome;
    Operands o = operands_of(code_, ready.line, place);
    if (ready.line.instruction == kFormula) ready.formula = ReadyFormula(o);
    if (ready.line.instruction == kCopy) ready.copy = ReadyCopy(o);
    return kDone;
  }

  const Code& code_;
  std::vector<Ready> lines_;
};

// One step.
inline Outcome run_step_of(Lines& lines, const Place& place) {
  for (size_t number = 0; number < lines.size(); ++number) {
    const Outcome outcome = lines.run(number, place);
    if (outcome != kDone) return outcome;
  }
  return kDone;
}

// The same; adds to `spent`, one number for each instruction, the nanoseconds that it took.
inline Outcome run_step_timed(Lines& lines, const Place& place, uint64_t* spent) {
  using Clock = std::chrono::steady_clock;
  for (size_t number = 0; number < lines.size(); ++number) {
    const auto begin = Clock::now();
    const Outcome outcome = lines.run(number, place);
    spent[number] += static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
    if (outcome != kDone) return outcome;
  }
  return kDone;
}

// How far a program came.
struct Ran {
  int64_t steps = 0;
  Outcome outcome = kDone;
};

// Up to `steps` steps; fewer if what is noted has no more room. `spent` is null, or as above.
inline Ran run_alone(const Code& code, const std::vector<Memory>& buffers, int64_t steps, uint64_t* spent) {
  Closing closing;
  Lines lines(code);
  Ran ran;
  for (; ran.steps < steps; ++ran.steps) {
    const Place place = {buffers, ran.steps, closing, Share{}};
    ran.outcome = spent ? run_step_timed(lines, place, spent) : run_step_of(lines, place);
    if (ran.outcome == kFull) break;
    if (ran.outcome != kDone) return ran;
  }
  ran.outcome = kDone;
  for (const auto& work : closing) work(ran.steps);
  return ran;
}

}  // namespace spark
