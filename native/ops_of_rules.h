// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

#include "operands.h"
#include "shares.h"

namespace spark {

// Each reads its operands in their order and, in the debug build, holds its arrays to their sizes. A `Span` is an array
// whose size the instruction itself looks at.

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

struct StdpOperands {
  float* weights;
  Span<float> coefficients;
  const float* pre_trace;
  const int8_t* pre_spikes;
  const uint32_t* history;
  const int8_t* post_spikes;
  uint64_t step;
  const float* pre_decayed;
  const float* post_decayed;
  const int32_t* post;
  const int32_t* starts;
  const int32_t* in_starts;
  const int32_t* in_edge;
  const int32_t* in_pre;
  const int32_t* in_delay;
  const int32_t* edge_pre;
  const int32_t* edge_delay;
  float* eligibility;
  float* pending;
  int32_t* waiting;
  float* moved;
  const float* modulation;
  bool learning;
  const float* baseline;
  int64_t pre_traces;
  int64_t post_traces;
  int64_t pre;
  int64_t units;
  int64_t synapses;
  int64_t words;
  int64_t delays;
  int64_t slots;
  int64_t modulations;
  int64_t interval;
  int64_t renewal;
  float rate;

  explicit StdpOperands(Operands& o) {
    const auto weights_place = o.place<float>();
    coefficients = o.place<float>();
    const auto pre_trace_place = o.place<float>();
    const auto pre_spikes_place = o.place<int8_t>();
    const auto history_place = o.place<uint32_t>();
    const auto post_spikes_place = o.place<int8_t>();
    step = o.counter();
    const auto pre_decayed_place = o.place<float>();
    const auto post_decayed_place = o.place<float>();
    const auto post_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto in_starts_place = o.place<int32_t>();
    const auto in_edge_place = o.place<int32_t>();
    const auto in_pre_place = o.place<int32_t>();
    const auto in_delay_place = o.place<int32_t>();
    const auto edge_pre_place = o.place<int32_t>();
    const auto edge_delay_place = o.place<int32_t>();
    const auto eligibility_place = o.place<float>();
    const auto pending_place = o.place<float>();
    const auto waiting_place = o.place<int32_t>();
    const auto moved_place = o.place<float>();
    const auto modulation_place = o.place<float>();
    learning = o.learning();
    const auto baseline_place = o.place<float>();
    pre_traces = o.whole();
    post_traces = o.whole();
    pre = o.whole();
    units = o.whole();
    synapses = o.whole();
    words = o.whole();
    delays = o.whole();
    slots = o.whole();
    modulations = o.whole();
    interval = o.whole();
    renewal = o.whole();
    rate = o.number();
    weights = weights_place.of(synapses, "weights");
    pre_trace = pre_trace_place.of(pre_traces * slots * pre, "pre_trace");
    pre_spikes = pre_spikes_place.any(pre, "pre_spikes");
    history = history_place.any(2 * words * pre, "history");
    post_spikes = post_spikes_place.of(units, "post_spikes");
    pre_decayed = pre_decayed_place.of(pre_traces * pre, "pre_decayed");
    post_decayed = post_decayed_place.of(post_traces * units, "post_decayed");
    post = post_place.any(synapses, "post");
    starts = starts_place.any(pre * (delays + 1), "starts");
    in_starts = in_starts_place.any(units + 1, "in_starts");
    in_edge = in_edge_place.any(synapses, "in_edge");
    in_pre = in_pre_place.any(synapses, "in_pre");
    in_delay = in_delay_place.any(synapses, "in_delay");
    edge_pre = edge_pre_place.any(synapses, "edge_pre");
    edge_delay = edge_delay_place.any(synapses, "edge_delay");
    eligibility = eligibility_place.any(synapses, "eligibility");
    pending = pending_place.any(synapses, "pending");
    waiting = waiting_place.any(1, "waiting");
    moved = moved_place.any(modulations, "moved");
    modulation = modulation_place.any(modulations, "modulation");
    baseline = baseline_place.any(synapses, "baseline");
  }
};

struct RuleOperands {
  float* weights;
  const float* bounds;
  const int8_t* pre_spikes;
  const uint32_t* history;
  const int8_t* active;
  uint64_t step;
  const float* pre_value;
  const float* post_value;
  Span<float> numbers_at_pre;
  Span<float> numbers_at_post;
  const int32_t* post;
  const int32_t* starts;
  const int32_t* in_starts;
  const int32_t* in_edge;
  const int32_t* in_pre;
  const int32_t* in_delay;
  const int32_t* edge_pre;
  const int32_t* edge_delay;
  float* eligibility;
  float* pending;
  int32_t* waiting;
  float* moved;
  const float* modulation;
  bool learning;
  int64_t pre_values;
  int64_t post_values;
  int64_t pre;
  int64_t units;
  int64_t synapses;
  int64_t words;
  int64_t delays;
  int64_t slots;
  int64_t at_pre;
  int64_t at_post;
  int64_t key_at_pre;
  int64_t key_at_post;
  int64_t modulations;
  int64_t interval;
  int64_t renewal;
  float rate;

