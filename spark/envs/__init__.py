"""Closed loops: a brain that acts on what it senses. Needs the extra `gym`."""

from spark.core.extras import need as _need

_need("gym", "gymnasium", "tqdm")

# Imported behind that line, which says what to install where something is missing: hence E402.
from spark.envs.acting import Log as Log  # noqa: E402
from spark.envs.environment import Environment as Environment  # noqa: E402
from spark.envs.loop import Loop as Loop  # noqa: E402
from spark.envs.spaces import action_decoder as action_decoder  # noqa: E402
from spark.envs.spaces import observation_encoder as observation_encoder  # noqa: E402
from spark.envs.vector_loop import VectorLoop as VectorLoop  # noqa: E402
