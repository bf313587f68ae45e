// Adaptive exponential units with two decaying currents as this project wrote them by hand before formulas were compiled:
// the yardstick of adex.py. Explicit vectors, one pass over all units, for this processor alone.
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t Words __attribute__((vector_size(4 * LANES)));
typedef int16_t Counters __attribute__((vector_size(2 * LANES)));
typedef int8_t Bytes __attribute__((vector_size(LANES)));

struct Units {
  float *potential, *adaptation, *held[2], *row[2];
  int16_t* refractory;
  int8_t* spikes;
  const float* background;
  int64_t count;
  float gain, level, after, knee, steepness, sharpness, resistance, coupling, rate, jump, most, factor[2];
  int16_t blocked;
};

namespace {

Floats all(float value) { return value - Floats{}; }

template <class Vector, class Type>
Vector load(const Type* from) {
  Vector values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

template <class Vector, class Type>
void keep(Type* to, Vector values) {
  std::memcpy(to, &values, sizeof values);
}

// 2 to the power of a whole number, times a polynomial; contraction to fused multiply-add is the compiler's.
Floats exponentials(Floats given) {
  const Floats x = given < -87.0f ? all(-87.0f) : given;
  const Floats round = all(12582912.0f);
  const Floats rounded = x * 1.44269504f + round;
  const Floats n = rounded - round;
  const Floats r = n * 2.12194440e-4f + (n * -0.693359375f + x);
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  Words exponent;
  std::memcpy(&exponent, &rounded, sizeof exponent);
  exponent = (exponent - 0x4B400000u + 127u) << 23;
  Floats power;
  std::memcpy(&power, &exponent, sizeof power);
  return given < -87.0f ? Floats{} : p * power;
}

void advance(const Units& u) {
  for (int64_t unit = 0; unit < u.count; unit += LANES) {
    const Floats before = load<Floats>(u.potential + unit), adaptation = load<Floats>(u.adaptation + unit);
    const Ints refractory = __builtin_convertvector(load<Counters>(u.refractory + unit), Ints);
    Floats current = load<Floats>(u.background + unit);
    for (int at = 0; at < 2; ++at) {
      const Floats arriving = load<Floats>(u.held[at] + unit) + load<Floats>(u.row[at] + unit);
      keep(u.row[at] + unit, Floats{});
      keep(u.held[at] + unit, arriving * u.factor[at]);
      current += arriving;
    }
    Floats power = (before - u.knee) * u.steepness;
    power = power > u.most ? all(u.most) : power;
    Floats slope = exponentials(power) * u.sharpness - before;
    slope = u.resistance * (current - adaptation) + slope;
    const Floats integrated = u.gain * slope + before;
    const Floats adapted = u.rate * (u.coupling * before - adaptation) + adaptation;
    const Ints ready = refractory == 0;
    const Floats now = ready ? integrated : before;
    const Ints fired = ready & (now > u.level);
    const Ints left = refractory - 1 - ready;
    keep(u.potential + unit, fired ? all(u.after) : now);
    keep(u.adaptation + unit, fired ? adapted + u.jump : adapted);
    keep(u.refractory + unit, __builtin_convertvector(fired ? u.blocked - Ints{} : left, Counters));
    keep(u.spikes + unit, __builtin_convertvector(-fired, Bytes));
  }
}

}  // namespace

// Units are a multiple of the lanes.
extern "C" void run(const Units* units, int64_t steps) {
  for (int64_t step = 0; step < steps; ++step) advance(*units);
}
