"""Which tests concern which source file: the few that are tried where a fault is made there, quickest first.

A fault that these do not see counts as one that survives, though some other test might see it. Together those of a file
take some twenty seconds of processor time at most.
"""

# Every rule, in every way to keep connections.
EQUATIONS = "tests/nn/test_event_rules.py::test_a_rule_gives_the_weights_of_its_equations"
PLASTIC = ["tests/nn/test_pair_rules.py", "tests/kernels/test_stdp.py", EQUATIONS, "tests/nn/test_zenke_rule.py"]
CONSOLIDATED = ["tests/kernels/test_zenke_edges.py", "tests/nn/test_zenke_rule.py"]
EDGES = ["tests/kernels/test_edge_lists.py", "tests/kernels/test_deliver_edges.py"]
RUNS = ["tests/sim/test_full_chunks.py", "tests/sim/test_probes.py", "tests/kernels/test_checked_build.py"]
LIBRARY = ["tests/kernels/test_carried_library.py", "tests/kernels/test_native_library.py"]
THREADS = ["tests/kernels/test_sharing.py", "tests/engine/test_threads.py"]
CHECKED = ["tests/kernels/test_checked_build.py", "tests/nn/test_plastic_projections.py"]
BLOCKS = ["tests/kernels/test_row_order.py", "tests/nn/test_delays.py"]
FORMULAS = ["tests/kernels/test_staged_formulas.py", "tests/kernels/test_formulas.py"]
LOWERED = ["tests/nn/test_plastic_projections.py", "tests/engine/test_lowering.py"]
PAIRS = ["tests/engine/test_rows_in_pairs.py"]
RULES = ["tests/nn/test_plastic_projections.py", "tests/nn/test_rule_equations.py", EQUATIONS]

