// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

#include "operands.h"
#include "shares.h"

namespace spark {

// Each reads its operands in their order and, in the debug build, holds its arrays to their sizes. A `Span` is an array
// whose size the instruction itself looks at.

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

}  // namespace spark
