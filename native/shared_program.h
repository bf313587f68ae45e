// A program done by several threads; see team.h.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "program.h"
#include "team.h"

namespace spark {

// What shares do of a loop of steps. A stretch goes from one barrier to the next, which may lie in the next step.
class SharedProgram {
 public:
  // Buffers for each share: they differ in memory that each has for itself.
  SharedProgram(const Code& code, const std::vector<std::vector<Memory>>& buffers, int64_t steps)
      : code_(code), buffers_(buffers), steps_(steps), lines_(buffers.size(), Lines(code)), closing_(buffers.size()) {
    for (size_t number = 0; number < lines_[0].size(); ++number)
      if (lines_[0][number].instruction == kBarrier) after_.push_back(number + 1);
  }

  Ran run() {
    if (steps_ <= 0) return {};
    begin();
    const auto stretch = [&](int64_t share, int64_t number) { return run_stretch(share, number); };
    Team team(shares(), static_cast<int64_t>(after_.size()) * steps_ + 1, stretch);
    team.run();
    if (ended_.outcome == kUnknown || ended_.outcome == kNotLoaded) return ended_;
    const int64_t done = ended_.outcome == kFull ? ended_.steps : steps_;
    for (const auto& closing : closing_)
      for (const auto& work : closing) work(done);
    return {done, kDone};
  }

 private:
  int64_t shares() const { return static_cast<int64_t>(buffers_.size()); }

  // What is done once, before the first step.
  void begin() {
    for (size_t number = 0; number < lines_[0].size(); ++number)
      if (lines_[0][number].instruction == kClear)
        run_line(code_, lines_[0][number], static_cast<int64_t>(number), {buffers_[0], 0, closing_[0], Share{}});
  }

  // False if the run ends with this stretch. That there is no more room only the first share finds, which does what is not
  // shared; before the next barrier the others do nothing that outlasts the run, as spark/kernels/sharing.py sees to.
  bool run_stretch(int64_t share, int64_t stretch) {
    const int64_t barriers = static_cast<int64_t>(after_.size());
    Lines& lines = lines_[share];
    int64_t round = stretch == 0 ? 0 : (stretch - 1) / barriers;
    size_t number = stretch == 0 ? 0 : after_[(stretch - 1) % barriers];
    for (;; ++number) {
      if (number == lines.size()) {
        number = 0;
        if (++round == steps_) return true;
      }
      const int64_t instruction = lines[number].instruction;
      if (instruction == kBarrier) return true;
      if (instruction == kClear) continue;
      const Place place = {buffers_[share], round, closing_[share], {share, shares()}};
      const Outcome outcome = lines.run(number, place);
      if (outcome == kDone) continue;
      const std::lock_guard<std::mutex> lock(ending_);
      ended_ = {round, outcome};
      return false;
    }
  }

  const Code& code_;
  const std::vector<std::vector<Memory>>& buffers_;
  const int64_t steps_;
  std::vector<Lines> lines_;  // Of each share.
  std::vector<size_t> after_;  // The line behind each barrier.
  std::vector<Closing> closing_;
  std::mutex ending_;
  Ran ended_;
};

}  // namespace spark
