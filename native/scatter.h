// Spikes scattered through compressed rows of connections into rings of future input.
#pragma once

#include <cstdint>

#include "ahead.h"
#include "fired.h"
#include "operands.h"
#include "shares.h"
#include "targets.h"
#include "weights.h"

namespace spark {

// What the elements of `weights` belong to.
enum WeightLayout : int64_t { kOneWeight = 0, kWeightOfUnit = 1, kWeightOfEdge = 2 };

// Connections of unit j: elements starts[j] up to starts[j + 1]. `delays` has one for each, or is null.
template <class Post, class Weight, class Delay>
struct Rows {
  const int32_t* starts;
  const int32_t* middles;  // First elements that end at the second half of the units; null if they are to be looked for.
  const Post* post;
  const Weight* weights;
  const Delay* delays;
  int64_t layout;
  bool ascends;  // Targets do within each row.
};

// `input` is (slots, units): what arrives at the steps to come; `slot` is the one that delay 0 stands for. What arrives
// at the units of `part` is added.
struct Ring {
  float* input;
  int64_t slots, units, slot;
  Part part;

  float* at(int64_t delay) const {
    int64_t found = slot + delay;
    if (found >= slots) found -= slots;
    return input + found * units;
  }

  // About which share of a row ends at the units of the part, and a little more.
  Cut about(int32_t begin, int32_t end) const {
    constexpr int64_t kMore = 8;
    const int64_t count = end - begin;
    const int64_t first = count * part.first / units - kMore, last = count * part.last / units + kMore;
    return {begin + static_cast<int32_t>(first > 0 ? first : 0), begin + static_cast<int32_t>(last < count ? last : count)};
  }

  bool is_whole() const { return part.size() == units; }
};

// How many units ahead their places in memory are asked for, and their connections.
constexpr int32_t kStartsAhead = 24, kRowsAhead = 8;

// Where the rows begin and end.
struct Bounds {
  const int32_t* begins;
  const int32_t* ends;
  bool is_cut;  // What of a row ends at own units is to be looked for between them.

