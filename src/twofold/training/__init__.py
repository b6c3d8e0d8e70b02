"""Training on Lightning Fabric: the short loop, and the long one that can be interrupted."""

from twofold.training.device import Precision as Precision
from twofold.training.device import choose_device as choose_device
from twofold.training.device import product_type as product_type
from twofold.training.early_stopping import EarlyStopping as EarlyStopping
from twofold.training.epochs import CheckpointPlan as CheckpointPlan
from twofold.training.epochs import EpochTraining as EpochTraining
from twofold.training.fabric import is_first_process as is_first_process
from twofold.training.fabric import launch as launch
from twofold.training.fabric import make_fabric as make_fabric
from twofold.training.fit import Schedule as Schedule
from twofold.training.fit import Trainable as Trainable
from twofold.training.fit import adamw as adamw
from twofold.training.fit import fit as fit
from twofold.training.history import History as History
from twofold.training.history import NotFiniteError as NotFiniteError
from twofold.training.plateau import Plateau as Plateau
from twofold.training.seeding import RandomState as RandomState
from twofold.training.seeding import seeded as seeded
from twofold.training.seeding import seeds_from as seeds_from
from twofold.training.tensor_files import read_tensors as read_tensors
from twofold.training.tensor_files import write_tensors as write_tensors
