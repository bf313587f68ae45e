// Lists of the units that fired, which each share makes of its own units, and which all read in the same order.
#pragma once

#include <cstdint>

#include "operands.h"
#include "ops.h"
#include "shares.h"
#include "spikes.h"

namespace spark {

// Where the list of a part begins.
inline int64_t fired_begin(const Part& part) { return part.first / kTogether * kFiredWords; }

// The units of a part that fired, ascending. A negative spike of a unit stands as its complement.
inline void list_fired(const int8_t* spikes, const Part& part, int32_t* lists) {
  if (part.empty()) return;
  int32_t* const list = lists + fired_begin(part);
  int32_t* next = list + 1;
  for_each_spike(spikes + part.first, part.size(), [&](int64_t at) {
    const int32_t unit = static_cast<int32_t>(part.first + at);
    *next++ = spikes[unit] < 0 ? ~unit : unit;
  });
  *list = static_cast<int32_t>(next - list - 1);
}

struct Spike {
  int32_t unit;
  bool negative;
};

// The lists of all shares of `units`, one after the other.
struct Fired {
  const int32_t* lists;
  int64_t units, shares;

  // Calls `visit` with each list and its length.
  template <class Visit>
  void for_each_list(Visit visit) const {
    for (int64_t share = 0; share < shares; ++share) {
      const Part part = part_of({share, shares}, units);
      if (part.empty()) continue;
      const int32_t* const list = lists + fired_begin(part);
      check_within(list[0], 0, part.size(), "the number of units that fired");
      visit(list + 1, list[0]);
    }
  }

  int32_t count() const {
    int32_t all = 0;
    for_each_list([&](const int32_t*, int32_t here) { all += here; });
    return all;
  }
};

inline Spike spike_of(int32_t listed) { return listed < 0 ? Spike{~listed, true} : Spike{listed, false}; }

// The lists of the last `steps` steps of the call lie behind one another.
inline void run_list_fired(Operands& o) {
  const ListFiredOperands list(o);
  list_fired(list.spikes, o.part(list.units), list.lists + o.round() % list.steps * fired_words(list.units));
}

// Appends the numbers of the units that fired, and notes how many they were.
inline void run_note_spikes(Operands& o) {
  const NoteSpikesOperands note(o);
  const int32_t before = *note.total;
  const Fired fired = {note.lists, note.units, o.shares()};
  int32_t* next = note.noted.of(before + fired.count(), "noted") + before;
  fired.for_each_list([&](const int32_t* list, int32_t count) {
    for (int32_t at = 0; at < count; ++at) *next++ = spike_of(list[at]).unit;
  });
  const int32_t now = static_cast<int32_t>(next - note.noted.data);
  note.counts.of(o.round() + 1, "counts")[o.round()] = now - before;
  *note.total = now;
}

}  // namespace spark
