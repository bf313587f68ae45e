// Memory that is asked for before it is needed.
#pragma once

namespace spark {

// Asks for the line of the cache that holds this byte, to be read. A function that does nothing but ask has no effect that GCC sees,
// so GCC drops calls of it without a word unless it has put the function in the caller's place before; the empty assembly is an effect.
inline void ask_for_line(const void* at) {
  __builtin_prefetch(at);
  asm volatile("");
}

// As `ask_for_line`, to be written.
inline void ask_to_write_line(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");
}

}  // namespace spark
