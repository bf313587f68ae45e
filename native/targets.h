// A connection's target and its delay in one number, which ascends as delays do; see spark/kernels/order.py.
#pragma once

#include <cstdint>

namespace spark {

constexpr int kUnitBits = 24;

inline uint32_t target_of(uint32_t unit, uint8_t delay) { return static_cast<uint32_t>(delay) << kUnitBits | unit; }
constexpr uint32_t unit_of(uint32_t target) { return target & ((1u << kUnitBits) - 1); }
constexpr uint32_t delay_of(uint32_t target) { return target >> kUnitBits; }

// The least target of this delay, which lies beyond all targets where no delay is as long.
inline uint64_t first_of_delay(int64_t delay) { return static_cast<uint64_t>(delay) << kUnitBits; }

// Both halves of a target, read as if they were arrays of their own.
struct TargetUnit {
  uint32_t target;
  constexpr operator int64_t() const { return unit_of(target); }
};

struct TargetDelay {
  uint32_t target;
  constexpr operator int64_t() const { return delay_of(target); }
};

}  // namespace spark
