"""The vocabulary of axes. Time comes first; the runtime check is on in tests only.

An array annotation here costs a user nothing: it is checked when the test runner asks for it.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Integer, Num, Shaped

Responses = Num[np.ndarray, "time neuron"]
Latents = Float[np.ndarray, "time dimension"]
Features = Num[np.ndarray, "time feature"]
Frames = Num[np.ndarray, "frame height width"]
PerTime = Shaped[np.ndarray, "time"]
PerNeuron = Num[np.ndarray, "neuron"]
Ids = Integer[np.ndarray, "time"]
Rows = Integer[np.ndarray, "row"]
Seconds = Float[np.ndarray, "time"]
NeuronMask = Bool[np.ndarray, "neuron"]
ByRepeat = Num[np.ndarray, "repeat frame neuron"]
