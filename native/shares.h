// Shares of the work of a step: contiguous units, the same for every instruction over as many units.
#pragma once

#include <cstdint>

namespace spark {

// Share `number` of `count`; one share is the whole.
struct Share {
  int64_t number = 0;
  int64_t count = 1;

  bool is_whole() const { return count == 1; }
};

// Units from the first to the one before the last.
struct Part {
  int64_t first, last;

  int64_t size() const { return last - first; }
  bool empty() const { return first >= last; }
  bool has(int64_t unit) const { return unit >= first && unit < last; }
};

// Units that are never shared out: a cache line of the narrowest arrays, and whole vectors of all.
constexpr int64_t kTogether = 64;

// Words of a list of units that fired, for each block of units that is never shared out: how many fired, then which. Whole
// cache lines, so that none has two writers; see `Program.fired` in spark/kernels/program.py.
constexpr int64_t kFiredWords = kTogether + 16;

inline int64_t fired_words(int64_t units) { return (units + kTogether - 1) / kTogether * kFiredWords; }

inline Part part_of(const Share& share, int64_t units) {
  const int64_t blocks = (units + kTogether - 1) / kTogether;
  const auto edge = [&](int64_t number) {
    const int64_t found = blocks * number / share.count * kTogether;
    return found < units ? found : units;
  };
  return {edge(share.number), edge(share.number + 1)};
}

// The first unit of the second half: whole blocks, so that of two shares each has a half.
inline int64_t first_of_second_half(int64_t units) { return part_of({1, 2}, units).first; }

// Of ascending targets below `units` in [begin, end), the place of the first that is at least `target`. Guessed from
// where it would be if they were evenly spread, then searched for around there.
template <class Target>
inline int32_t place_of(const Target* targets, int32_t begin, int32_t end, int64_t target, int64_t units) {
  if (target <= 0 || begin == end) return begin;
  if (target >= units) return end;
  int32_t low = begin, high = end;  // The place lies in [low, high].
  int32_t at = begin + static_cast<int32_t>(static_cast<int64_t>(end - begin) * target / units);
  if (static_cast<int64_t>(targets[at]) < target) {
    low = at + 1;
    for (int32_t stride = 4; low < end; stride *= 2) {
      at = end - low < stride ? end - 1 : low + stride - 1;
      if (static_cast<int64_t>(targets[at]) >= target) {
        high = at;
        break;
      }
      low = at + 1;
    }
  } else {
    high = at;
    for (int32_t stride = 4; high > begin; stride *= 2) {
      at = high - begin < stride ? begin : high - stride;
      if (static_cast<int64_t>(targets[at]) < target) {
        low = at + 1;
        break;
      }
      high = at;
    }
  }
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (static_cast<int64_t>(targets[middle]) < target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Connections [begin, end) whose ascending targets lie in a part of the units.
struct Cut {
  int32_t begin, end;
};

template <class Target>
inline Cut cut(const Target* targets, int32_t begin, int32_t end, const Part& part, int64_t units) {
  const int32_t first = place_of(targets, begin, end, part.first, units);
  return {first, place_of(targets, first, end, part.last, units)};
}

}  // namespace spark
