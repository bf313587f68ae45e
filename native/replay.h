// Postsynaptic spikes that wait. A column of dense weights is one cache line for each row, so instead of walking down the
// columns of the units that fired, a rule notes what they do; a row is brought up to date when its unit fires, or at the
// latest when the call ends. Every weight sees the same operations in the same order as if nothing had waited.
#pragma once

#include <cstdint>
#include <cstring>

#include "ahead.h"
#include "shares.h"
#include "stdp.h"

namespace spark {

class Replay {
 public:
  // Words of memory, 4 bytes each, as `Program.waiting` in spark/kernels/program.py counts them.
  static int64_t words(int64_t pre, int64_t traces, int64_t room, int64_t steps) {
    const int64_t segments = (steps + Past::kSegment - 1) / Past::kSegment;
    return kHeader + pre * (1 + (2 + segments) * traces) + steps + room * (3 + 2 * (traces + 1));
  }

  // Of weights (pre, post) onto a part of the units; units are counted from the first of the part.
  Replay(int32_t* memory, const Table& table, float* weights, const float* baseline, const float* factors, int64_t pre,
         int64_t post, const Part& part, int64_t room, int64_t steps)
      : table_(table), weights_(weights + part.first), baseline_(baseline ? baseline + part.first : nullptr), pre_(pre),
        post_(part.size()), stride_(post), room_(room), steps_(steps),
        segments_((steps + Past::kSegment - 1) / Past::kSegment), sloped_(table.slopes(table.firing)),
        equal_(table.pre > 0 && !sloped_ && !baseline && !table.reads_post(table.firing.change)) {
    const int64_t traces = table.pre;
    for (int64_t a = 0; a < traces; ++a) factor_[a] = factors[a];
    count_ = memory;
    now_ = memory + 1;
    where_ = reinterpret_cast<uint64_t*>(memory + kHeader);
    seen_ = reinterpret_cast<int32_t*>(where_ + room);
    ends_ = seen_ + pre;
    first_ = reinterpret_cast<float*>(ends_ + steps);
    kept_ = first_ + traces * pre;
    marks_ = kept_ + traces * pre;
    gain_ = marks_ + traces * segments_ * pre;
    slope_ = gain_ + (traces + 1) * room;
    pull_ = slope_ + (traces + 1) * room;
  }

  void begin() {
    *count_ = *now_ = 0;
    std::memset(seen_, 0, pre_ * sizeof *seen_);
  }

  // Ask for a row: what is applied to it jumps about, and would wait for every cache line.
  void expect(int64_t row) const {
    for (int64_t at = row * stride_; at < row * stride_ + post_; at += 16) {
      ask_to_write_line(weights_ + at);
      if (baseline_) ask_for_line(baseline_ + at);
    }
    for (int a = 0; a < table_.pre; ++a)
      for (int64_t segment = seen_[row] / Past::kSegment + 1; segment * Past::kSegment < *now_; ++segment)
        ask_for_line(marks_ + (a * segments_ + segment) * pre_ + row);
  }

  // Bring the rows that fired up to date.
  void bring_fired(const int8_t* spikes) {
    int64_t before = -1;
    for_each_spike(spikes, pre_, [&](int64_t row) {
      expect(row);
      if (before >= 0) bring(before);
      before = row;
    });
    if (before >= 0) bring(before);
  }

  // Apply to a row what happened since it was up to date.
  void bring(int64_t row) {
    if (seen_[row] == *now_) return;
    const Past past = {table_.pre, sloped_, equal_, table_.minimum, table_.maximum, factor_, where_, ends_, gain_,
                       slope_, baseline_ ? pull_ : nullptr, marks_, first_, kept_, room_, segments_, pre_};
    const float* const baseline = baseline_ ? baseline_ + row * stride_ : nullptr;
    stdp_operations().replay_row(past, {weights_ + row * stride_, baseline, row, seen_[row], *now_});
    seen_[row] = *now_;
  }

  // The rule's own part of a step: rows that fired are up to date. What is postsynaptic begins at the part. Traces are those that a spike of this step reads
  // (`read`), and those that are kept after it.
  void step(const int8_t* pre_spikes, const float* const* read, const float* const* kept, const int8_t* post_spikes,
            const float* const* y) {
    const auto& operations = stdp_operations();
    const Target to = {weights_, nullptr, nullptr, nullptr, false, 1.0f, table_.minimum, table_.maximum};
    const bool at_pre = !table_.does_nothing(table_.arriving);
    for (int a = 0; a < table_.pre; ++a) {
      if (*now_ == 0) {
        std::memcpy(first_ + a * pre_, read[a], pre_ * sizeof(float));
        std::memcpy(kept_ + a * pre_, kept[a], pre_ * sizeof(float));
      }
      if (*now_ % Past::kSegment == 0)
        std::memcpy(marks_ + (a * segments_ + *now_ / Past::kSegment) * pre_, read[a], pre_ * sizeof(float));
    }
    for_each_spike(pre_spikes, pre_, [&](int64_t row) {
      if (at_pre) operations.change_row(table_.arrival(read, row, y), to, row * stride_, post_);
      for (int a = 0; a < table_.pre; ++a) {
        first_[a * pre_ + row] = read[a][row];
        kept_[a * pre_ + row] = kept[a][row];
      }
    });
    for_each_spike(post_spikes, post_, [&](int64_t unit) { note(unit, y); });
    ends_[*now_] = *count_;
    ++*now_;
    if (*count_ + post_ > room_ || *now_ == steps_) finish();
  }

  // Bring all rows up to date.
  void finish() {
    if (*count_)
      for (int64_t row = 0; row < pre_; ++row) bring(row);
    begin();
  }

 private:
  static constexpr int64_t kHeader = 16;

  void note(int64_t unit, const float* const* y) {
    const int64_t at = (*count_)++;
    where_[at] = static_cast<uint64_t>(Past::place(*now_)) << 32 | static_cast<uint64_t>(unit);
    // Where all have the same gains, those of the first stand for all.
    if (equal_ && at > 0) return;
    if (baseline_) pull_[at] = table_.pull_of(y, unit);
    for (int a = 0; a <= table_.pre; ++a) {
      gain_[a * room_ + at] = table_.of_pre(table_.firing.change, a, y, unit);
      if (sloped_) slope_[a * room_ + at] = table_.of_pre(table_.firing.slope, a, y, unit);
    }
  }

  Table table_;
  float* weights_;
  const float* baseline_;
  int64_t pre_, post_, stride_, room_, steps_, segments_;
  bool sloped_, equal_;
  float factor_[kMostTraces];
  int32_t *count_, *now_, *seen_, *ends_;
  uint64_t* where_;
  float *first_, *kept_, *marks_, *gain_, *slope_, *pull_;
};

}  // namespace spark
