// Formulas: machine code that another compiler made of a model's array code, known by a key.
#pragma once

#include <atomic>
#include <cstdint>
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

// Operands: the step, the key, units, how many arrays, and each array with its size in bytes and of how many rows of that
// size it is a ring: of a ring the row of this step is meant. False if the key is not known.
inline bool run_formula(Operands& o) {
  constexpr int64_t kMost = 256;
  const uint64_t step = o.counter();
  const int64_t key = o.whole();
  const int64_t units = o.whole();
  const int64_t count = o.whole();
  if (count > kMost) return false;
  char* arrays[kMost];
  for (int64_t number = 0; number < count; ++number) {
    const auto array = o.place<char>();
    const int64_t bytes = o.whole();
    const int64_t slots = o.whole();
    arrays[number] = array.of(bytes * slots, "array");
    if (slots > 1) arrays[number] += row_of(step, slots) * bytes;
  }
  const Formula formula = formulas().find(key);
  if (formula == nullptr) return false;
  const Part part = o.part(units);
  if (!part.empty()) formula(arrays, part.first, part.last);
  return true;
}

// Operands: input of the steps to come, whose row of this step is taken and cleared. `to` takes the row.
inline void run_receive(Operands& o) {
  const ReceiveOperands given(o);
  const Part part = o.part(given.units);
  float* const row = given.ring + row_of(given.step, given.slots) * given.units + part.first;
  std::memcpy(given.to + part.first, row, part.size() * sizeof(float));
  std::memset(row, 0, part.size() * sizeof(float));
}

}  // namespace spark