  explicit RuleOperands(Operands& o) {
    const auto weights_place = o.place<float>();
    const auto bounds_place = o.place<float>();
    const auto pre_spikes_place = o.place<int8_t>();
    const auto history_place = o.place<uint32_t>();
    const auto active_place = o.place<int8_t>();
    step = o.counter();
    const auto pre_value_place = o.place<float>();
    const auto post_value_place = o.place<float>();
    numbers_at_pre = o.place<float>();
    numbers_at_post = o.place<float>();
    const auto post_place = o.place<int32_t>();
    const auto starts_place = o.place<int32_t>();
    const auto in_starts_place = o.place<int32_t>();
    const auto in_edge_place = o.place<int32_t>();
    const auto in_pre_place = o.place<int32_t>();
    const auto in_delay_place = o.place<int32_t>();
    const auto edge_pre_place = o.place<int32_t>();
    const auto edge_delay_place = o.place<int32_t>();
    const auto eligibility_place = o.place<float>();
    const auto pending_place = o.place<float>();
    const auto waiting_place = o.place<int32_t>();
    const auto moved_place = o.place<float>();
    const auto modulation_place = o.place<float>();
    learning = o.learning();
    pre_values = o.whole();
    post_values = o.whole();
    pre = o.whole();
    units = o.whole();
    synapses = o.whole();
    words = o.whole();
    delays = o.whole();
    slots = o.whole();
    at_pre = o.whole();
    at_post = o.whole();
    key_at_pre = o.whole();
    key_at_post = o.whole();
    modulations = o.whole();
    interval = o.whole();
    renewal = o.whole();
    rate = o.number();
    weights = weights_place.of(synapses, "weights");
    bounds = bounds_place.of(2, "bounds");
    pre_spikes = pre_spikes_place.any(pre, "pre_spikes");
    history = history_place.any(2 * words * pre, "history");
    active = active_place.any(units, "active");
    pre_value = pre_value_place.any(pre_values * slots * pre, "pre_value");
    post_value = post_value_place.any(post_values * units, "post_value");
    post = post_place.any(synapses, "post");
    starts = starts_place.any(pre * (delays + 1), "starts");
    in_starts = in_starts_place.any(units + 1, "in_starts");
    in_edge = in_edge_place.any(synapses, "in_edge");
    in_pre = in_pre_place.any(synapses, "in_pre");
    in_delay = in_delay_place.any(synapses, "in_delay");
    edge_pre = edge_pre_place.any(synapses, "edge_pre");
    edge_delay = edge_delay_place.any(synapses, "edge_delay");
    eligibility = eligibility_place.any(synapses, "eligibility");
    pending = pending_place.any(synapses, "pending");
    waiting = waiting_place.any(1, "waiting");
    moved = moved_place.any(modulations, "moved");
    modulation = modulation_place.any(modulations, "modulation");
  }
};

}  // namespace spark
