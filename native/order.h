// Connections in the order in which they are delivered where delays are many.
#pragma once

#include <cstdint>
#include <vector>

namespace spark {

// order[n] is the connection that stands at place n when each row ascends by half of the targets, then delay, equal ones as they
// stood; counts[row] of its connections end at the first half. Counted, then placed.
template <class Delay>
void order_rows(const int32_t* starts, int64_t rows, const uint8_t* second, const Delay* delays, int32_t* order,
                int32_t* counts) {
  std::vector<int32_t> next[2];
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t begin = starts[row], end = starts[row + 1];
    for (auto& places : next) places.assign(places.size(), 0);
    counts[row] = 0;
    for (int32_t edge = begin; edge < end; ++edge) {
      auto& places = next[second[edge] ? 1 : 0];
      const size_t after = static_cast<size_t>(delays[edge]) + 1;
      if (after >= places.size()) places.resize(after + 1, 0);
      ++places[after];
      if (!second[edge]) ++counts[row];
    }
    int32_t place = begin;
    for (auto& places : next) {
      for (int32_t& here : places) {
        place += here;
        here = place;
      }
    }
    for (int32_t edge = begin; edge < end; ++edge) order[next[second[edge] ? 1 : 0][delays[edge]]++] = edge;
  }
}

}  // namespace spark