# Of an area, where its file is not named.
AREAS = {
    "kernels": [*EDGES, *RUNS],
    "native": [*RUNS, *LOWERED],
    "graph": ["tests/graph", "tests/core/test_names.py", "tests/io/test_graph_config.py", "tests/nn/test_brain.py"],
    "io": ["tests/io/test_model_file.py", "tests/io/test_graph_config.py", "tests/io/test_sparse.py"],
    "guard": ["tests/editor/test_guard_passes_on.py", "tests/editor/test_guard.py", "tests/editor/test_server.py"],
}
FILES = {
    "spark/kernels/bits.py": ["tests/kernels/test_bits.py", "tests/kernels/test_spike_history.py", *EDGES],
    "spark/kernels/build.py": LIBRARY,
    "spark/kernels/cache.py": ["tests/kernels/test_cache.py"],
    "spark/kernels/carried.py": LIBRARY,
    "spark/kernels/check.py": ["tests/kernels/test_deliver_dense.py", *EDGES],
    "spark/kernels/choice.py": ["tests/kernels/test_deliver_dense.py", "tests/sim/test_unroll.py"],
    "spark/kernels/compiler.py": [*LIBRARY, "tests/kernels/test_instruction_sets.py"],
    "spark/kernels/connection_change.py": RULES,
    "spark/kernels/consolidate.py": ["tests/kernels/test_consolidate.py"],
    "spark/kernels/dense.py": ["tests/kernels/test_deliver_dense.py"],
    "spark/kernels/edge_parts.py": [EDGES[0], "tests/kernels/test_edge_parts.py", "tests/sim/test_shard_errors.py"],
    "spark/kernels/edges.py": [*EDGES, "tests/nn/test_plastic_projections.py"],
    "spark/kernels/exponential.py": ["tests/nn/test_adaptive_exponential.py", "tests/nn/test_soma_models.py"],
    "spark/kernels/history.py": ["tests/kernels/test_spike_history.py", "tests/nn/test_delays.py"],
    "spark/kernels/instructions.py": CHECKED,
    "spark/kernels/jaxprs.py": FORMULAS,
    "spark/kernels/llvm.py": FORMULAS,
    "spark/kernels/native.py": ["tests/kernels/test_row_order.py", "tests/kernels/test_deliver_dense.py", *LIBRARY],
    "spark/kernels/ops_header.py": ["tests/kernels/test_ops.py"],
    "spark/kernels/order.py": ["tests/kernels/test_edge_parts.py", *BLOCKS],
    "spark/kernels/pages.py": ["tests/kernels/test_large_pages.py"],
    "spark/kernels/place.py": [*THREADS, *CHECKED],
    "spark/kernels/program.py": ["tests/kernels/test_fired.py", "tests/sim/test_profile.py", *RUNS, *LOWERED],
    "spark/kernels/rows.py": ["tests/kernels/test_edge_parts.py", *BLOCKS],
    "spark/kernels/rule_table.py": PLASTIC,
    "spark/kernels/scatter.py": ["tests/kernels/test_scatter.py", "tests/sim/test_under_way.py"],
    "spark/kernels/sharing.py": THREADS,
    "spark/kernels/smooth.py": ["tests/core/test_gradients.py", "tests/sim/test_unroll.py"],
    "spark/kernels/sparse.py": EDGES,
    "spark/kernels/stdp.py": PLASTIC,
    "spark/kernels/variants.py": ["tests/kernels/test_checked_build.py", "tests/kernels/test_instruction_sets.py"],
    "spark/kernels/zenke.py": CONSOLIDATED,
    "spark/io/atomic.py": ["tests/io/test_atomic.py"],
    "spark/io/checkpoint.py": ["tests/io/test_checkpoint.py", "tests/io/test_checkpoint_sizes.py"],
    "spark/io/code.py": ["tests/io/test_code.py", "tests/io/test_stored_projections.py"],
    "spark/io/code_inputs.py": ["tests/io/test_code.py"],
    "spark/io/events.py": ["tests/sim/test_events.py"],
    "spark/io/graph_config.py": [
        "tests/io/test_graph_config.py", "tests/io/test_model_file.py", "tests/editor/test_drawn_projections.py",
        "tests/editor/test_history.py", "tests/io/test_stored_projections.py",
    ],
    "spark/io/graph_of.py": ["tests/io/test_graph_config.py", "tests/io/test_stored_projections.py"],
    "spark/io/layout.py": ["tests/io/test_layout.py"],
    "spark/io/models.py": ["tests/io/test_models.py", "tests/io/test_model_file.py"],
    "spark/io/model_file.py": [
        "tests/io/test_model_file.py", "tests/editor/test_nothing_lost.py", "tests/io/test_graph_config.py",
        "tests/io/test_hostile.py",
    ],
    "spark/io/nesting.py": ["tests/io/test_model_file.py", "tests/editor/test_nothing_lost.py"],
    "spark/io/orbax.py": ["tests/io/test_orbax.py"],
    "spark/io/pictures.py": ["tests/io/test_model_pictures.py", "tests/editor/test_nothing_lost.py"],
    "spark/io/rotation.py": ["tests/io/test_checkpoint.py"],
    "spark/io/sizes.py": ["tests/io/test_draw_sizes.py", "tests/editor/test_sizes.py", "tests/io/test_hostile.py"],
    "spark/io/sparse.py": ["tests/io/test_sparse.py", "tests/io/test_stored_projections.py"],
    "native/arrivals.h": ["tests/kernels/test_scatter.py", "tests/nn/test_delays.py"],
    "native/arrive.h": ["tests/kernels/test_scatter.py", "tests/nn/test_plastic_projections.py"],
    "native/bits.h": EDGES,
    "native/deliver.h": ["tests/kernels/test_deliver_edges.py", "tests/nn/test_delays.py"],
    "native/dense.inc": ["tests/kernels/test_deliver_dense.py"],
    "native/edge_instructions.h": [*CHECKED, *LOWERED],
    "native/exchange.h": ["tests/engine/test_exchange.py", "tests/sim/test_shard_compiled.py"],
    "native/fired.h": ["tests/kernels/test_fired.py", "tests/sim/test_full_chunks.py"],
    "native/formulas.h": ["tests/engine/test_module_formulas.py"],
    "native/operands.h": CHECKED,
    "native/ops_of_connections.h": ["tests/kernels/test_scatter.py", "tests/sim/test_under_way.py", *CHECKED],
    "native/ops_of_programs.h": [*CHECKED, *RUNS],
    "native/ops_of_rules.h": [*CHECKED, *PLASTIC, *RULES],
    "native/ops_of_units.h": ["tests/nn/test_spikers.py", "tests/nn/test_point_neurons.py", *LOWERED],
    "native/order.h": ["tests/kernels/test_row_order.py"],
    "native/pairs.h": PAIRS,
    "native/pairs.inc": PAIRS,
    "native/past.h": [*PAIRS, "tests/kernels/test_stdp.py"],
    "native/program.h": [*RUNS, *LOWERED],
    "native/random.inc": ["tests/kernels/test_random_draws.py", "tests/nn/test_spikers.py"],
    "native/replay.h": [*PAIRS, "tests/kernels/test_stdp.py", *RULES, "tests/kernels/test_checked_build.py"],
    "native/replay.inc": [*PAIRS, "tests/kernels/test_stdp.py", *RULES],
    "native/rule_step.h": RULES,
    "native/scatter.h": ["tests/kernels/test_scatter.py", "tests/nn/test_delays.py"],
    "native/shared_program.h": THREADS,
    "native/shares.h": THREADS,
    "native/soma.inc": LOWERED,
    "native/spark_kernels.cc": ["tests/kernels/test_program_runs.py", *CHECKED, *LIBRARY],
    "native/spikes.h": [*EDGES, "tests/kernels/test_stdp.py"],
    "native/spread.h": [*BLOCKS, "tests/nn/test_point_neurons.py"],
    "native/stdp.h": PLASTIC,
    "native/targets.h": BLOCKS,
    "native/stdp.inc": PLASTIC,
    "native/stdp_handlers.h": PLASTIC,
    "native/stdp_operations.inc": PLASTIC,
    "native/stdp_step.h": [*PLASTIC, *RULES],
    "native/team.h": [*THREADS, "tests/kernels/test_checked_build.py"],
    "native/unit_instructions.h": [*CHECKED, *LOWERED],
    "native/unit_operations.inc": LOWERED,
    "native/units.h": LOWERED,
    "native/units.inc": LOWERED,
    "native/weights.h": ["tests/kernels/test_scatter.py"],
    "native/zenke.h": CONSOLIDATED,
}  # fmt: skip


def tests_of(area: str, name: str) -> list[str]:
    """The tests that concern a file, each once."""
    return list(dict.fromkeys(FILES.get(name, AREAS[area])))
