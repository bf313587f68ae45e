// Which connections deliver a spike in this step, found in the history of spikes.
#pragma once

#include <cstdint>

#include "ahead.h"
#include "shares.h"

namespace spark {

// Edges [begin, end) leave one unit with one delay and deliver one spike.
struct Range {
  int32_t begin;
  int32_t end;
  float sign;
};

// Those of a range that end at a part of the units; within a range targets ascend.
inline Range cut(const Range& range, const int32_t* post, const Part& part, int64_t units) {
  if (part.size() == units) return range;
  const Cut found = cut(post, range.begin, range.end, part, units);
  return {found.begin, found.end, range.sign};
}

// Asks for what a range will need: ranges lie anywhere in memory, and the processor cannot guess the next one.
template <class Weight>
inline void prefetch(const Range& range, const Weight* weights, const int32_t* post) {
  constexpr int32_t kMost = 128;  // The processor's own prefetching takes over in longer ranges.
  constexpr int32_t kLine = 16;
  const int64_t end = range.end - range.begin < kMost ? range.end : range.begin + kMost;
  for (int64_t edge = range.begin; edge < end; edge += kLine) {
    ask_for_line(weights + edge);
    ask_for_line(post + edge);
  }
}

constexpr int kRanges = 256;      // Ranges found before they are worked off.
constexpr int kRangesAhead = 3;   // How far ahead of the work their memory is asked for.

// Walks a history by ascending presynaptic unit, then ascending delay, and may be stopped and continued.
class Arrivals {
 public:
  // history is (2, words, pre): fired bits, then sign bits; starts is (pre, delays + 1).
  Arrivals(const uint32_t* history, int64_t words, int64_t pre, const int32_t* starts, int64_t delays)
      : fired_(history), negative_(history + words * pre), pre_(pre), starts_(starts), delays_(delays) {
    const int64_t needed = (delays + 31) / 32;
    words_ = needed < words ? needed : words;
    const int64_t rest = delays - 32 * (words_ - 1);
    last_mask_ = rest >= 32 ? ~0u : (1u << rest) - 1u;
    find_unit();
  }

  // Fills up to `capacity` ranges, empty ones left out; fewer than that means that all have been seen.
  int next(Range* ranges, int capacity) {
    int count = 0;
    while (unit_ < pre_) {
      for (; bits_; bits_ &= bits_ - 1) {
        const int bit = __builtin_ctz(bits_);
        const int32_t* start = starts_ + unit_ * (delays_ + 1) + 32 * word_ + bit;
        if (start[0] == start[1]) continue;
        if (count == capacity) return count;
        const bool negative = negative_[word_ * pre_ + unit_] >> bit & 1u;
        ranges[count++] = {start[0], start[1], negative ? -1.0f : 1.0f};
      }
      if (++word_ < words_) {
        bits_ = masked(word_, unit_);
      } else {
        ++unit_;
        find_unit();
      }
    }
    return count;
  }

 private:
  uint32_t masked(int64_t word, int64_t unit) const {
    return fired_[word * pre_ + unit] & (word == words_ - 1 ? last_mask_ : ~0u);
  }

  // Moves on to the first unit from here with a spike; whole blocks of silent units cost a few vector operations.
  void find_unit() {
    constexpr int64_t kBlock = 32;
    for (; unit_ < pre_; ++unit_) {
      while (unit_ + kBlock <= pre_ && !block_fires(kBlock)) unit_ += kBlock;
      for (word_ = 0; unit_ < pre_ && word_ < words_; ++word_) {
        bits_ = masked(word_, unit_);
        if (bits_) return;
      }
    }
    bits_ = 0;
  }

  bool block_fires(int64_t block) const {
    uint32_t any = 0;
    for (int64_t word = 0; word < words_; ++word) {
      const uint32_t mask = word == words_ - 1 ? last_mask_ : ~0u;
      const uint32_t* from = fired_ + word * pre_ + unit_;
      uint32_t here = 0;
      for (int64_t at = 0; at < block; ++at) here |= from[at];
      any |= here & mask;
    }
    return any;
  }

  const uint32_t* fired_;
  const uint32_t* negative_;
  int64_t pre_;
  const int32_t* starts_;
  int64_t delays_;
  int64_t words_ = 0;
  uint32_t last_mask_ = 0;
  int64_t unit_ = 0;
  int64_t word_ = 0;
  uint32_t bits_ = 0;
};

}  // namespace spark
