// Spikes as two bits a unit: whether it fired, and whether it is inhibitory. Few fire, so only those are worked on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace spark {

inline int64_t bit_words(int64_t count) { return (count + 31) / 32; }

// Bit k of word j is element k * words + j; the words of signs follow those of spikes.
inline void pack_spikes(const int8_t* spikes, int64_t count, uint32_t* packed) {
  const int64_t words = bit_words(count);
  uint32_t* const negative = packed + words;
  std::fill(packed, packed + 2 * words, 0u);
  const auto note = [&](int64_t unit) {
    if (spikes[unit] == 0) return;
    const uint32_t bit = 1u << (unit / words);
    packed[unit % words] |= bit;
    if (spikes[unit] < 0) negative[unit % words] |= bit;
  };
  int64_t unit = 0;
  for (; unit + 8 <= count; unit += 8) {
    uint64_t eight;
    std::memcpy(&eight, spikes + unit, sizeof eight);
    if (eight != 0)
      for (int64_t one = unit; one < unit + 8; ++one) note(one);
  }
  for (; unit < count; ++unit) note(unit);
}

inline void unpack_spikes(const uint32_t* packed, int64_t count, int8_t* spikes) {
  const int64_t words = bit_words(count);
  const uint32_t* const negative = packed + words;
  std::fill(spikes, spikes + count, int8_t{0});
  for (int64_t word = 0; word < words; ++word) {
    for (uint32_t left = packed[word]; left != 0; left &= left - 1) {
      const int bit = __builtin_ctz(left);
      const int64_t unit = bit * words + word;
      if (unit < count) spikes[unit] = negative[word] >> bit & 1u ? -1 : 1;
    }
  }
}

}  // namespace spark
