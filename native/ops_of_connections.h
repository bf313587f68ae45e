// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

#include "operands.h"
#include "shares.h"

namespace spark {

// Each reads its operands in their order and, in the debug build, holds its arrays to their sizes. A `Span` is an array
// whose size the instruction itself looks at.

struct PushOperands {
  uint32_t* history;
  const int8_t* spikes;
  int64_t words;
  int64_t pre;

  explicit PushOperands(Operands& o) {
    const auto history_place = o.place<uint32_t>();
    const auto spikes_place = o.place<int8_t>();
    words = o.whole();
    pre = o.whole();
    history = history_place.of(2 * words * pre, "history");
    spikes = spikes_place.of(pre, "spikes");
  }
};

struct DeliverDenseOperands {
  const int8_t* spikes;
  const float* weights;
  float* current;
  int64_t pre;
  int64_t post;

  explicit DeliverDenseOperands(Operands& o) {
    const auto spikes_place = o.place<int8_t>();
    const auto weights_place = o.place<float>();
    const auto current_place = o.place<float>();
    pre = o.whole();
    post = o.whole();
    spikes = spikes_place.of(pre, "spikes");
    weights = weights_place.of(pre * post, "weights");
    current = current_place.of(post, "current");
  }
};

struct DeliverEdgesOperands {
  const uint32_t* history;
  Span<float> weights;
  const int32_t* post;
  const int32_t* starts;
  float* current;
  int64_t words;
  int64_t pre;
  int64_t delays;
  int64_t units;

  explicit DeliverEdgesOperands(Operands& o) {
    const auto history_place = o.place<uint32_t>();
    weights = o.place<float>();
    const auto post_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto current_place = o.place<float>();
    words = o.whole();
    pre = o.whole();
    delays = o.whole();
    units = o.whole();
    history = history_place.of(2 * words * pre, "history");
    post = post_place.of(weights.count(), "post");
    starts = starts_place.of(pre * (delays + 1), "starts");
    current = current_place.of(units, "current");
  }
};

struct ScatterOperands {
  const int32_t* lists;
  const int32_t* starts;
  Span<char> post;
  Span<char> weights;
  Span<char> delays;
  float* ring;
  uint64_t step;
  const float* amplitudes;
  const int32_t* middles;
  int64_t pre;
  int64_t slots;
  int64_t units;
  int64_t further;
  int64_t post_type;
  int64_t weight_type;
  int64_t delay_type;
  int64_t layout;
  int64_t is_signed;
  int64_t ascends;

  explicit ScatterOperands(Operands& o) {
    const auto lists_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    post = o.place<char>();
    weights = o.place<char>();
    delays = o.place<char>();
    const auto ring_place = o.place<float>();
    step = o.counter();
    const auto amplitudes_place = o.place<float>();
    const auto middles_place = o.place<int32_t>();
    pre = o.whole();
    slots = o.whole();
    units = o.whole();
    further = o.whole();
    post_type = o.whole();
    weight_type = o.whole();
    delay_type = o.whole();
    layout = o.whole();
    is_signed = o.whole();
    ascends = o.whole();
    lists = lists_place.of(fired_words(pre), "lists");
    starts = starts_place.of(pre + 1, "starts");
    ring = ring_place.of(slots * units, "ring");
    amplitudes = amplitudes_place.any(pre, "amplitudes");
    middles = middles_place.any(pre, "middles");
  }
};

struct ArriveOperands {
  const int32_t* lists;
  const int32_t* starts;
  Span<char> post;
  Span<char> weights;
  float* ring;
  float* row;
  uint64_t step;
  const int32_t* middles;
  int64_t pre;
  int64_t slots;
  int64_t units;
  int64_t further;
  int64_t post_type;
  int64_t weight_type;
  int64_t delay_type;
  int64_t layout;
  int64_t is_signed;
  int64_t ascends;
  int64_t is_first;

  explicit ArriveOperands(Operands& o) {
    const auto lists_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    post = o.place<char>();
    weights = o.place<char>();
    const auto ring_place = o.place<float>();
    const auto row_place = o.place<float>();
    step = o.counter();
    const auto middles_place = o.place<int32_t>();
    pre = o.whole();
    slots = o.whole();
    units = o.whole();
    further = o.whole();
    post_type = o.whole();
    weight_type = o.whole();
    delay_type = o.whole();
    layout = o.whole();
    is_signed = o.whole();
    ascends = o.whole();
    is_first = o.whole();
    lists = lists_place.of((further + 1) * fired_words(pre), "lists");
    starts = starts_place.of(pre + 1, "starts");
    ring = ring_place.of(slots * units, "ring");
    row = row_place.of(units, "row");
    middles = middles_place.any(pre, "middles");
  }
};

struct SpreadOperands {
  Span<uint32_t> targets;
  Span<char> weights;
  float* ring;
  float* block;
  uint64_t step;
  Span<char> memory;
  int64_t units;
  int64_t slots;
  int64_t further;
  int64_t together;
  int64_t weight_type;
  int64_t layout;
  int64_t is_signed;
  int64_t wires;

  explicit SpreadOperands(Operands& o) {
    targets = o.place<uint32_t>();
    weights = o.place<char>();
    const auto ring_place = o.place<float>();
    const auto block_place = o.place<float>();
    step = o.counter();
    memory = o.place<char>();
    units = o.whole();
    slots = o.whole();
    further = o.whole();
    together = o.whole();
    weight_type = o.whole();
    layout = o.whole();
    is_signed = o.whole();
    wires = o.whole();
    ring = ring_place.of(slots * units, "ring");
    block = block_place.of(together * units, "block");
  }
};

struct SpreadWireOperands {
  const int32_t* lists;
  const int32_t* starts;
  const int32_t* middles;
  const float* amplitudes;
  int64_t sources;
  int64_t first;

  explicit SpreadWireOperands(Operands& o) {
    const auto lists_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto middles_place = o.place<int32_t>();
    const auto amplitudes_place = o.place<float>();
    sources = o.whole();
    first = o.whole();
    lists = lists_place.of(fired_words(sources), "lists");
    starts = starts_place.of(sources + 1, "starts");
    middles = middles_place.of(sources, "middles");
    amplitudes = amplitudes_place.any(sources, "amplitudes");
  }
};

}  // namespace spark
