from typing import NamedTuple, Annotated, Any
import numpy as np
from pydantic import BeforeValidator
from spark.core.config import Config, field
class ConnectionList(NamedTuple):
    starts: Any
    post: Any
    values: Any
class FixedProbability(Config):
    probability: float = field(0.1, description="p")
    def draw(self, generator, pre_shape, post_shape):
        pre, post = int(np.prod(pre_shape)), int(np.prod(post_shape))
        n = generator.binomial(post, self.probability, pre)
        starts = np.concatenate([[0], np.cumsum(n)])
        p = generator.integers(0, post, starts[-1]).astype(np.int32)
        key = np.repeat(np.arange(pre), n) * post + p
        key.sort()
        return ConnectionList(starts, (key % post).astype(np.int32), None)
AnyConnectivity = Annotated[Any, BeforeValidator(lambda v: v)]
