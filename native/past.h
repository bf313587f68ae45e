// What waits for rows of dense weights, as replay.h notes it and replay.inc applies it.
#pragma once

#include <cstdint>

namespace spark {

// What waits, in the order in which it happened, and what is known of the traces in the meantime. Steps are counted from
// the first one that waits.
struct Past {
  static constexpr int kSegment = 32;   // Steps from one mark of the traces to the next.
  static constexpr int kSegments = 16;  // Segments that are gone through side by side.
  static constexpr int kSteps = kSegment * kSegments;

  // Where tables of a group of steps hold a step: segments side by side.
  static constexpr int32_t place(int32_t step) {
    return step % kSegment * kSegments + step / kSegment % kSegments;
  }

  int traces;
  bool sloped;  // Whether the rule multiplies the weight by anything.
  bool equal;   // Whether all events have the same gains.
  float minimum, maximum;
  const float* factor;    // Of the decay of each trace in a step.
  const uint64_t* where;  // Of each event, the unit that fired, and, 32 bits higher, the place of the step.
  const int32_t* ends;    // Events until the end of each step.
  const float* gain;      // (1 + traces, room)
  const float* slope;     // (1 + traces, room)
  const float* pull;      // (room,): how far each event pulls weights towards their first values; null if none does.
  const float* marks;     // (traces, segments, pre): traces as the first step of each segment reads them.
  const float* first;     // (traces, pre): as the first step that a row has not seen reads them,
  const float* kept;      // (traces, pre): and with the spike of that step.
  int64_t room, segments, pre;
};

// A row that is to see the steps [from, to).
struct PastRow {
  float* weights;
  const float* baseline;  // First weights; null if nothing pulls towards them.
  int64_t number;
  int32_t from, to;
};

}  // namespace spark
