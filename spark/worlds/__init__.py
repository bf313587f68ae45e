"""Worlds as modules: an environment written in JAX is a node of the brain's graph, and the loop is closed by wires."""

from spark.worlds.acrobot import Acrobot as Acrobot
from spark.worlds.acrobot import AcrobotConfig as AcrobotConfig
from spark.worlds.arm import ReachingArm as ReachingArm
from spark.worlds.arm import ReachingArmConfig as ReachingArmConfig
from spark.worlds.bandit import Bandit as Bandit
from spark.worlds.bandit import BanditConfig as BanditConfig
from spark.worlds.bandit import CuedBandit as CuedBandit
from spark.worlds.bandit import CuedBanditConfig as CuedBanditConfig
from spark.worlds.borrowed import borrowed as borrowed
from spark.worlds.cart_pole import CartPole as CartPole
from spark.worlds.cart_pole import CartPoleConfig as CartPoleConfig
from spark.worlds.maze import Maze as Maze
from spark.worlds.maze import MazeConfig as MazeConfig
from spark.worlds.mountain_car import MountainCar as MountainCar
from spark.worlds.mountain_car import MountainCarConfig as MountainCarConfig
from spark.worlds.pendulum import Pendulum as Pendulum
from spark.worlds.pendulum import PendulumConfig as PendulumConfig
from spark.worlds.world import World as World
from spark.worlds.world import WorldConfig as WorldConfig
from spark.worlds.world import WorldOutput as WorldOutput
