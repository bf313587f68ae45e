// Which units fired, from one signed byte for each.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace spark {

constexpr int64_t kSpikeBlock = 64;

// Bit k says whether byte k of 64 is nonzero.
inline uint64_t fired_mask(const int8_t* spikes) {
  uint64_t mask = 0;
#if defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128();
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(spikes + 16 * part));
    const uint64_t silent = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, zero)));
    mask |= (silent ^ 0xffffu) << (16 * part);
  }
#else
  for (int byte = 0; byte < kSpikeBlock; ++byte) mask |= static_cast<uint64_t>(spikes[byte] != 0) << byte;
#endif
  return mask;
}

// Whether none of 64 units fired, which is what most blocks of most steps say.
inline bool silent(const int8_t* spikes) {
#if defined(__SSE2__)
  const auto bytes = [&](int part) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(spikes + 16 * part)); };
  const __m128i any = _mm_or_si128(_mm_or_si128(bytes(0), bytes(1)), _mm_or_si128(bytes(2), bytes(3)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) == 0xffff;
#else
  return fired_mask(spikes) == 0;
#endif
}

// Calls `visit` with the number of every one of 64 units that fired, of which the first has the number `first`.
template <class Visit>
inline void for_each_of_block(const int8_t* spikes, int64_t first, Visit& visit) {
  for (uint64_t mask = fired_mask(spikes); mask; mask &= mask - 1) visit(first + __builtin_ctzll(mask));
}

// Calls `visit` with the number of every unit that fired, in ascending order.
template <class Visit>
inline void for_each_spike(const int8_t* spikes, int64_t units, Visit visit) {
  int64_t first = 0;
  for (; first + kSpikeBlock <= units; first += kSpikeBlock) {
    if (!silent(spikes + first)) for_each_of_block(spikes + first, first, visit);
  }
  if (first == units) return;
  int8_t rest[kSpikeBlock] = {};
  std::memcpy(rest, spikes + first, static_cast<size_t>(units - first));
  for_each_of_block(rest, first, visit);
}

}  // namespace spark
