// Rows of dense weights two by two, the weights onto one unit side by side: what an event does to both rows is then one
// access to memory instead of two. So they lie within a call, once enough has waited; see replay.h.
//   rows   a0 a1 a2 a3 | b0 b1 b2 b3   lie as   a0 b0 a1 b1 | a2 b2 a3 b3
#pragma once

#include <cstdint>
#include <vector>

#include "stdp.h"

namespace spark {

class Pairs {
 public:
  // Of weights (rows, stride) onto the first `units` units of each row.
  Pairs(float* weights, int64_t rows, int64_t stride, int64_t units)
      : weights_(weights), rows_(rows), stride_(stride), units_(units) {}

  // Whether rows can lie so: a part of the units that is odd would cut a pair.
  bool possible() const { return stride_ == units_ || units_ % 2 == 0; }

  // Whether a row has another one; the last of an odd number stays as it is.
  bool has(int64_t row) const { return (row | 1) < rows_; }

  // Where a pair begins.
  float* of(int64_t row) const { return weights_ + (row & ~int64_t{1}) * stride_; }

  // Where the weights onto a unit lie, from the beginning of a pair; and the unit that lies there.
  int64_t offset(int64_t unit) const { return 2 * unit < units_ ? 2 * unit : stride_ - units_ + 2 * unit; }
  int64_t unit_at(int64_t offset) const { return (offset < units_ ? offset : offset - (stride_ - units_)) / 2; }

  // Calls `visit` with where the pairs of adjacent units begin, the first of these units, and how many they are.
  template <class Visit>
  void for_each_run(int64_t row, Visit visit) const {
    if (stride_ == units_) return visit(of(row), 0, units_);
    visit(of(row), 0, units_ / 2);
    visit(of(row) + stride_, units_ / 2, units_ / 2);
  }

  // Lay rows in pairs; returns whether no weight is below `minimum`.
  bool fold(float minimum) const {
    const auto& operations = stdp_operations();
    std::vector<float> first(units_);
    bool all = true;
    for (int64_t row = 0; has(row); row += 2) {
      const float* const second = of(row) + stride_;
      std::memcpy(first.data(), of(row), units_ * sizeof(float));
      all &= operations.are_at_least(minimum, of(row), units_) && operations.are_at_least(minimum, second, units_);
      // What is written never lies before what is still to be read.
      for_each_run(row, [&](float* pairs, int64_t unit, int64_t units) {
        operations.fold(first.data() + unit, second + unit, units, pairs);
      });
    }
    return all;
  }

  // And back.
  void unfold() const {
    std::vector<float> second(units_);
    for (int64_t row = 0; has(row); row += 2) {
      float* const first = of(row);
      for_each_run(row, [&](const float* pairs, int64_t unit, int64_t units) {
        stdp_operations().unfold(pairs, units, first + unit, second.data() + unit);
      });
      std::memcpy(first + stride_, second.data(), units_ * sizeof(float));
    }
  }

 private:
  float* weights_;
  int64_t rows_, stride_, units_;
};

}  // namespace spark
