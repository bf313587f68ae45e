// Memory for the length of a call, kept for the next one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

namespace spark {

// Pages that nobody touches are none: lists of spikes of many steps have room for all units and mostly hold few.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }

  // So many bytes, aligned to cache lines, with any contents.
  char* of(size_t bytes) {
    constexpr size_t kLine = 64;
    if (bytes + kLine > room_) {
      std::free(memory_);
      room_ = 0;
      memory_ = std::calloc(bytes + kLine, 1);
      if (memory_ == nullptr) throw std::bad_alloc();
      room_ = bytes + kLine;
    }
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory_) + kLine - 1) / kLine * kLine);
  }

 private:
  void* memory_ = nullptr;
  size_t room_ = 0;
};

}  // namespace spark
