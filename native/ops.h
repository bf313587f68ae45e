// The numbers of all instructions, and the operands of those that spark/kernels/ops.py declares. Change them there,
// then write this file: python -m spark.kernels.ops_header > native/ops.h
#pragma once

#include <cstdint>

#include "operands.h"
#include "shares.h"

namespace spark {

#define SPARK_INSTRUCTIONS(_) \
  _(kCopy, 0) \
  _(kSpiker, 1) \
  _(kPush, 2) \
  _(kDeliverEdges, 3) \
  _(kDeliverDense, 4) \
  _(kSoma, 5) \
  _(kZenke, 6) \
  _(kSign, 7) \
  _(kIntegrator, 8) \
  _(kStep, 9) \
  _(kBump, 10) \
  _(kWatch, 11) \
  _(kClear, 12) \
  _(kTake, 13) \
  _(kGuard, 14) \
  _(kNoteSpikes, 15) \
  _(kNoteRow, 16) \
  _(kScatter, 17) \
  _(kDrawSpikes, 18) \
  _(kAddCounts, 19) \
  _(kDeliverAndChange, 20) \
  _(kFormula, 21) \
  _(kReceive, 22) \
  _(kBarrier, 23) \
  _(kListFired, 24) \
  _(kTraces, 25) \
  _(kZenkeTraces, 26) \
  _(kArrive, 27) \
  _(kSpread, 28) \
  _(kStdp, 32) \
  _(kDeliverWaiting, 33) \
  _(kRule, 34)

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

struct SpikerOperands {
  float* potential;
  int32_t* refractory;
  const float* drive;
  int8_t* spikes;
  int64_t units;
  int64_t blocked;
  float factor;
  float gain;
  float level;

  explicit SpikerOperands(Operands& o) {
    const auto potential_place = o.place<float>();
    const auto refractory_place = o.place<int32_t>();
    const auto drive_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    units = o.whole();
    blocked = o.whole();
    factor = o.number();
    gain = o.number();
    level = o.number();
    potential = potential_place.of(units, "potential");
    refractory = refractory_place.of(units, "refractory");
    drive = drive_place.of(units, "drive");
    spikes = spikes_place.of(units, "spikes");
  }
};

struct BumpOperands {
  const float* signal;
  const float* place;
  float* drive;
  int64_t signals;
  int64_t resolution;
  float low;
  float span;
  float pi;
  float scale;

  explicit BumpOperands(Operands& o) {
    const auto signal_place = o.place<float>();
    const auto place_place = o.place<float>();
    const auto drive_place = o.place<float>();
    signals = o.whole();
    resolution = o.whole();
    low = o.number();
    span = o.number();
    pi = o.number();
    scale = o.number();
    signal = signal_place.of(signals, "signal");
    place = place_place.of(resolution, "place");
    drive = drive_place.of(signals * resolution, "drive");
  }
};

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

struct SomaOperands {
  float* potential;
  int32_t* refractory;
  float* threshold;
  const float* current;
  int8_t* spikes;
  int64_t units;
  int64_t blocked;
  float gain;
  float resistance;
  float level;
  float after;
  float fall;
  float rise;

  explicit SomaOperands(Operands& o) {
    const auto potential_place = o.place<float>();
    const auto refractory_place = o.place<int32_t>();
    const auto threshold_place = o.place<float>();
    const auto current_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    units = o.whole();
    blocked = o.whole();
    gain = o.number();
    resistance = o.number();
    level = o.number();
    after = o.number();
    fall = o.number();
    rise = o.number();
    potential = potential_place.of(units, "potential");
    refractory = refractory_place.of(units, "refractory");
    threshold = threshold_place.any(units, "threshold");
    current = current_place.of(units, "current");
    spikes = spikes_place.of(units, "spikes");
  }
};

struct SignOperands {
  int8_t* out;
  const int8_t* spikes;
  const int8_t* signs;
  int64_t units;

