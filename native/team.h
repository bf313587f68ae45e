// Threads that do a program together. The program is cut into shares and, by its barriers, into stretches: a stretch begins
// when every share of the one before is done. A share belongs to no thread: each thread does its own first, and whoever
// waits takes what nobody has begun. So a thread that the processor has no time for holds up nobody but in the middle
// of a share, and who does what changes no result.
#pragma once

#include <atomic>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace spark {

// How many processors this process may use.
inline int64_t processors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int64_t>(std::thread::hardware_concurrency());
}

inline void wait_a_little() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

// `Work` is called with a share and a stretch, for every share of a stretch once; false ends the run with the stretch.
template <class Work>
class Team {
 public:
  Team(int64_t shares, int64_t stretches, Work work)
      : shares_(shares), end_(stretches), work_(work), seats_(static_cast<size_t>(shares)),
        patient_(shares <= processors()) {}

  // All stretches; throws what the first share threw that failed.
  void run() {
    std::vector<std::thread> others;
    others.reserve(static_cast<size_t>(shares_ - 1));
    std::fenv_t numerics;  // Whether tiny numbers are taken as zero, above all: the same in every thread.
    std::fegetenv(&numerics);
    {
      const WithoutSignals quiet;
      for (int64_t number = 1; number < shares_; ++number) {
        try {
          others.emplace_back([this, number, numerics] {
            std::fesetenv(&numerics);
            work_along(number);
          });
        } catch (const std::system_error&) {
          break;  // There are no more threads to be had; those that there are do all shares.
        }
      }
    }
    work_along(0);
    for (auto& other : others) other.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct alignas(64) Seat {
    std::atomic<int64_t> begun{0};    // Stretches of which somebody has begun this share.
    std::atomic<bool> away{true};  // Whether the thread that does it first has not come, or sleeps.
  };

  // Signals are for threads that somebody else made: Python's handlers run in its main thread.
  struct WithoutSignals {
#if defined(__unix__) || defined(__APPLE__)
    WithoutSignals() {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~WithoutSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
#endif
  };

  void work_along(int64_t own) {
    seats_[own].away.store(false, std::memory_order_relaxed);
    for (;;) {
      const int64_t stretch = done_.load(std::memory_order_acquire) / shares_;
      if (stretch >= end_.load(std::memory_order_relaxed) || failed_.load(std::memory_order_relaxed)) return;
      take(own, stretch);
      wait_for(stretch, own);
    }
  }

  bool is_over(int64_t stretch) const {
    return done_.load(std::memory_order_acquire) >= (stretch + 1) * shares_ || failed_.load(std::memory_order_relaxed);
  }

  // Does a share unless somebody has begun it.
  void take(int64_t share, int64_t stretch) {
    int64_t expected = stretch;
    auto& begun = seats_[share].begun;
    if (begun.load(std::memory_order_relaxed) != stretch || !begun.compare_exchange_strong(expected, stretch + 1)) return;
    try {
      if (!work_(share, stretch)) end_.store(stretch + 1);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(sleeping_);
      if (!failure_) failure_ = std::current_exception();
      failed_.store(true);
      woken_.notify_all();
      return;
    }
    if (done_.fetch_add(1) + 1 == (stretch + 1) * shares_) wake();
  }

  void take_what_is_left(int64_t stretch, bool of_all) {
    for (int64_t share = 0; share < shares_; ++share)
      if (of_all || seats_[share].away.load(std::memory_order_relaxed)) take(share, stretch);
  }

  // First in a loop, which costs least; then others that want the processor get it in between; then asleep.
  void wait_for(int64_t stretch, int64_t own) {
    using Clock = std::chrono::steady_clock;
    constexpr int kPauses = 100, kCourtesy = 30;
    constexpr auto kAwake = std::chrono::microseconds(50);
    if (is_over(stretch)) return;
    take_what_is_left(stretch, false);
    for (int pause = 0; patient_ && pause < kPauses; ++pause) {
      if (is_over(stretch)) return;
      if (pause == kCourtesy) take_what_is_left(stretch, true);
      wait_a_little();
    }
    take_what_is_left(stretch, true);
    const auto until = Clock::now() + kAwake;
    do {
      if (is_over(stretch)) return;
      std::this_thread::yield();
    } while (Clock::now() < until);
    seats_[own].away.store(true, std::memory_order_relaxed);
    {
      std::unique_lock<std::mutex> lock(sleeping_);
      for (;;) {
        asleep_.store(true);
        if (done_.load() >= (stretch + 1) * shares_ || failed_.load()) break;
        woken_.wait(lock);
      }
    }
    seats_[own].away.store(false, std::memory_order_relaxed);
  }

  void wake() {
    if (!asleep_.exchange(false)) return;
    // Whoever looked before this stretch was over is asleep by now, or looks again.
    { const std::lock_guard<std::mutex> lock(sleeping_); }
    woken_.notify_all();
  }

  const int64_t shares_;
  std::atomic<int64_t> end_;
  Work work_;
  std::vector<Seat> seats_;
  const bool patient_;  // Whether there is a processor for each.
  alignas(64) std::atomic<int64_t> done_{0};  // Shares, of all stretches.
  alignas(64) std::atomic<bool> asleep_{false};
  std::atomic<bool> failed_{false};
  std::mutex sleeping_;
  std::condition_variable woken_;
  std::exception_ptr failure_;
};

}  // namespace spark
