// The plainest C++ for one step of a dense kernel: a loop over the rows that fired. The yardstick of bench/kernels.py.
#include <cstdint>
#include <cstring>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

static ffi::Error plain_rows(ffi::Buffer<ffi::S8> spikes, ffi::Buffer<ffi::F32> weights,
                             ffi::ResultBuffer<ffi::F32> out) {
  const int64_t pre = weights.dimensions()[0];
  const int64_t post = weights.dimensions()[1];
  float* sum = out->typed_data();
  std::memset(sum, 0, sizeof(float) * post);
  for (int64_t row = 0; row < pre; ++row) {
    if (!spikes.typed_data()[row]) continue;
    const float sign = spikes.typed_data()[row];
    const float* weight = weights.typed_data() + row * post;
    for (int64_t column = 0; column < post; ++column) sum[column] += sign * weight[column];
  }
  return ffi::Error::Success();
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(
    bench_plain_rows, plain_rows,
    ffi::Ffi::Bind().Arg<ffi::Buffer<ffi::S8>>().Arg<ffi::Buffer<ffi::F32>>().Ret<ffi::Buffer<ffi::F32>>());
