// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

#include "operands.h"
#include "shares.h"

namespace spark {

// Each reads its operands in their order and, in the debug build, holds its arrays to their sizes. A `Span` is an array
// whose size the instruction itself looks at.

struct CopyOperands {
  char* to;
  const char* from;
  int64_t elements;
  int64_t size;

  explicit CopyOperands(Operands& o) {
    const auto to_place = o.place<char>();
    const auto from_place = o.place<char>();
    elements = o.whole();
    size = o.whole();
    to = to_place.of(elements * size, "to");
    from = from_place.of(elements * size, "from");
  }
};

struct StepOperands {
  char* step;

  explicit StepOperands(Operands& o) {
    const auto step_place = o.place<char>();
    step = step_place.of(8, "step");
  }
};

struct ClearOperands {
  char* to;
  int64_t bytes;

  explicit ClearOperands(Operands& o) {
    const auto to_place = o.place<char>();
    bytes = o.whole();
    to = to_place.of(bytes, "to");
  }
};

struct TakeOperands {
  char* to;
  Span<char> series;
  int64_t elements;
  int64_t size;

  explicit TakeOperands(Operands& o) {
    const auto to_place = o.place<char>();
    series = o.place<char>();
    elements = o.whole();
    size = o.whole();
    to = to_place.of(elements * size, "to");
  }
};

struct GuardOperands {
  const int32_t* total;
  int64_t units;
  int64_t room;

  explicit GuardOperands(Operands& o) {
    const auto total_place = o.place<int32_t>();
    units = o.whole();
    room = o.whole();
    total = total_place.of(1, "total");
  }
};

struct ListFiredOperands {
  const int8_t* spikes;
  int32_t* lists;
  int64_t units;
  int64_t steps;

  explicit ListFiredOperands(Operands& o) {
    const auto spikes_place = o.place<int8_t>();
    const auto lists_place = o.place<int32_t>();
    units = o.whole();
    steps = o.whole();
    spikes = spikes_place.of(units, "spikes");
    lists = lists_place.of(steps * fired_words(units), "lists");
  }
};

struct NoteSpikesOperands {
  int32_t* total;
  Span<int32_t> counts;
  Span<int32_t> noted;
  const int32_t* lists;
  int64_t units;

  explicit NoteSpikesOperands(Operands& o) {
    const auto total_place = o.place<int32_t>();
    counts = o.place<int32_t>();
    noted = o.place<int32_t>();
    const auto lists_place = o.place<int32_t>();
    units = o.whole();
    total = total_place.of(1, "total");
    lists = lists_place.of(fired_words(units), "lists");
  }
};

struct NoteRowOperands {
  int32_t* rows;
  Span<char> noted;
  Span<char> from;
  const int32_t* chosen;
  uint64_t step;
  int64_t elements;
  int64_t size;
  int64_t every;

  explicit NoteRowOperands(Operands& o) {
    const auto rows_place = o.place<int32_t>();
    noted = o.place<char>();
    from = o.place<char>();
    const auto chosen_place = o.place<int32_t>();
    step = o.counter();
    elements = o.whole();
    size = o.whole();
    every = o.whole();
    rows = rows_place.of(1, "rows");
    chosen = chosen_place.any(elements, "chosen");
  }
};

struct WatchOperands {
  int32_t* fault;
  uint64_t step;
  int64_t arrays;

  explicit WatchOperands(Operands& o) {
    const auto fault_place = o.place<int32_t>();
    step = o.counter();
    arrays = o.whole();
    fault = fault_place.of(2, "fault");
  }
};

struct WatchedOperands {
  const float* values;
  int64_t elements;
  int64_t number;

  explicit WatchedOperands(Operands& o) {
    const auto values_place = o.place<float>();
    elements = o.whole();
    number = o.whole();
    values = values_place.of(elements, "values");
  }
};

}  // namespace spark
