// Entry points for XLA's foreign function interface. Shapes are checked in Python, before these are reached; a build with
// checks looks at them and at all indices, see operands.h.
#include <cstdint>
#include <cstring>
#include <vector>

#include "bits.h"
#include "deliver.h"
#include "exchange.h"
#include "looked_at.h"
#include "order.h"
#include "program.h"
#include "scatter.h"
#include "scratch.h"
#include "shared_program.h"
#include "stdp_handlers.h"
#include "xla/ffi/api/ffi.h"
#include "zenke.h"

namespace ffi = xla::ffi;

namespace {

template <class Type>
const Type* data(const ffi::AnyBuffer& buffer) {
  return static_cast<const Type*>(buffer.untyped_data());
}

ffi::Error unknown_weights() { return ffi::Error::InvalidArgument("weights must be float32, float16 or bfloat16"); }

ffi::Error deliver_dense(ffi::Buffer<ffi::S8> spikes, ffi::AnyBuffer weights, ffi::ResultBuffer<ffi::F32> out) {
  const int64_t pre = weights.dimensions()[0];
  const int64_t post = weights.dimensions()[1];
  const int8_t* fired = spikes.typed_data();
  float* sums = out->typed_data();
  const ffi::Error fits = spark::looked_at([&] {
    spark::check_within(spikes.element_count(), pre, pre, "the number of spikes");
    spark::check_within(out->element_count(), post, post, "the number of sums");
  });
  if (fits.failure()) return fits;
  const spark::Part all = {0, post};
  switch (weights.element_type()) {
    case ffi::F32: spark::deliver_dense(fired, pre, data<float>(weights), post, all, sums); break;
    case ffi::F16: spark::deliver_dense(fired, pre, data<spark::Float16>(weights), post, all, sums); break;
    case ffi::BF16: spark::deliver_dense(fired, pre, data<spark::Bfloat16>(weights), post, all, sums); break;
    default: return unknown_weights();
  }
  return ffi::Error::Success();
}

spark::Arrivals arrivals_of(const ffi::Buffer<ffi::U32>& history, const ffi::Buffer<ffi::S32>& starts) {
  const auto shape = history.dimensions();
  return {history.typed_data(), shape[1], shape[2], starts.typed_data(), starts.dimensions()[1] - 1};
}

void check_arrivals(const ffi::Buffer<ffi::U32>& history, const ffi::Buffer<ffi::S32>& starts,
                    const ffi::Buffer<ffi::S32>& post, int64_t edges, int64_t units) {
  const int64_t pre = starts.dimensions()[0], delays = starts.dimensions()[1] - 1;
  spark::check_within(history.dimensions()[2], pre, pre, "the number of units of the history");
  spark::check_within(post.element_count(), edges, edges, "the number of connections");
  spark::check_edges(post.typed_data(), starts.typed_data(), pre, history.dimensions()[1], delays, edges, units);
}

ffi::Error deliver_edges(ffi::Buffer<ffi::U32> history, ffi::AnyBuffer weights, ffi::Buffer<ffi::S32> post,
                         ffi::Buffer<ffi::S32> starts, ffi::ResultBuffer<ffi::F32> out) {
  const auto arrivals = arrivals_of(history, starts);
  const int32_t* to = post.typed_data();
  const int64_t units = out->dimensions()[0];
  float* sums = out->typed_data();
  const ffi::Error fits =
      spark::looked_at([&] { check_arrivals(history, starts, post, weights.element_count(), units); });
  if (fits.failure()) return fits;
  const spark::Part all = {0, units};
  switch (weights.element_type()) {
    case ffi::F32: spark::deliver_edges(arrivals, data<float>(weights), to, units, all, sums); break;
    case ffi::F16: spark::deliver_edges(arrivals, data<spark::Float16>(weights), to, units, all, sums); break;
    case ffi::BF16: spark::deliver_edges(arrivals, data<spark::Bfloat16>(weights), to, units, all, sums); break;
    default: return unknown_weights();
  }
  return ffi::Error::Success();
}

ffi::Error zenke_edges(ffi::Buffer<ffi::F32> weights, ffi::Buffer<ffi::F32> baseline, ffi::Buffer<ffi::U32> history,
                       ffi::Buffer<ffi::F32> pre_trace, ffi::Buffer<ffi::S8> post_spikes,
                       ffi::Buffer<ffi::F32> post_trace, ffi::Buffer<ffi::F32> slow_trace, ffi::Buffer<ffi::S32> step,
                       ffi::Buffer<ffi::S32> post, ffi::Buffer<ffi::S32> starts, ffi::Buffer<ffi::S32> in_starts,
                       ffi::Buffer<ffi::S32> in_edge, ffi::Buffer<ffi::S32> in_pre, ffi::Buffer<ffi::S32> in_delay,
                       ffi::Buffer<ffi::F32> parameters, ffi::ResultBuffer<ffi::F32> out) {
  float* changed = out->typed_data();
  // The result shares the memory of the weights unless XLA had to keep them.
  if (changed != weights.typed_data()) std::memcpy(changed, weights.typed_data(), weights.size_bytes());
  const float* value = parameters.typed_data();
  const spark::ZenkeParameters p = {value[0], value[1], value[2], value[3], value[4], value[5], value[6]};
  const int64_t slots = pre_trace.dimensions()[0];
  const int64_t now = (static_cast<int64_t>(step.typed_data()[0]) % slots + slots) % slots;
  const spark::Traces traces = {pre_trace.typed_data(),  slots, pre_trace.dimensions()[1], now,
                                post_trace.typed_data(), slow_trace.typed_data()};
  const spark::Incoming incoming = {in_starts.typed_data(), in_edge.typed_data(), in_pre.typed_data(),
                                    in_delay.typed_data()};
  const int8_t* fired = post_spikes.typed_data();
  const int64_t units = post_spikes.dimensions()[0];
  return spark::looked_at([&] {
    check_arrivals(history, starts, post, weights.element_count(), units);
    spark::check_incoming(incoming.starts, incoming.edge, incoming.pre, incoming.delay, units, weights.element_count(),
                          traces.pre_units, slots);
    const spark::Part all = {0, units};
    spark::change_arriving(arrivals_of(history, starts), post.typed_data(), all, units, traces, p, changed);
    for (int64_t unit = 0; unit < units; ++unit)
      if (fired[unit]) spark::change_incoming(unit, incoming, traces, p, baseline.typed_data(), changed);
  });
}

ffi::Error scatter(ffi::Buffer<ffi::S8> spikes, ffi::Buffer<ffi::S32> starts, ffi::AnyBuffer post,
                   ffi::AnyBuffer weights, ffi::AnyBuffer delays, ffi::Buffer<ffi::F32> ring,
                   ffi::Buffer<ffi::S32> slot, ffi::ResultBuffer<ffi::F32> out, int64_t post_type, int64_t weight_type,
                   int64_t delay_type, int64_t layout, int64_t is_signed) {
  float* changed = out->typed_data();
  if (changed != ring.typed_data()) std::memcpy(changed, ring.typed_data(), ring.size_bytes());
  const auto shape = ring.dimensions();
  const void* delay = delay_type == spark::kNoDelay ? nullptr : delays.untyped_data();
  // Whatever the slot is, it is a row of the ring.
  const int64_t row = (static_cast<int64_t>(slot.typed_data()[0]) % shape[0] + shape[0]) % shape[0];
  const int64_t pre = static_cast<int64_t>(spikes.element_count());
  std::vector<int32_t> lists(spark::fired_words(pre));
  spark::list_fired(spikes.typed_data(), {0, pre}, lists.data());
  const spark::Scatter work = {{lists.data(), pre, 1}, starts.typed_data(), post.untyped_data(),
                               weights.untyped_data(), delay, post_type, weight_type, delay_type, layout,
                               is_signed != 0, true, {changed, shape[0], shape[1], row, {0, shape[1]}}};
  return spark::looked_at([&] {
    spark::check_within(starts.element_count(), pre + 1, pre + 1, "the number of starts");
    spark::check_scatter(work, {static_cast<int64_t>(post.size_bytes()), static_cast<int64_t>(weights.size_bytes()),
                                static_cast<int64_t>(delays.size_bytes())});
    spark::scatter(work);
  });
}

// The first `states` arguments are leaves of the state and share their memory with the results of the same number unless
// XLA had to keep them. Buffers are numbered: states, other arguments, other results, scratch, and memory that each share
// has for itself. `steps`, `threads` and `done` are numbers of buffers of one int32, or -1: how many steps to do and by how
// many threads (else one), and how many were done. `timed` is the number of a buffer of 64 bits for each instruction, which
// takes the nanoseconds that it took; or -1.
ffi::Error run_program(ffi::RemainingArgs arguments, ffi::RemainingRets results, ffi::Span<const int64_t> code,
                       ffi::Span<const float> numbers, int64_t states, int64_t scratch, int64_t apart, int64_t steps, int64_t threads,
                       int64_t done, int64_t timed) {
  static thread_local spark::Scratch scratch_memory;
  std::vector<spark::Memory> buffers;
  buffers.reserve(arguments.size() + results.size() - states + 2);
  const auto keep = [&](const auto& buffer) {
    buffers.push_back({static_cast<char*>(buffer.untyped_data()), static_cast<int64_t>(buffer.size_bytes())});
  };
  for (int64_t leaf = 0; leaf < states; ++leaf) {
    auto from = arguments.get<ffi::AnyBuffer>(leaf);
    auto to = results.get<ffi::AnyBuffer>(leaf);
    if (!from.has_value() || !to.has_value()) return ffi::Error::InvalidArgument("a leaf of the state is missing");
    keep(**to);
    if (buffers.back().bytes != static_cast<int64_t>(from->size_bytes()))
      return ffi::Error::InvalidArgument("a leaf of the state changes its size");
    if (buffers.back().data != from->untyped_data())
      std::memcpy(buffers.back().data, from->untyped_data(), from->size_bytes());
  }
  for (size_t at = states; at < arguments.size(); ++at) {
    auto argument = arguments.get<ffi::AnyBuffer>(at);
    if (!argument.has_value()) return argument.error();
    keep(*argument);
  }
  for (size_t at = states; at < results.size(); ++at) {
    auto result = results.get<ffi::AnyBuffer>(at);
    if (!result.has_value()) return result.error();
    keep(**result);
  }
  const auto number_in = [&](int64_t buffer) {
    return buffer < 0 ? 1 : int64_t{*reinterpret_cast<const int32_t*>(buffers[buffer].data)};
  };
  const spark::Code program = {code.begin(), static_cast<int64_t>(code.size()), numbers.begin(),
                               static_cast<int64_t>(numbers.size())};
  spark::Ran ran;
  bool has_times = true;
  const ffi::Error fits = spark::looked_at([&] {
    const int64_t last = static_cast<int64_t>(buffers.size()) - 1;
    spark::check_within(steps, -1, last, "the buffer of steps");
    spark::check_within(threads, -1, last, "the buffer of threads");
    spark::check_within(done, -1, last, "the buffer of steps done");
    spark::check_within(timed, -1, last, "the buffer of times");
    has_times = timed < 0 || buffers[timed].bytes == 8 * spark::instructions_in(program);
    if (!has_times) return;
    const int64_t wanted = number_in(steps);
    const int64_t shares = timed < 0 && wanted > 1 && number_in(threads) > 1 ? number_in(threads) : 1;
    uint64_t* const spent = timed < 0 ? nullptr : reinterpret_cast<uint64_t*>(buffers[timed].data);
    if (spent) std::memset(spent, 0, buffers[timed].bytes);
    const auto lines = [](int64_t bytes) { return (bytes + 63) / 64 * 64; };
    char* const memory = scratch_memory.of(static_cast<size_t>(lines(scratch) + shares * lines(apart)));
    buffers.push_back({memory, scratch});
    std::vector<std::vector<spark::Memory>> of_share(static_cast<size_t>(shares), buffers);
    for (int64_t share = 0; share < shares; ++share)
      of_share[share].push_back({memory + lines(scratch) + share * lines(apart), apart});
    ran = shares == 1 ? spark::run_alone(program, of_share[0], wanted, spent)
                      : spark::SharedProgram(program, of_share, wanted).run();
    if (done >= 0 && ran.outcome == spark::kDone)
      *reinterpret_cast<int32_t*>(buffers[done].data) = static_cast<int32_t>(ran.steps);
  });
  if (fits.failure()) return fits;
  if (!has_times) return ffi::Error::InvalidArgument("the buffer of times has not one number for each instruction");
  switch (ran.outcome) {
    case spark::kNotLoaded:
      return ffi::Error::InvalidArgument("a formula of the program is not loaded in this process");
    case spark::kUnknown: return ffi::Error::InvalidArgument("an instruction of the program is unknown");
    default: return ffi::Error::Success();
  }
}

ffi::Error pack_spikes(ffi::Buffer<ffi::S8> spikes, ffi::ResultBuffer<ffi::U32> packed) {
  spark::pack_spikes(spikes.typed_data(), spikes.element_count(), packed->typed_data());
  return ffi::Error::Success();
}

ffi::Error unpack_spikes(ffi::Buffer<ffi::U32> packed, ffi::ResultBuffer<ffi::S8> spikes) {
  const int64_t count = spikes->dimensions().back(), length = packed.dimensions().back();
  for (int64_t row = 0; count > 0 && row < spikes->element_count() / count; ++row)
    spark::unpack_spikes(packed.typed_data() + row * length, count, spikes->typed_data() + row * count);
  return ffi::Error::Success();
}

// What this process says and what all say, once a step of a brain on several machines.
ffi::Error exchange(ffi::Buffer<ffi::U32> row, ffi::Buffer<ffi::S32> sockets, ffi::Buffer<ffi::U32> turn,
                    ffi::ResultBuffer<ffi::U32> all) {
  const int64_t processes = sockets.element_count(), words = row.element_count();
  spark::Exchange made(sockets.typed_data(), processes, turn.typed_data()[0], row.typed_data(),
                       static_cast<uint32_t>(words), all->typed_data());
  const std::string why = made.run();
  return why.empty() ? ffi::Error::Success() : ffi::Error(ffi::ErrorCode::kUnavailable, why);
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_run_program, run_program,
                              ffi::Ffi::Bind()
                                  .RemainingArgs()
                                  .RemainingRets()
                                  .Attr<ffi::Span<const int64_t>>("code")
                                  .Attr<ffi::Span<const float>>("numbers")
                                  .Attr<int64_t>("states")
                                  .Attr<int64_t>("scratch")
                                  .Attr<int64_t>("apart")
                                  .Attr<int64_t>("steps")
                                  .Attr<int64_t>("threads")
                                  .Attr<int64_t>("done")
                                  .Attr<int64_t>("timed"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_scatter, scatter,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::S8>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Ret<ffi::Buffer<ffi::F32>>()
                                  .Attr<int64_t>("post_type")
                                  .Attr<int64_t>("weight_type")
                                  .Attr<int64_t>("delay_type")
                                  .Attr<int64_t>("layout")
                                  .Attr<int64_t>("is_signed"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_pack_spikes, pack_spikes,
                              ffi::Ffi::Bind().Arg<ffi::Buffer<ffi::S8>>().Ret<ffi::Buffer<ffi::U32>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_unpack_spikes, unpack_spikes,
                              ffi::Ffi::Bind().Arg<ffi::Buffer<ffi::U32>>().Ret<ffi::Buffer<ffi::S8>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_exchange, exchange,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::U32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::U32>>()
                                  .Ret<ffi::Buffer<ffi::U32>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_deliver_dense, deliver_dense,
                              ffi::Ffi::Bind().Arg<ffi::Buffer<ffi::S8>>().Arg<ffi::AnyBuffer>().Ret<ffi::Buffer<ffi::F32>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_deliver_edges, deliver_edges,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::U32>>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Ret<ffi::Buffer<ffi::F32>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(spark_zenke_edges, zenke_edges,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::U32>>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::S8>>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Ret<ffi::Buffer<ffi::F32>>());

// Machine code for programs that name it by this key; 0 if there is no more room for it.
extern "C" int spark_know_formula(int64_t key, void* formula) {
  return spark::formulas().know(key, reinterpret_cast<spark::Formula>(formula)) ? 1 : 0;
}

// For spark/kernels/order.py, which says what it does. Targets come as 2 or 4 bytes; a weight is of so many, or there are none.
extern "C" void spark_order_rows(const int32_t* starts, int64_t rows, const void* post, int64_t post_bytes,
                                 const uint8_t* delays, const char* weights, int64_t weight_bytes, int64_t half,
                                 uint32_t* targets, char* ordered, int32_t* counts) {
  const auto order = [&](const auto* from) {
    spark::order_rows<std::remove_cv_t<std::remove_pointer_t<decltype(from)>>>(
        {starts, rows, from, delays, weights, weight_bytes, half}, targets, ordered, counts);
  };
  if (post_bytes == 2) return order(static_cast<const uint16_t*>(post));
  order(static_cast<const int32_t*>(post));
}

// For the report of what is in use, and for tests of every instruction set on one machine.
extern "C" int spark_instruction_set() { return spark::instruction_set.load(); }

extern "C" int spark_limit_instruction_set(int limit) {
  const int best = spark::best_instruction_set();
  spark::instruction_set.store(limit < best ? limit : best);
  return spark_instruction_set();
}
