// What waits for rows of dense weights, as replay.h notes it and replay.inc applies it.
#pragma once

#include <cstdint>

#include "ahead.h"

namespace spark {

// What waits, in the order in which it happened, and what is known of the traces in the meantime. Steps are counted from
// the first one that waits.
struct Past {
  static constexpr int kSegment = 32;   // Steps from one mark of the traces to the next.
  static constexpr int kSegments = 16;  // Segments that are gone through side by side.
  static constexpr int kSteps = kSegment * kSegments;

  // Steps of a group: what they change is laid out at once, for so many rows.
  static constexpr int32_t steps(int rows) { return kSteps / rows; }

  // Where tables of a group of steps hold a step: segments side by side, and the rows of each.
  static constexpr int32_t place(int32_t step, int rows) {
    return step % kSegment * kSegments + step / kSegment % (kSegments / rows) * rows;
  }

  int traces;
  bool sloped;  // Whether the rule multiplies the weight by anything.
  bool equal;   // Whether all events have the same gains.
  bool rises;   // Whether no event lowers a weight, and none is below the least: looked at where rows lie in pairs.
  float minimum, maximum;
  const float* factor;    // Of the decay of each trace in a step.
  const uint64_t* where;  // Of each event, where the unit's weight lies in a row, or its weights in a pair of rows, and,
                          // 32 bits higher, the place of the step.
  const int32_t* ends;    // Events until the end of each step.
  const float* gain;      // (1 + traces, room)
  const float* slope;     // (1 + traces, room)
  const float* pull;      // (room,): how far each event pulls weights towards their first values; null if none does.
  const float* marks;     // (traces, segments, pre): traces as the first step of each segment reads them.
  const float* first;     // (traces, pre): as the first step that a row has not seen reads them,
  const float* kept;      // (traces, pre): and with the spike of that step.
  int64_t room, segments, pre;
};

// Rows that are needed next, in lines of the cache: two are asked for at a time while others are worked on, for all at
// once would be more than may be under way.
class Coming {
 public:
  // `rows` rows of `units` weights, `stride` apart; or none.
  Coming() : at_(nullptr), end_(nullptr), units_(0), stride_(0), rows_(0) {}
  Coming(const float* weights, int64_t units, int64_t stride, int64_t rows)
      : at_(weights), end_(weights + units), units_(units), stride_(stride), rows_(rows) {}

  // Ask for two lines; returns whether there was one left. The second may lie behind the row.
  bool ask() {
    if (at_ >= end_) {
      if (rows_ < 2) return false;
      --rows_;
      end_ += stride_;
      at_ = end_ - units_;
    }
    ask_to_write_line(at_);
    ask_to_write_line(at_ + 16);
    at_ += 32;
    return true;
  }

 private:
  const float *at_, *end_;
  int64_t units_, stride_, rows_;
};

// A row, or a pair that begins with it, that is to see the steps [from, to).
struct PastRow {
  float* weights;
  const float* baseline;  // First weights; null if nothing pulls towards them.
  int64_t number;
  int32_t from, to;
  Coming* coming;  // What is to be asked for on the way.
};

}  // namespace spark
