// A product and a sum rounded once, for processors that have no instruction for it: the bits of those that have one.
#pragma once

#include <cstdint>
#include <cstring>

namespace spark {

// The product of two floats is exact in a double. The sum is rounded to an odd last bit, which keeps it apart from every
// tie of floats, so that the second rounding gives what one rounding would (Boldo and Melquiond, 2008).
inline float rounded_once(float a, float b, float c) {
  const double product = static_cast<double>(a) * b, other = c;
  double sum = product + other;
  const double added = sum - product;
  const double lost = (product - (sum - added)) + (other - added);
  if (lost > 0.0 || lost < 0.0) {
    int64_t bits;
    std::memcpy(&bits, &sum, sizeof bits);
    if (!(bits & 1)) bits += (lost > 0.0) == (sum > 0.0) ? 1 : -1;
    std::memcpy(&sum, &bits, sizeof bits);
  }
  return static_cast<float>(sum);
}

}  // namespace spark
