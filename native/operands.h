// Operands of the instructions of a program, and the checks of the debug build.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shares.h"

namespace spark {

// Whether sizes and indices are looked at, as spark/kernels/variants.py says. Otherwise checks compile to nothing.
#if defined(SPARK_CHECKED)
constexpr bool kChecked = true;
#else
constexpr bool kChecked = false;
#endif

// What a check throws; an entry point makes it an error of its call.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An array in one of the buffers, and its size; it converts to a pointer.
template <class Type>
struct Span {
  Type* data;
  int64_t bytes;

  operator Type*() const { return data; }
  int64_t count() const { return bytes / static_cast<int64_t>(sizeof(Type)); }

  // The array, which has so many elements; null stands for none.
  Type* of(int64_t count, const char* name) const {
    if (!kChecked) return data;
    if (data == nullptr && count > 0)
      throw Violation(std::string(name) + " is missing; expected " + std::to_string(count) + " elements");
    if (count < 0 || count > this->count())
      throw Violation(std::string(name) + " has the wrong size, got " + std::to_string(bytes) + " bytes; expected " +
                      std::to_string(count) + " elements of " + std::to_string(sizeof(Type)) + " bytes");
    return data;
  }
  // As `of`, where the array may be left out.
  Type* any(int64_t count, const char* name) const { return data == nullptr ? nullptr : of(count, name); }
};

inline void check(bool holds, const char* what) {
  if (kChecked && !holds) throw Violation(what);
}

// A number lies in [low, high].
inline void check_within(int64_t value, int64_t low, int64_t high, const char* name) {
  if (kChecked && (value < low || value > high))
    throw Violation(std::string(name) + " is out of range, got " + std::to_string(value) + "; expected " +
                    std::to_string(low) + " to " + std::to_string(high));
}

// All of these lie in [0, limit).
template <class Type>
inline void check_indices(const Type* values, int64_t count, int64_t limit, const char* name) {
  if (!kChecked) return;
  for (int64_t at = 0; at < count; ++at) {
    const int64_t value = static_cast<int64_t>(values[at]);
    if (value >= 0 && value < limit) continue;
    throw Violation(std::string(name) + "[" + std::to_string(at) + "] is out of range, got " + std::to_string(value) +
                    "; expected 0 to " + std::to_string(limit - 1));
  }
}

// These ascend from 0 or more to at most `limit`.
inline void check_starts(const int32_t* starts, int64_t count, int64_t limit, const char* name) {
  if (!kChecked) return;
  check_indices(starts, count, limit + 1, name);
  for (int64_t at = 1; at < count; ++at)
    if (starts[at] < starts[at - 1])
      throw Violation(std::string(name) + "[" + std::to_string(at) + "] is less than the one before, got " +
                      std::to_string(starts[at]) + "; expected at least " + std::to_string(starts[at - 1]));
}

// A buffer, as XLA gives it.
struct Memory {
  char* data;
  int64_t bytes;
};

// What is to be done when a call ends, which is told how many steps it did.
using Closing = std::vector<std::function<void(int64_t)>>;

// The instructions of a program, and the floats to which they point.
struct Code {
  const int64_t* words;
  int64_t length;
  const float* numbers;
  int64_t floats;
};

// Reads one instruction's operands in order: places (buffer, byte offset, bytes), whole numbers, floats.
class Operands {
 public:
  Operands(const Code& code, int64_t first, const std::vector<Memory>& buffers, int64_t round, Closing& closing,
           const Share& share, int64_t shares)
      : code_(code), at_(code.words + first), buffers_(buffers.data()), count_(buffers.size()), round_(round),
        closing_(closing), share_(share), shares_(shares) {}

  // What is to be done when the call ends; it is told how many steps were done.
  template <class Work>
  void at_end(Work work) {
    closing_.push_back(work);
  }

  // Which units are to be done here, of so many.
  Part part(int64_t units) const { return part_of(share_, units); }
  const Share& share() const { return share_; }

  // How many shares the instructions that are shared have.
  int64_t shares() const { return shares_; }

  // Number of the step within this call.
  int64_t round() const { return round_; }

  // Whether lists of connections are to be looked at: nothing changes them within a call.
  bool is_first() const { return kChecked && round_ == 0; }

  template <class Type>
  Span<Type> place() {
    check_left(3);
    const int64_t buffer = at_[0], offset = at_[1], bytes = at_[2];
    at_ += 3;
    if (kChecked) ++places_;
    if (buffer < 0) return {nullptr, 0};
    if (kChecked) check_place(buffer, offset, bytes, alignof(Type));
    return {reinterpret_cast<Type*>(buffers_[buffer].data + offset), bytes};
  }
  int64_t whole() {
    check_left(1);
    return *at_++;
  }
  float number() {
    const int64_t number = whole();
    check_within(number, 0, code_.floats - 1, "the number of a float");
    return code_.numbers[number];
  }
  // The word of the code that the next operand or instruction is.
  int64_t next() const { return at_ - code_.words; }

  // Whether anything is learned: yes, where nobody says.
  bool learning() {
    const int32_t* const learns = place<int32_t>().any(1, "learning");
    return learns == nullptr || *learns != 0;
  }

  // The step counter: unsigned, so that a remainder is a row of a ring whatever it holds.
  uint64_t counter() {
    uint64_t count;
    std::memcpy(&count, place<char>().of(sizeof count, "step"), sizeof count);
    return count;
  }

 private:
  void check_left(int64_t words) const {
    check(next() + words <= code_.length, "its operands end beyond the program");
  }

  void check_place(int64_t buffer, int64_t offset, int64_t bytes, size_t alignment) const {
    const std::string name = "place " + std::to_string(places_);
    check_within(buffer, 0, count_ - 1, ("the buffer of " + name).c_str());
    check_within(bytes, 0, buffers_[buffer].bytes, ("the size of " + name).c_str());
    check_within(offset, 0, buffers_[buffer].bytes - bytes, ("the first byte of " + name).c_str());
    if (reinterpret_cast<uintptr_t>(buffers_[buffer].data + offset) % alignment != 0)
      throw Violation(name + " is not aligned, got byte " + std::to_string(offset) + "; expected a multiple of " +
                      std::to_string(alignment));
  }

  const Code& code_;
  const int64_t* at_;
  const Memory* buffers_;
  int64_t count_;
  int64_t round_;
  Closing& closing_;
  Share share_;
  int64_t shares_;
  int64_t places_ = 0;  // Read so far: the first is place 1. Only errors tell it.
};

// The row of a ring of so many that belongs to a step.
inline int64_t row_of(uint64_t step, int64_t rows) {
  check(rows > 0, "a ring has no rows");
  return static_cast<int64_t>(step % static_cast<uint64_t>(rows));
}

}  // namespace spark
