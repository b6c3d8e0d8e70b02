"""The short training loop, on Lightning Fabric."""

from twofold.training.device import Precision as Precision
from twofold.training.device import choose_device as choose_device
from twofold.training.device import product_type as product_type
from twofold.training.fit import Schedule as Schedule
from twofold.training.fit import Trainable as Trainable
from twofold.training.fit import adamw as adamw
from twofold.training.fit import fit as fit
from twofold.training.history import History as History
from twofold.training.history import NotFiniteError as NotFiniteError
from twofold.training.seeding import RandomState as RandomState
from twofold.training.seeding import seeded as seeded
from twofold.training.seeding import seeds_from as seeds_from
