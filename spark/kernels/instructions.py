"""Numbers of the instructions of a native program, as in native/program.h."""

COPY, SPIKER, PUSH, DELIVER_EDGES, DELIVER_DENSE, SOMA, ZENKE, SIGN, INTEGRATOR, STEP, BUMP, WATCH = range(12)
(
    CLEAR,
    TAKE,
    GUARD,
    NOTE_SPIKES,
    NOTE_ROW,
    SCATTER,
    DRAW_SPIKES,
    ADD_COUNTS,
    DELIVER_AND_CHANGE,
    FORMULA,
    RECEIVE,
    BARRIER,
    LIST_FIRED,
    TRACES,
    ZENKE_TRACES,
    ARRIVE,
    SPREAD,
) = range(12, 29)
STDP, DELIVER_WAITING, RULE = 32, 33, 34