  explicit SignOperands(Operands& o) {
    const auto out_place = o.place<int8_t>();
    const auto spikes_place = o.place<int8_t>();
    const auto signs_place = o.place<int8_t>();
    units = o.whole();
    out = out_place.of(units, "out");
    spikes = spikes_place.of(units, "spikes");
    signs = signs_place.of(units, "signs");
  }
};

struct IntegratorOperands {
  float* average;
  float* smooth;
  const int8_t* spikes;
  const int32_t* group;
  const float* share;
  int32_t* counts;
  float* out;
  int64_t groups;
  int64_t units;
  float gain;
  float smooth_gain;

  explicit IntegratorOperands(Operands& o) {
    const auto average_place = o.place<float>();
    const auto smooth_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    const auto group_place = o.place<int32_t>();
    const auto share_place = o.place<float>();
    const auto counts_place = o.place<int32_t>();
    const auto out_place = o.place<float>();
    groups = o.whole();
    units = o.whole();
    gain = o.number();
    smooth_gain = o.number();
    average = average_place.of(groups, "average");
    smooth = smooth_place.any(groups, "smooth");
    spikes = spikes_place.of(units, "spikes");
    group = group_place.of(units, "group");
    share = share_place.of(groups, "share");
    counts = counts_place.of(groups, "counts");
    out = out_place.of(groups, "out");
  }
};

struct DrawSpikesOperands {
  const uint32_t* key;
  uint64_t step;
  const float* signal;
  int8_t* spikes;
  int64_t units;
  float chance;

  explicit DrawSpikesOperands(Operands& o) {
    const auto key_place = o.place<uint32_t>();
    step = o.counter();
    const auto signal_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    units = o.whole();
    chance = o.number();
    key = key_place.of(2, "key");
    signal = signal_place.of(units, "signal");
    spikes = spikes_place.of(units, "spikes");
  }
};

struct AddCountsOperands {
  const uint32_t* key;
  uint64_t step;
  const uint32_t* bounds;
  float* ring;
  int64_t units;
  int64_t most;
  int64_t slots;
  int64_t is_share;
  float weight;

  explicit AddCountsOperands(Operands& o) {
    const auto key_place = o.place<uint32_t>();
    step = o.counter();
    const auto bounds_place = o.place<uint32_t>();
    const auto ring_place = o.place<float>();
    units = o.whole();
    most = o.whole();
    slots = o.whole();
    is_share = o.whole();
    weight = o.number();
    key = key_place.of(2 + is_share, "key");
    bounds = bounds_place.of(most, "bounds");
    ring = ring_place.of(slots * units, "ring");
  }
};

struct ReceiveOperands {
  float* ring;
  float* to;
  uint64_t step;
  int64_t units;
  int64_t slots;

