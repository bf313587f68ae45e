"""Teaching brains: by plasticity that follows reward, or by gradients through spikes; and how well that went."""

from spark.learn.actor import ActorPools as ActorPools
from spark.learn.actor import ActorPoolsConfig as ActorPoolsConfig
from spark.learn.actor_critic import actor_critic as actor_critic
from spark.learn.critic import Critic as Critic
from spark.learn.critic import CriticConfig as CriticConfig
from spark.learn.error import PredictionError as PredictionError
from spark.learn.error import PredictionErrorConfig as PredictionErrorConfig
from spark.learn.evaluation import Evaluation as Evaluation
from spark.learn.gradients import SurrogateGradients as SurrogateGradients
from spark.learn.gradients import Taught as Taught
from spark.learn.race import ActorRace as ActorRace
from spark.learn.race import ActorRaceConfig as ActorRaceConfig
from spark.learn.tasks import task as task
from spark.learn.teach import Lesson as Lesson
from spark.learn.teach import Progress as Progress
from spark.learn.teach import evaluate as evaluate
from spark.learn.teach import fit as fit
from spark.learn.yardsticks import yardsticks as yardsticks
