// Written from spark/kernels/ops: change it there, then run `python -m spark.kernels.ops_header native`.
#pragma once

#include <cstdint>

#include "ops_of_connections.h"
#include "ops_of_programs.h"
#include "ops_of_rules.h"
#include "ops_of_units.h"

namespace spark {

// The numbers of all instructions.
#define SPARK_INSTRUCTIONS(_) \
  _(kCopy, 0) \
  _(kSpiker, 1) \
  _(kPush, 2) \
  _(kDeliverEdges, 3) \
  _(kDeliverDense, 4) \
  _(kSoma, 5) \
  _(kZenke, 6) \
  _(kSign, 7) \
  _(kIntegrator, 8) \
  _(kStep, 9) \
  _(kBump, 10) \
  _(kWatch, 11) \
  _(kClear, 12) \
  _(kTake, 13) \
  _(kGuard, 14) \
  _(kNoteSpikes, 15) \
  _(kNoteRow, 16) \
  _(kScatter, 17) \
  _(kDrawSpikes, 18) \
  _(kAddCounts, 19) \
  _(kDeliverAndChange, 20) \
  _(kFormula, 21) \
  _(kReceive, 22) \
  _(kBarrier, 23) \
  _(kListFired, 24) \
  _(kTraces, 25) \
  _(kZenkeTraces, 26) \
  _(kArrive, 27) \
  _(kSpread, 28) \
  _(kStdp, 32) \
  _(kDeliverWaiting, 33) \
  _(kRule, 34)

}  // namespace spark
