// Connections in the order, and in the form, in which they are delivered where delays are many.
#pragma once

#include <cstdint>
#include <cstring>

#include "targets.h"

namespace spark {

// Rows of connections before they are ordered, with units of type Post; `half` is the first unit of the second half.
template <class Post>
struct Unordered {
  const int32_t* starts;
  int64_t rows;
  const Post* post;
  const uint8_t* delays;
  const char* weights;  // Null where not each connection has its own.
  int64_t weight_bytes;
  int64_t half;
};

// Writes `targets` and `weights` as they stand when each row ascends by half, then delay, equal ones as they stood; counts[row] of its
// connections end at the first half. Counted, then placed.
template <class Post>
void order_rows(const Unordered<Post>& from, uint32_t* targets, char* weights, int32_t* counts) {
  int32_t next[2][257];
  for (int64_t row = 0; row < from.rows; ++row) {
    const int32_t begin = from.starts[row], end = from.starts[row + 1];
    std::memset(next, 0, sizeof next);
    const auto half_of = [&](int32_t edge) { return static_cast<int64_t>(from.post[edge]) >= from.half ? 1 : 0; };
    for (int32_t edge = begin; edge < end; ++edge) ++next[half_of(edge)][from.delays[edge] + 1];
    int32_t place = begin;
    for (int half = 0; half < 2; ++half) {
      for (int32_t& here : next[half]) {
        place += here;
        here = place;
      }
      if (half == 0) counts[row] = place - begin;
    }
    for (int32_t edge = begin; edge < end; ++edge) {
      const int32_t at = next[half_of(edge)][from.delays[edge]]++;
      targets[at] = target_of(static_cast<uint32_t>(from.post[edge]), from.delays[edge]);
      if (from.weights)
        std::memcpy(weights + at * from.weight_bytes, from.weights + edge * from.weight_bytes,
                    static_cast<size_t>(from.weight_bytes));
    }
  }
}

}  // namespace spark
