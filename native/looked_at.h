// What a check finds in the operands of an entry point becomes an error of its call.
#pragma once

#include "operands.h"
#include "xla/ffi/api/ffi.h"

namespace spark {

template <class Work>
xla::ffi::Error looked_at(Work work) {
  if constexpr (!kChecked) {
    work();
    return xla::ffi::Error::Success();
  }
  try {
    work();
  } catch (const Violation& found) {
    return xla::ffi::Error::Internal(found.what());
  }
  return xla::ffi::Error::Success();
}

}  // namespace spark