  Cut row(int64_t unit) const { return {begins[unit], ends[unit]}; }
};

// Example: of two shares each owns a half, and its connections lie between the middles and an end of the rows.
template <class Post, class Weight, class Delay>
inline Bounds bounds_of(const Rows<Post, Weight, Delay>& rows, const Ring& ring) {
  const int32_t *const begins = rows.starts, *const ends = rows.starts + 1;
  if (ring.is_whole() || !rows.ascends) return {begins, ends, false};
  const int64_t half = first_of_second_half(ring.units), first = ring.part.first, last = ring.part.last;
  if (rows.middles && first == 0 && last == half) return {begins, rows.middles, false};
  if (rows.middles && first == half && last == ring.units) return {rows.middles, ends, false};
  return {begins, ends, true};
}

template <class Post, class Weight, class Delay>
inline void ask_for(const Rows<Post, Weight, Delay>& rows, const Bounds& bounds, int64_t unit, const Ring& ring) {
  constexpr int32_t kMost = 1024;  // Bytes; the processor's own prefetching takes over in longer rows.
  const Cut row = bounds.row(unit);
  const auto [begin, end] = bounds.is_cut ? ring.about(row.begin, row.end) : row;
  const char* const first = reinterpret_cast<const char*>(rows.post + begin);
  const char* const last = reinterpret_cast<const char*>(rows.post + end);
  for (const char* at = first; at < last && at < first + kMost; at += 64) ask_for_line(at);
  if (rows.layout == kWeightOfEdge) {
    const char* const weight = reinterpret_cast<const char*>(rows.weights + begin);
    const int64_t bytes = static_cast<int64_t>(end - begin) * static_cast<int64_t>(sizeof(Weight));
    for (int64_t at = 0; at < bytes && at < kMost; at += 64) ask_for_line(weight + at);
  }
}

template <class Post, class Weight, class Delay>
inline void scatter_row(const Rows<Post, Weight, Delay>& rows, const Bounds& bounds, int64_t unit, float sign,
                        const Ring& ring) {
  const Post* const post = rows.post;
  const Cut row = bounds.row(unit);
  const auto [begin, end] = bounds.is_cut ? cut(post, row.begin, row.end, ring.part, ring.units) : row;
  const bool each = rows.layout == kWeightOfEdge;
  const float one = each ? 0.0f : sign * widen(rows.weights[rows.layout == kWeightOfUnit ? unit : 0]);
  float* const out = ring.at(0);
  if (!ring.is_whole() && !rows.ascends) {
    for (int32_t edge = begin; edge < end; ++edge) {
      if (!ring.part.has(static_cast<int64_t>(post[edge]))) continue;
      const int64_t delay = rows.delays == nullptr ? 0 : static_cast<int64_t>(rows.delays[edge]);
      ring.at(delay)[post[edge]] += each ? sign * widen(rows.weights[edge]) : one;
    }
  } else if (rows.delays != nullptr && each) {
    for (int32_t edge = begin; edge < end; ++edge)
      ring.at(rows.delays[edge])[post[edge]] += sign * widen(rows.weights[edge]);
  } else if (rows.delays != nullptr) {
    for (int32_t edge = begin; edge < end; ++edge) ring.at(rows.delays[edge])[post[edge]] += one;
  } else if (each) {
    for (int32_t edge = begin; edge < end; ++edge) out[post[edge]] += sign * widen(rows.weights[edge]);
  } else {
    for (int32_t edge = begin; edge < end; ++edge) out[post[edge]] += one;
  }
}

// ring[(slot + delay of e) mod slots, post of e] += sign * weight of e, for all e of the units that fired: by ascending
// unit, then ascending e. An unsigned scatter takes every spike as +1. Where each unit has an amplitude, the sign is
// multiplied by it.
template <class Post, class Weight, class Delay>
void scatter_fired(const Fired& fired, const Rows<Post, Weight, Delay>& rows, bool is_signed, const float* amplitudes,
                   const Ring& ring) {
  constexpr int32_t kCapacity = 256;
  int32_t listed[kCapacity];
  int32_t count = 0;
  const Bounds bounds = bounds_of(rows, ring);
  const auto unit = [&](int32_t at) { return spike_of(listed[at]).unit; };
  const auto ask_for_bounds = [&](int32_t at) {
    ask_for_line(bounds.begins + unit(at));
    ask_for_line(bounds.ends + unit(at));
  };
  const auto work_off = [&] {
    for (int32_t at = 0; at < count && at < kStartsAhead; ++at) ask_for_bounds(at);
    for (int32_t at = 0; at < count && at < kRowsAhead; ++at) ask_for(rows, bounds, unit(at), ring);
    for (int32_t at = 0; at < count; ++at) {
      if (at + kStartsAhead < count) ask_for_bounds(at + kStartsAhead);
      if (at + kRowsAhead < count) ask_for(rows, bounds, unit(at + kRowsAhead), ring);
      const bool subtracts = is_signed && spike_of(listed[at]).negative;
      const float sign = subtracts ? -1.0f : 1.0f;
      scatter_row(rows, bounds, unit(at), amplitudes ? sign * amplitudes[unit(at)] : sign, ring);
    }
    count = 0;
  };
  fired.for_each_list([&](const int32_t* list, int32_t length) {
    for (int32_t at = 0; at < length; ++at) {
      if (count == kCapacity) work_off();
      listed[count++] = list[at];
    }
  });
  work_off();
}

// Which types the arrays of a scatter have, as numbers that Python passes.
enum PostType : int64_t { kPost16 = 0, kPost32 = 1, kTargets = 2 };  // Those of targets.h hold delays too.
enum WeightType : int64_t { kFloat32 = 0, kFloat16 = 1, kBfloat16 = 2 };
enum DelayType : int64_t { kNoDelay = 0, kDelay8 = 1, kDelay16 = 2 };

struct Scatter {
  Fired fired;
  const int32_t* starts;
  const void* post;
  const void* weights;
  const void* delays;
  int64_t post_type, weight_type, delay_type, layout;
  bool is_signed;
  bool ascends;
  Ring ring;
  const float* amplitudes = nullptr;  // Of each unit; null where all weights count whole.
  const int32_t* middles = nullptr;   // As of `Rows`; null where rows do not ascend.
};

// Calls `work` with the rows of these types.
template <class Post, class Weight, class Delay, class Work>
void with_typed_rows(const Scatter& s, Work work) {
  work(Rows<Post, Weight, Delay>{s.starts, s.middles, static_cast<const Post*>(s.post),
                                 static_cast<const Weight*>(s.weights), static_cast<const Delay*>(s.delays), s.layout,
                                 s.ascends});
}

template <class Post, class Weight, class Work>
void with_delays(const Scatter& s, Work work) {
  if (s.delay_type == kDelay16) return with_typed_rows<Post, Weight, uint16_t>(s, work);
  with_typed_rows<Post, Weight, uint8_t>(s, work);
}

template <class Post, class Work>
void with_weights(const Scatter& s, Work work) {
  switch (s.weight_type) {
    case kFloat16: return with_delays<Post, Float16>(s, work);
    case kBfloat16: return with_delays<Post, Bfloat16>(s, work);
    default: return with_delays<Post, float>(s, work);
  }
}

template <class Weight, class Work>
void with_targets_in_rows(const Scatter& s, Work work) {
  work(Rows<TargetUnit, Weight, TargetDelay>{s.starts, nullptr, static_cast<const TargetUnit*>(s.post),
                                             static_cast<const Weight*>(s.weights), static_cast<const TargetDelay*>(s.post),
                                             s.layout, s.ascends});
}

// Calls `work` with the rows in their types.
template <class Work>
void with_rows(const Scatter& s, Work work) {
  if (s.post_type == kPost16) return with_weights<uint16_t>(s, work);
  if (s.post_type == kPost32) return with_weights<int32_t>(s, work);
  switch (s.weight_type) {
    case kFloat16: return with_targets_in_rows<Float16>(s, work);
    case kBfloat16: return with_targets_in_rows<Bfloat16>(s, work);
    default: return with_targets_in_rows<float>(s, work);
  }
}

// Of what types the connections are, what their weights belong to, whether signs count, and whether targets ascend within
// each row: as an instruction's operands say.
template <class Given>
void take_kinds(const Given& given, Scatter& s) {
  s.post_type = given.post_type;
  s.weight_type = given.weight_type;
  s.delay_type = given.delay_type;
  s.layout = given.layout;
  s.is_signed = given.is_signed != 0;
  s.ascends = given.ascends != 0;
}

// Bytes of the arrays of a scatter that may have several types.
struct ScatterBytes {
  int64_t post, weights, delays;
};

// Targets are units, and ascend where rows are cut by them.
template <class Post>
void check_targets(const Post* post, const Scatter& s) {
  check_indices(post, s.starts[s.fired.units], s.ring.units, "post");
  for (int64_t unit = 0; unit < s.fired.units && s.ascends && !s.ring.is_whole(); ++unit)
    for (int64_t edge = s.starts[unit] + 1; edge < s.starts[unit + 1]; ++edge)
      check(post[edge - 1] <= post[edge], "targets do not ascend within a row");
  for (int64_t unit = 0; unit < s.fired.units && s.middles; ++unit) {
    const int32_t begin = s.starts[unit], middle = s.middles[unit], end = s.starts[unit + 1];
    check(begin <= middle && middle <= end, "the middle of a row lies outside it");
    const int64_t half = first_of_second_half(s.ring.units);
    for (int32_t edge = begin; edge < end; ++edge)
      check((static_cast<int64_t>(post[edge]) < half) == (edge < middle), "a target lies in the wrong half");
  }
}

// All connections lie within their arrays and their ring.
inline void check_scatter(const Scatter& s, const ScatterBytes& bytes) {
  if (!kChecked) return;
  const int64_t edges = bytes.post / (s.post_type == kPost16 ? 2 : 4);
  const int64_t weights = bytes.weights / (s.weight_type == kFloat32 ? 4 : 2);
  check_starts(s.starts, s.fired.units + 1, edges, "starts");
  const int64_t reached = s.starts[s.fired.units];
  const int64_t needed = s.layout == kOneWeight ? 1 : s.layout == kWeightOfUnit ? s.fired.units : reached;
  if (reached > 0) check_within(weights, needed, INT64_MAX, "the number of weights");
  if (s.post_type == kTargets) {
    check_targets(static_cast<const TargetUnit*>(s.post), s);
    check_indices(static_cast<const TargetDelay*>(s.post), reached, s.ring.slots, "delays");
  } else if (s.post_type == kPost16) {
    check_targets(static_cast<const uint16_t*>(s.post), s);
  } else {
    check_targets(static_cast<const int32_t*>(s.post), s);
  }
  if (s.delay_type == kNoDelay) return;
  check_within(bytes.delays / (s.delay_type == kDelay16 ? 2 : 1), reached, INT64_MAX, "the number of delays");
  if (s.delay_type == kDelay16) {
    check_indices(static_cast<const uint16_t*>(s.delays), reached, s.ring.slots, "delays");
  } else {
    check_indices(static_cast<const uint8_t*>(s.delays), reached, s.ring.slots, "delays");
  }
}

inline void scatter(const Scatter& s) {
  with_rows(s, [&](const auto& rows) { scatter_fired(s.fired, rows, s.is_signed, s.amplitudes, s.ring); });
}

}  // namespace spark
