// Postsynaptic spikes that wait. A column of dense weights is one cache line for each row, so instead of walking down the
// columns of the units that fired, a rule notes what they do; a row is brought up to date when its unit fires, or at the
// latest when the call ends. Every weight sees the same operations in the same order as if nothing had waited.
#pragma once

#include <cstdint>
#include <cstring>

#include "stdp.h"

namespace spark {

class Replay {
 public:
  // Words of memory, 4 bytes each, as `waiting_words` in spark/kernels/program.py counts them.
  Replay(int32_t* memory, const Table& table, float* weights, const float* factors, int64_t pre, int64_t post,
         int64_t room, int64_t steps)
      : table_(table), weights_(weights), pre_(pre), post_(post), room_(room), steps_(steps),
        sloped_(table.slopes(table.firing)) {
    const int64_t traces = table.pre;
    for (int64_t a = 0; a < traces; ++a) factor_[a] = factors[a];
    count_ = memory;
    now_ = memory + 1;
    seen_ = memory + kHeader;
    ends_ = seen_ + pre;
    unit_ = ends_ + steps;
    first_ = reinterpret_cast<float*>(unit_ + room);
    kept_ = first_ + traces * pre;
    gain_ = kept_ + traces * pre;
    slope_ = gain_ + (traces + 1) * room;
  }

  void begin() {
    *count_ = *now_ = 0;
    std::memset(seen_, 0, pre_ * sizeof *seen_);
  }

  // Ask for a row: what is applied to it jumps about, and would wait for every cache line.
  void expect(int64_t row) const {
    const float* const weights = weights_ + row * post_;
    for (int64_t at = 0; at < post_; at += 16) __builtin_prefetch(weights + at, 1);
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
    if (table_.pre == 1 && !sloped_) {
      replay<1, false>(row);
    } else if (sloped_) {
      replay<0, true>(row);
    } else {
      replay<0, false>(row);
    }
    seen_[row] = *now_;
  }

  // The rule's own part of a step: rows that fired are up to date. Traces are those that a spike of this step reads
  // (`read`), and those that are kept after it.
  void step(const int8_t* pre_spikes, const float* const* read, const float* const* kept, const int8_t* post_spikes,
            const float* const* y) {
    const auto& operations = stdp_operations();
    const Target to = {weights_, nullptr, nullptr, nullptr, false, 1.0f, table_.minimum, table_.maximum};
    const bool at_pre = !table_.does_nothing(table_.arriving);
    if (*now_ == 0)
      for (int a = 0; a < table_.pre; ++a) {
        std::memcpy(first_ + a * pre_, read[a], pre_ * sizeof(float));
        std::memcpy(kept_ + a * pre_, kept[a], pre_ * sizeof(float));
      }
    for_each_spike(pre_spikes, pre_, [&](int64_t row) {
      if (at_pre) operations.change_row(table_.arrival(read, row, y), to, row * post_, post_);
      for (int a = 0; a < table_.pre; ++a) {
        first_[a * pre_ + row] = read[a][row];
        kept_[a * pre_ + row] = kept[a][row];
      }
    });
    for_each_spike(post_spikes, post_, [&](int64_t unit) {
      unit_[*count_] = static_cast<int32_t>(unit);
      for (int a = 0; a <= table_.pre; ++a) {
        gain_[a * room_ + *count_] = table_.of_pre(table_.firing.change, a, y, unit);
        if (sloped_) slope_[a * room_ + *count_] = table_.of_pre(table_.firing.slope, a, y, unit);
      }
      ++*count_;
    });
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

  template <int Traces, bool Sloped>
  void replay(int64_t row) {
    const int traces = Traces ? Traces : table_.pre;
    float* const weights = weights_ + row * post_;
    float x[kMostTraces], kept[kMostTraces];
    for (int a = 0; a < traces; ++a) {
      x[a] = first_[a * pre_ + row];
      kept[a] = kept_[a * pre_ + row];
    }
    const int32_t from = seen_[row], to = *now_;
    // Copies and promises: without them every store to a weight makes the compiler read all else again.
    const int32_t* __restrict const unit = unit_;
    const int32_t* __restrict const ends = ends_;
    const float* __restrict const gain = gain_;
    const float* __restrict const slope = slope_;
    float* __restrict const weight = weights;
    const float minimum = table_.minimum, maximum = table_.maximum;
    const int64_t room = room_;
    int32_t at = from ? ends[from - 1] : 0;
    for (int32_t step = from; step < to; ++step) {
      const int32_t end = ends[step];
      for (; at < end; ++at) {
        const int32_t here = unit[at];
        const float before = weight[here];
        float change = gain[at];
        for (int a = 0; a < traces; ++a) change += gain[(a + 1) * room + at] * x[a];
        if (Sloped) {
          float steep = slope[at];
          for (int a = 0; a < traces; ++a) steep += slope[(a + 1) * room + at] * x[a];
          change += steep * before;
        }
        const float moved = before + change;
        const float raised = moved < minimum ? minimum : moved;
        weight[here] = raised > maximum ? maximum : raised;
      }
      for (int a = 0; a < traces; ++a) {
        x[a] = kept[a] * factor_[a];
        kept[a] = x[a];
      }
    }
  }

  Table table_;
  float* weights_;
  int64_t pre_, post_, room_, steps_;
  bool sloped_;
  float factor_[kMostTraces];
  int32_t *count_, *now_, *seen_, *ends_, *unit_;
  float *first_, *kept_, *gain_, *slope_;
};

}  // namespace spark
