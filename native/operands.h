// Operands of the instructions of a program, and the checks of the debug build.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace spark {

// Whether sizes and indices are looked at: compile with -DSPARK_CHECKED for that. Otherwise checks are nothing.
#if defined(SPARK_CHECKED)
constexpr bool kChecked = true;
#else
constexpr bool kChecked = false;
#endif

// What a check of the debug build throws.
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

  // The debug build sees that there are so many elements; null stands for none.
  Type* of(int64_t count, const char* name) const {
    if (kChecked && (count < 0 || (data != nullptr && count * static_cast<int64_t>(sizeof(Type)) > bytes)))
      throw Violation(std::string(name) + " is too small, got " + std::to_string(bytes) + " bytes; expected " +
                      std::to_string(count) + " elements of " + std::to_string(sizeof(Type)));
    if (kChecked && data == nullptr && count > 0) throw Violation(std::string(name) + " is missing");
    return data;
  }
  // As `of`, where the array may be left out.
  Type* any(int64_t count, const char* name) const { return data == nullptr ? nullptr : of(count, name); }
};

// The debug build sees that all of these lie in [0, limit).
template <class Type>
inline void check_indices(const Type* values, int64_t count, int64_t limit, const char* name) {
  if (!kChecked) return;
  for (int64_t at = 0; at < count; ++at)
    if (static_cast<int64_t>(values[at]) < 0 || static_cast<int64_t>(values[at]) >= limit)
      throw Violation(std::string(name) + " holds " + std::to_string(static_cast<int64_t>(values[at])) + " at " +
                      std::to_string(at) + "; expected less than " + std::to_string(limit));
}

// The debug build sees that these ascend from 0 to at most `limit`.
inline void check_starts(const int32_t* starts, int64_t count, int64_t limit, const char* name) {
  if (!kChecked) return;
  check_indices(starts, count, limit + 1, name);
  for (int64_t at = 1; at < count; ++at)
    if (starts[at] < starts[at - 1]) throw Violation(std::string(name) + " descends at " + std::to_string(at));
}

inline void check(bool holds, const char* what) {
  if (kChecked && !holds) throw Violation(what);
}

// A buffer, as XLA gives it.
struct Memory {
  char* data;
  int64_t bytes;
};

using Closing = std::vector<std::function<void()>>;

// Reads one instruction's operands in order: places (buffer, byte offset, bytes), whole numbers, floats.
class Operands {
 public:
  Operands(const int64_t* code, const float* numbers, const std::vector<Memory>& buffers, int64_t round,
           Closing& closing)
      : code_(code), numbers_(numbers), buffers_(buffers.data()), count_(buffers.size()), round_(round),
        closing_(closing) {}

  // What is to be done when the call ends.
  template <class Work>
  void at_end(Work work) {
    closing_.push_back(work);
  }

  // Number of the step within this call.
  int64_t round() const { return round_; }

  template <class Type>
  Span<Type> place() {
    const int64_t buffer = code_[0], offset = code_[1], bytes = code_[2];
    code_ += 3;
    if (buffer < 0) return {nullptr, 0};
    if (kChecked) {
      check(buffer < count_, "a place lies in no buffer");
      check(offset >= 0 && bytes >= 0 && offset + bytes <= buffers_[buffer].bytes, "a place ends beyond its buffer");
      // 64-bit counters are read word by word.
      check(offset % static_cast<int64_t>(sizeof(Type) > 4 ? 4 : sizeof(Type)) == 0, "a place is not aligned");
    }
    return {reinterpret_cast<Type*>(buffers_[buffer].data + offset), bytes};
  }
  int64_t whole() { return *code_++; }
  float number() { return numbers_[*code_++]; }
  const int64_t* end() const { return code_; }

  // The step counter: unsigned, so that a remainder is a row of a ring whatever it holds.
  uint64_t counter() {
    uint64_t count;
    std::memcpy(&count, place<char>().of(sizeof count, "step"), sizeof count);
    return count;
  }

 private:
  const int64_t* code_;
  const float* numbers_;
  const Memory* buffers_;
  int64_t count_;
  int64_t round_;
  Closing& closing_;
};

// The row of a ring of so many that belongs to a step.
inline int64_t row_of(uint64_t step, int64_t rows) { return static_cast<int64_t>(step % static_cast<uint64_t>(rows)); }

}  // namespace spark
