"""Closed loops: a brain that acts on what it senses. Needs the extra `gym`."""

from spark.envs.loop import Log as Log
from spark.envs.loop import Loop as Loop
from spark.envs.spaces import action_decoder as action_decoder
from spark.envs.spaces import observation_encoder as observation_encoder
