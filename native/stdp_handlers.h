// Entry points of stdp.h for XLA's foreign function interface; part of spark_kernels.cc.
#pragma once

#include <cstring>

#include "looked_at.h"
#include "stdp_step.h"
#include "xla/ffi/api/ffi.h"

namespace {

namespace ffi = xla::ffi;
using Floats32 = ffi::Buffer<ffi::F32>;
using Ints32 = ffi::Buffer<ffi::S32>;

// A result shares the memory of its argument unless XLA had to keep that.
float* in_place(const Floats32& from, ffi::ResultBuffer<ffi::F32>& to) {
  if (to->typed_data() != from.typed_data()) std::memcpy(to->typed_data(), from.typed_data(), from.size_bytes());
  return to->element_count() ? to->typed_data() : nullptr;
}

// scale holds the factor of new eligibility, and that of renewal, 1 where there is none.
spark::Target target_of(const spark::Table& table, const Floats32& scale, const Floats32& moved,
                        const Floats32& baseline, float* weights, float* eligibility, float* pending,
                        size_t synapses) {
  const float renewal = scale.typed_data()[1];
  if (eligibility && renewal != 1.0f) spark::stdp_operations().scale(renewal, synapses, eligibility);
  return {weights, eligibility, pending, moved.typed_data(), moved.element_count() > 1,
          scale.typed_data()[0], table.minimum, table.maximum,
          baseline.element_count() ? baseline.typed_data() : nullptr};
}

// Pointers to `count` arrays of `size` numbers that lie one after the other.
struct Rows {
  Rows(const Floats32& array, int64_t count, int64_t size) {
    for (int64_t at = 0; at < count; ++at) row[at] = array.typed_data() + at * size;
  }
  const float* row[spark::kMostTraces];
};

ffi::Error stdp_dense(Floats32 weights, Floats32 eligibility, Floats32 pending, ffi::Buffer<ffi::S8> pre_spikes,
                      Floats32 pre_traces, ffi::Buffer<ffi::S8> post_spikes, Floats32 post_traces, Floats32 scale,
                      Floats32 moved, Floats32 coefficients, Floats32 baseline, ffi::ResultBuffer<ffi::F32> new_weights,
                      ffi::ResultBuffer<ffi::F32> new_eligibility, ffi::ResultBuffer<ffi::F32> new_pending) {
  const int64_t pre = pre_spikes.element_count(), post = post_spikes.element_count();
  const int64_t pre_count = pre_traces.dimensions()[0], post_count = post_traces.dimensions()[0];
  const spark::Table table(coefficients.typed_data(), static_cast<int>(pre_count), static_cast<int>(post_count));
  const Rows x(pre_traces, pre_count, pre), y(post_traces, post_count, post);
  const spark::Target to =
      target_of(table, scale, moved, baseline, in_place(weights, new_weights), in_place(eligibility, new_eligibility),
                in_place(pending, new_pending), weights.element_count());
  return spark::looked_at([&] {
    spark::check_within(weights.element_count(), pre * post, pre * post, "the number of weights");
    spark::change_dense(table, to, pre_spikes.typed_data(), pre, x.row, post_spikes.typed_data(), post, {0, post},
                        y.row);
  });
}

ffi::Error stdp_edges(Floats32 weights, Floats32 eligibility, Floats32 pending, ffi::Buffer<ffi::U32> history,
                      Floats32 pre_traces, ffi::Buffer<ffi::S8> post_spikes, Floats32 post_traces, Ints32 step,
                      Ints32 post, Ints32 starts, Ints32 in_starts, Ints32 in_edge, Ints32 in_pre, Ints32 in_delay,
                      Ints32 pre, Ints32 delay, Floats32 scale, Floats32 moved, Floats32 coefficients,
                      Floats32 baseline,
                      ffi::ResultBuffer<ffi::F32> new_weights, ffi::ResultBuffer<ffi::F32> new_eligibility,
                      ffi::ResultBuffer<ffi::F32> new_pending) {
  const int64_t slots = pre_traces.dimensions()[1], units = pre_traces.dimensions()[2];
  const int64_t pre_count = pre_traces.dimensions()[0], post_count = post_traces.dimensions()[0];
  const int64_t post_units = post_spikes.element_count();
  const spark::Table table(coefficients.typed_data(), static_cast<int>(pre_count), static_cast<int>(post_count));
  const Rows x(pre_traces, pre_count, slots * units), y(post_traces, post_count, post_units);
  const spark::Target to =
      target_of(table, scale, moved, baseline, in_place(weights, new_weights), in_place(eligibility, new_eligibility),
                in_place(pending, new_pending), weights.element_count());
  const spark::EdgeLists edges = {post.typed_data(),   starts.typed_data(),   in_starts.typed_data(),
                                  in_edge.typed_data(), in_pre.typed_data(),   in_delay.typed_data(),
                                  pre.typed_data(),    delay.typed_data()};
  const int64_t now = (static_cast<int64_t>(step.typed_data()[0]) % slots + slots) % slots;
  const auto shape = history.dimensions();
  const spark::Arrivals arrivals(history.typed_data(), shape[1], shape[2], edges.starts, starts.dimensions()[1] - 1);
  return spark::looked_at([&] {
    spark::check_lists(edges, units, post_units, shape[1], starts.dimensions()[1] - 1, weights.element_count(), slots);
    spark::change_edges(table, to, arrivals, edges, {x.row, slots, units, now}, post_spikes.typed_data(), post_units,
                        {0, post_units}, y.row);
  });
}

// `post` is empty for dense weights.
ffi::Error stdp_consolidate(Floats32 weights, Floats32 pending, Floats32 eligibility, Floats32 moved, Ints32 due,
                            Ints32 post, Floats32 coefficients, ffi::ResultBuffer<ffi::F32> new_weights,
                            ffi::ResultBuffer<ffi::F32> new_pending) {
  spark::Target to = {};
  to.weights = in_place(weights, new_weights);
  to.pending = in_place(pending, new_pending);
  if (!due.typed_data()[0]) return ffi::Error::Success();
  to.eligibility = eligibility.typed_data();
  to.moved = moved.typed_data();
  to.per_unit = moved.element_count() > 1;
  to.minimum = coefficients.typed_data()[0];
  to.maximum = coefficients.typed_data()[1];
  const bool listed = weights.dimensions().size() == 1;
  const int64_t rows = listed ? 1 : weights.dimensions()[0];
  const int64_t units = listed ? weights.element_count() : weights.dimensions()[1];
  return spark::looked_at([&] {
    if (listed) spark::check_moved(post.typed_data(), units, moved.element_count());
    spark::move_weights(to, listed ? post.typed_data() : nullptr, rows, units);
  });
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_stdp_dense, stdp_dense,
                              ffi::Ffi::Bind()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<ffi::Buffer<ffi::S8>>()
                                  .Arg<Floats32>()
                                  .Arg<ffi::Buffer<ffi::S8>>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Ret<Floats32>()
                                  .Ret<Floats32>()
                                  .Ret<Floats32>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_stdp_edges, stdp_edges,
                              ffi::Ffi::Bind()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<ffi::Buffer<ffi::U32>>()
                                  .Arg<Floats32>()
                                  .Arg<ffi::Buffer<ffi::S8>>()
                                  .Arg<Floats32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Ret<Floats32>()
                                  .Ret<Floats32>()
                                  .Ret<Floats32>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_stdp_consolidate, stdp_consolidate,
                              ffi::Ffi::Bind()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Floats32>()
                                  .Arg<Ints32>()
                                  .Arg<Ints32>()
                                  .Arg<Floats32>()
                                  .Ret<Floats32>()
                                  .Ret<Floats32>());
