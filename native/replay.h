// Postsynaptic spikes that wait. A column of dense weights is one cache line for each row, so instead of walking down the
// columns of the units that fired, a rule notes what they do; a row is brought up to date when its unit fires, or at the
// latest when the call ends. Every weight sees the same operations in the same order as if nothing had waited.
// Once so much has waited that it pays, rows lie in pairs until the call ends.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "ahead.h"
#include "deliver.h"
#include "pairs.h"
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
      : table_(table), pairs_(weights + part.first, pre, post, part.size()), weights_(weights + part.first),
        baseline_(baseline ? baseline + part.first : nullptr), pre_(pre), post_(part.size()), stride_(post), room_(room),
        steps_(steps), segments_((steps + Past::kSegment - 1) / Past::kSegment), sloped_(table.slopes(table.firing)),
        equal_(table.pre > 0 && !sloped_ && !baseline && !table.reads_post(table.firing.change)) {
    const int64_t traces = table.pre;
    for (int64_t a = 0; a < traces; ++a) factor_[a] = factors[a];
    count_ = memory;
    now_ = memory + 1;
    paired_ = memory + 2;
    rises_ = memory + 3;
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

  // At the first step of a call.
  void begin() {
    *paired_ = *rises_ = 0;
    forget();
  }

  // At the end of a call.
  void end() {
    finish();
    if (*paired_) pairs_.unfold();
    *paired_ = 0;
  }

  // What of a row is to be asked for: what is applied to it jumps about, and would wait for every cache line.
  Coming coming(int64_t row) const {
    const Part rows = together(row);
    if (baseline_)
      for (int64_t at = row * stride_; at < row * stride_ + post_; at += 16) ask_for_line(baseline_ + at);
    // Marks of both rows of a pair lie side by side.
    for (int a = 0; a < table_.pre; ++a)
      for (int64_t segment = seen_[rows.first] / Past::kSegment + 1; segment * Past::kSegment < *now_; ++segment)
        ask_for_line(marks_ + (a * segments_ + segment) * pre_ + rows.first);
    return {weights_ + rows.first * stride_, post_, stride_, rows.size()};
  }

  // out[i] = sum over j ascending of spikes[j] * weights[j, i], once the rows that fired are up to date.
  void deliver(const int8_t* spikes, float* out) {
    if (!*paired_) {
      bring_fired(spikes, [](int64_t) {});
      return deliver_dense(spikes, pre_, static_cast<const float*>(weights_), stride_, {0, post_}, out);
    }
    std::memset(out, 0, post_ * sizeof(float));
    bring_fired(spikes, [&](int64_t row) { add(row, static_cast<float>(spikes[row]), out); });
  }

  // Apply to a row what happened since it was up to date; where it lies in a pair, to both.
  void bring(int64_t row, Coming& next) {
    const Part rows = together(row);
    row = rows.first;
    if (seen_[row] == *now_) return;
    const Past past = {table_.pre, sloped_, equal_, *rises_ != 0, table_.minimum, table_.maximum, factor_, where_, ends_,
                       gain_, slope_, baseline_ ? pull_ : nullptr, marks_, first_, kept_, room_, segments_, pre_};
    const float* const baseline = baseline_ ? baseline_ + row * stride_ : nullptr;
    const PastRow here = {weights_ + row * stride_, baseline, row, seen_[row], *now_, &next};
    if (rows.size() > 1) {
      stdp_operations().replay_pair(past, here);
    } else if (*paired_) {
      bring_alone(past, here);
    } else {
      stdp_operations().replay_row(past, here);
    }
    seen_[row] = *now_;
  }

  // The rule's own part of a step: rows that fired are up to date. What is postsynaptic begins at the part. Traces are
  // those that a spike of this step reads (`read`), and those that are kept after it.
  void step(const int8_t* pre_spikes, const float* const* read, const float* const* kept, const int8_t* post_spikes,
            const float* const* y) {
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
      if (at_pre) change(table_.arrival(read, row, y), to, row);
      const Part rows = together(row);
      for (int a = 0; a < table_.pre; ++a)
        for (int64_t one = rows.first; one < rows.last; ++one) {
          first_[a * pre_ + one] = read[a][one];
          kept_[a * pre_ + one] = kept[a][one];
        }
    });
    for_each_spike(post_spikes, post_, [&](int64_t unit) { note(unit, y); });
    ends_[*now_] = *count_;
    ++*now_;
    const bool pays = equal_ && !*paired_ && pairs_.possible() && *count_ >= kMany * post_;
    if (pays || *count_ + post_ > room_ || *now_ == steps_) finish();
    if (!pays) return;
    *rises_ = pairs_.fold(table_.minimum) && !table_.lowers(table_.firing);
    *paired_ = 1;
  }

 private:
  static constexpr int64_t kHeader = 16;
  // Spikes of a unit that took as long, of all rows, as to lay rows in pairs and back.
  static constexpr int64_t kMany = 1;

  // The row, or the pair in which it lies.
  Part together(int64_t row) const {
    if (!*paired_ || !pairs_.has(row)) return {row, row + 1};
    const int64_t first = row & ~int64_t{1};
    return {first, first + 2};
  }

  // Bring the rows that fired up to date; `then` is told of each.
  template <class Then>
  void bring_fired(const int8_t* spikes, Then then) {
    int64_t before = -1;
    const auto work_on_it = [&](Coming& next) {
      if (before < 0) return;
      bring(before, next);
      then(before);
    };
    for_each_spike(spikes, pre_, [&](int64_t row) {
      Coming next = coming(row);
      work_on_it(next);
      while (next.ask()) {
      }
      before = row;
    });
    Coming none;
    work_on_it(none);
  }

  // Add a row, times a sign, to what arrives.
  void add(int64_t row, float sign, float* out) const {
    if (!pairs_.has(row)) {
      for (int64_t unit = 0; unit < post_; ++unit) out[unit] += sign * weights_[row * stride_ + unit];
      return;
    }
    pairs_.for_each_run(row, [&](const float* pairs, int64_t unit, int64_t units) {
      stdp_operations().add_of_pairs(pairs, row & 1, sign, units, out + unit);
    });
  }

  // Bring all rows up to date.
  void finish() {
    Coming none;
    if (*count_)
      for (int64_t row = 0; row < pre_; ++row) bring(row, none);
    forget();
  }

  void forget() {
    *count_ = *now_ = 0;
    std::memset(seen_, 0, pre_ * sizeof *seen_);
  }

  // The last row of an odd number: of each event is noted where a pair of rows has its unit.
  void bring_alone(Past past, const PastRow& row) const {
    std::vector<uint64_t> where(where_, where_ + *count_);
    for (int32_t step = row.from; step < row.to; ++step)
      for (int32_t at = step ? ends_[step - 1] : 0; at < ends_[step]; ++at)
        where[at] = event(Past::place(step, 1), pairs_.unit_at(static_cast<uint32_t>(where_[at])));
    past.where = where.data();
    stdp_operations().replay_row(past, row);
  }

  // What a presynaptic spike does to its row.
  void change(const Mix& mix, const Target& to, int64_t row) const {
    if (together(row).size() == 1) return stdp_operations().change_row(mix, to, row * stride_, post_);
    pairs_.for_each_run(row, [&](float* pairs, int64_t unit, int64_t units) {
      stdp_operations().change_of_pairs(mix, to, pairs, row & 1, unit, units);
    });
  }

  static uint64_t event(int32_t place, int64_t weight) {
    return static_cast<uint64_t>(place) << 32 | static_cast<uint64_t>(weight);
  }

  void note(int64_t unit, const float* const* y) {
    const int64_t at = (*count_)++;
    where_[at] = *paired_ ? event(Past::place(*now_, 2), pairs_.offset(unit)) : event(Past::place(*now_, 1), unit);
    // Where all have the same gains, those of the first stand for all.
    if (equal_ && at > 0) return;
    if (baseline_) pull_[at] = table_.pull_of(y, unit);
    for (int a = 0; a <= table_.pre; ++a) {
      gain_[a * room_ + at] = table_.of_pre(table_.firing.change, a, y, unit);
      if (sloped_) slope_[a * room_ + at] = table_.of_pre(table_.firing.slope, a, y, unit);
    }
  }

  Table table_;
  Pairs pairs_;
  float* weights_;
  const float* baseline_;
  int64_t pre_, post_, stride_, room_, steps_, segments_;
  bool sloped_, equal_;
  float factor_[kMostTraces];
  int32_t *count_, *now_, *paired_, *rises_, *seen_, *ends_;
  uint64_t* where_;
  float *first_, *kept_, *marks_, *gain_, *slope_, *pull_;
};

}  // namespace spark
