// Formulas: machine code that another compiler made of a model's array code, known by a key.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

#include "operands.h"
#include "ops.h"

namespace spark {

// Arrays, and the units from the first to the one before the last.
using Formula = void (*)(char** arrays, int64_t first, int64_t last);

// A program names a formula by its key, which means the same in every process; where the code lies does not.
class Formulas {
 public:
  // False if the table is full.
  bool know(int64_t key, Formula formula) {
    const std::lock_guard<std::mutex> lock(writing_);
    for (int64_t probe = 0; probe < kSize; ++probe) {
      Entry& entry = entries_[at(key, probe)];
      Formula there = entry.formula.load(std::memory_order_acquire);
      if (there != nullptr && entry.key != key) continue;
      if (there == nullptr) entry.key = key;
      entry.formula.store(formula, std::memory_order_release);
      return true;
    }
    return false;
  }

  // Null if it is not known.
  Formula find(int64_t key) const {
    for (int64_t probe = 0; probe < kSize; ++probe) {
      const Entry& entry = entries_[at(key, probe)];
      const Formula there = entry.formula.load(std::memory_order_acquire);
      if (there == nullptr) return nullptr;
      if (entry.key == key) return there;
    }
    return nullptr;
  }

 private:
  static constexpr int64_t kSize = 1 << 16;
  struct Entry {
    int64_t key = 0;
    std::atomic<Formula> formula{nullptr};
  };
  static int64_t at(int64_t key, int64_t probe) {
    return static_cast<int64_t>((static_cast<uint64_t>(key) + static_cast<uint64_t>(probe)) % kSize);
  }
  std::mutex writing_;
  std::vector<Entry> entries_ = std::vector<Entry>(kSize);
};

inline Formulas& formulas() {
  static Formulas known;
  return known;
}

// An array of a formula. Of a ring of several rows of `bytes` the row of a step is meant.
struct FormulaArray {
  char* first;
  int64_t bytes, slots;

  explicit FormulaArray(Operands& o) {
    const auto array = o.place<char>();
    bytes = o.whole();
    slots = o.whole();
    first = array.of(bytes * slots, "array");
  }
  char* row(uint64_t step) const { return slots > 1 ? first + row_of(step, slots) * bytes : first; }
};

// The operands of a formula before its arrays.
struct FormulaOperands {
  static constexpr int64_t kMost = 256;  // Arrays.
  const char* counter;
  int64_t key, units, count;

  explicit FormulaOperands(Operands& o) {
    counter = o.place<char>().of(sizeof(uint64_t), "step");
    key = o.whole();
    units = o.whole();
    count = o.whole();
  }
  uint64_t step() const {
    uint64_t count;
    std::memcpy(&count, counter, sizeof count);
    return count;
  }
};

// Operands: the step, the key, units, how many arrays, and each array with its size in bytes and of how many rows of that
// size it is a ring. False if the key is not known.
inline bool run_formula(Operands& o) {
  const FormulaOperands given(o);
  if (given.count > FormulaOperands::kMost) return false;
  const uint64_t step = given.step();
  char* arrays[FormulaOperands::kMost];
  for (int64_t number = 0; number < given.count; ++number) arrays[number] = FormulaArray(o).row(step);
  const Formula formula = formulas().find(given.key);
  if (formula == nullptr) return false;
  const Part part = o.part(given.units);
  if (!part.empty()) formula(arrays, part.first, part.last);
  return true;
}

// A formula that has run once in a call, with what was looked up for it: its arrays lie where they lay.
class ReadyFormula {
 public:
  ReadyFormula() = default;
  explicit ReadyFormula(Operands& o) {
    const FormulaOperands given(o);
    counter_ = given.counter;
    formula_ = formulas().find(given.key);
    part_ = o.part(given.units);
    for (int64_t number = 0; number < given.count; ++number) {
      const FormulaArray array(o);
      arrays_.push_back(array.first);
      if (array.slots > 1) rings_.push_back({number, array});
    }
  }

  // Whether there is one.
  bool is_there() const { return formula_ != nullptr; }

  void run() {
    if (part_.empty()) return;
    if (!rings_.empty()) {
      uint64_t step;
      std::memcpy(&step, counter_, sizeof step);
      for (const Ring& ring : rings_) arrays_[ring.number] = ring.array.row(step);
    }
    formula_(arrays_.data(), part_.first, part_.last);
  }

 private:
  struct Ring {
    int64_t number;
    FormulaArray array;
  };
  const char* counter_ = nullptr;
  Formula formula_ = nullptr;
  Part part_ = {0, 0};
  std::vector<char*> arrays_;
  std::vector<Ring> rings_;
};

// Operands: input of the steps to come, whose row of this step is taken and cleared. `to` takes the row.
inline void run_receive(Operands& o) {
  const ReceiveOperands given(o);
  const Part part = o.part(given.units);
  float* const row = given.ring + row_of(given.step, given.slots) * given.units + part.first;
  std::memcpy(given.to + part.first, row, part.size() * sizeof(float));
  std::memset(row, 0, part.size() * sizeof(float));
}

}  // namespace spark