  explicit ReceiveOperands(Operands& o) {
    const auto ring_place = o.place<float>();
    const auto to_place = o.place<float>();
    step = o.counter();
    units = o.whole();
    slots = o.whole();
    ring = ring_place.of(slots * units, "ring");
    to = to_place.of(units, "to");
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

struct DeliverAndChangeOperands {
  const uint32_t* history;
  Span<float> weights;
  const int32_t* post;
  const int32_t* starts;
  float* current;
  const float* post_trace;
  const float* parameters;
  float* decayed;
  bool learning;
  int64_t words;
  int64_t pre;
  int64_t delays;
  int64_t units;
  float factor;

  explicit DeliverAndChangeOperands(Operands& o) {
    const auto history_place = o.place<uint32_t>();
    weights = o.place<float>();
    const auto post_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto current_place = o.place<float>();
    const auto post_trace_place = o.place<float>();
    const auto parameters_place = o.place<float>();
    const auto decayed_place = o.place<float>();
    learning = o.learning();
    words = o.whole();
    pre = o.whole();
    delays = o.whole();
    units = o.whole();
    factor = o.number();
    history = history_place.of(2 * words * pre, "history");
    post = post_place.of(weights.count(), "post");
    starts = starts_place.of(pre * (delays + 1), "starts");
    current = current_place.of(units, "current");
    post_trace = post_trace_place.of(units, "post_trace");
    parameters = parameters_place.of(7, "parameters");
    decayed = decayed_place.of(units, "decayed");
  }
};

struct ZenkeTracesOperands {
  const uint32_t* history;
  float* ring;
  float* post_trace;
  float* slow_trace;
  const int8_t* spikes;
  uint64_t step;
  float* post_decayed;
  float* slow_decayed;
  int64_t words;
  int64_t pre;
  int64_t units;
  int64_t slots;
  float fast_pre;
  float fast_post;
  float slow_post;

  explicit ZenkeTracesOperands(Operands& o) {
    const auto history_place = o.place<uint32_t>();
    const auto ring_place = o.place<float>();
    const auto post_trace_place = o.place<float>();
    const auto slow_trace_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    step = o.counter();
    const auto post_decayed_place = o.place<float>();
    const auto slow_decayed_place = o.place<float>();
    words = o.whole();
    pre = o.whole();
    units = o.whole();
    slots = o.whole();
    fast_pre = o.number();
    fast_post = o.number();
    slow_post = o.number();
    history = history_place.of(2 * words * pre, "history");
    ring = ring_place.of(slots * pre, "ring");
    post_trace = post_trace_place.of(units, "post_trace");
    slow_trace = slow_trace_place.of(units, "slow_trace");
    spikes = spikes_place.of(units, "spikes");
    post_decayed = post_decayed_place.of(units, "post_decayed");
    slow_decayed = slow_decayed_place.of(units, "slow_decayed");
  }
};

struct ZenkeOperands {
  Span<float> weights;
  const float* baseline;
  const uint32_t* history;
  const float* ring;
  const int8_t* spikes;
  uint64_t step;
  const int32_t* post;
  const int32_t* starts;
  const int32_t* in_starts;
  const int32_t* in_edge;
  const int32_t* in_pre;
  const int32_t* in_delay;
  const float* parameters;
  const float* post_decayed;
  const float* slow_decayed;
  bool learning;
  int64_t words;
  int64_t pre;
  int64_t delays;
  int64_t units;
  int64_t slots;
  int64_t arrived;

  explicit ZenkeOperands(Operands& o) {
    weights = o.place<float>();
    const auto baseline_place = o.place<float>();
    const auto history_place = o.place<uint32_t>();
    const auto ring_place = o.place<float>();
    const auto spikes_place = o.place<int8_t>();
    step = o.counter();
    const auto post_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto in_starts_place = o.place<int32_t>();
    const auto in_edge_place = o.place<int32_t>();
    const auto in_pre_place = o.place<int32_t>();
    const auto in_delay_place = o.place<int32_t>();
    const auto parameters_place = o.place<float>();
    const auto post_decayed_place = o.place<float>();
    const auto slow_decayed_place = o.place<float>();
    learning = o.learning();
    words = o.whole();
    pre = o.whole();
    delays = o.whole();
    units = o.whole();
    slots = o.whole();
    arrived = o.whole();
    baseline = baseline_place.of(weights.count(), "baseline");
    history = history_place.of(2 * words * pre, "history");
    ring = ring_place.of(slots * pre, "ring");
    spikes = spikes_place.of(units, "spikes");
    post = post_place.of(weights.count(), "post");
    starts = starts_place.of(pre * (delays + 1), "starts");
    in_starts = in_starts_place.of(units + 1, "in_starts");
    in_edge = in_edge_place.of(weights.count(), "in_edge");
    in_pre = in_pre_place.of(weights.count(), "in_pre");
    in_delay = in_delay_place.of(weights.count(), "in_delay");
    parameters = parameters_place.of(7, "parameters");
    post_decayed = post_decayed_place.of(units, "post_decayed");
    slow_decayed = slow_decayed_place.of(units, "slow_decayed");
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

struct ScatterOperands {
  const int32_t* lists;
  const int32_t* starts;
  Span<char> post;
  Span<char> weights;
  Span<char> delays;
  float* ring;
  uint64_t step;
  const float* amplitudes;
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
  }
};

struct SpreadOperands {
  Span<char> post;
  Span<char> weights;
  Span<char> delays;
  float* ring;
  float* block;
  uint64_t step;
  Span<char> memory;
  int64_t units;
  int64_t slots;
  int64_t further;
  int64_t together;
  int64_t post_type;
  int64_t weight_type;
  int64_t delay_type;
  int64_t layout;
  int64_t is_signed;
  int64_t ascends;
  int64_t wires;

  explicit SpreadOperands(Operands& o) {
    post = o.place<char>();
    weights = o.place<char>();
    delays = o.place<char>();
    const auto ring_place = o.place<float>();
    const auto block_place = o.place<float>();
    step = o.counter();
    memory = o.place<char>();
    units = o.whole();
    slots = o.whole();
    further = o.whole();
    together = o.whole();
    post_type = o.whole();
    weight_type = o.whole();
    delay_type = o.whole();
    layout = o.whole();
    is_signed = o.whole();
    ascends = o.whole();
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

struct TracesOperands {
  float* pre_trace;
  float* post_trace;
  const int8_t* pre_spikes;
  const uint32_t* history;
  const int8_t* post_spikes;
  uint64_t step;
  float* pre_decayed;
  float* post_decayed;
  int64_t pre;
  int64_t post;
  int64_t words;
  int64_t slots;
  int64_t pre_traces;
  int64_t post_traces;

  explicit TracesOperands(Operands& o) {
    const auto pre_trace_place = o.place<float>();
    const auto post_trace_place = o.place<float>();
    const auto pre_spikes_place = o.place<int8_t>();
    const auto history_place = o.place<uint32_t>();
    const auto post_spikes_place = o.place<int8_t>();
    step = o.counter();
    const auto pre_decayed_place = o.place<float>();
    const auto post_decayed_place = o.place<float>();
    pre = o.whole();
    post = o.whole();
    words = o.whole();
    slots = o.whole();
    pre_traces = o.whole();
    post_traces = o.whole();
    pre_trace = pre_trace_place.of(pre_traces * slots * pre, "pre_trace");
    post_trace = post_trace_place.of(post_traces * post, "post_trace");
    pre_spikes = pre_spikes_place.any(pre, "pre_spikes");
    history = history_place.any(2 * words * pre, "history");
    post_spikes = post_spikes_place.of(post, "post_spikes");
    pre_decayed = pre_decayed_place.of(pre_traces * pre, "pre_decayed");
    post_decayed = post_decayed_place.of(post_traces * post, "post_decayed");
  }
};

struct TraceOperands {
  int64_t nearest;
  float factor;

  explicit TraceOperands(Operands& o) {
    nearest = o.whole();
    factor = o.number();
  }
};

struct DeliverWaitingOperands {
  const int8_t* spikes;
  float* weights;
  float* current;
  Span<float> coefficients;
  const float* baseline;
  int64_t pre;
  int64_t post;
  int64_t pre_traces;
  int64_t post_traces;

  explicit DeliverWaitingOperands(Operands& o) {
    const auto spikes_place = o.place<int8_t>();
    const auto weights_place = o.place<float>();
    const auto current_place = o.place<float>();
    coefficients = o.place<float>();
    const auto baseline_place = o.place<float>();
    pre = o.whole();
    post = o.whole();
    pre_traces = o.whole();
    post_traces = o.whole();
    spikes = spikes_place.of(pre, "spikes");
    weights = weights_place.of(pre * post, "weights");
    current = current_place.of(post, "current");
    baseline = baseline_place.any(pre * post, "baseline");
  }
};

struct WaitingOperands {
  Span<int32_t> memory;
  int64_t room;
  int64_t steps;

  explicit WaitingOperands(Operands& o) {
    memory = o.place<int32_t>();
    room = o.whole();
    steps = o.whole();
  }
};

struct DecayOperands {
  float factor;

  explicit DecayOperands(Operands& o) {
    factor = o.number();
  }
};

}  // namespace spark
