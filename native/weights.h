// Storage types of weights, and the portable way to widen each to float32. All conversions are exact.
#pragma once

#include <cstdint>
#include <cstring>

namespace spark {

struct Float16 {
  uint16_t bits;
};

struct Bfloat16 {
  uint16_t bits;
};

inline float widen(float value) { return value; }

inline float widen(Bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

// Numbers below 2^-14 go through a subtraction of normal numbers, not through a float32 subnormal: XLA runs its
// threads with subnormals flushed to zero, and a float16 subnormal must survive that.
inline float widen(Float16 value) {
  const uint32_t exponent = value.bits & 0x7c00u;
  uint32_t bits = static_cast<uint32_t>(value.bits & 0x7fffu) << 13;
  bits += (127u - 15u) << 23;
  if (exponent == 0x7c00u) bits += (128u - 16u) << 23;
  if (exponent == 0) bits += 1u << 23;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  if (exponent == 0) wide -= 6.103515625e-05f;
  return value.bits & 0x8000u ? -wide : wide;
}

}  // namespace spark
