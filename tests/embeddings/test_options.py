from __future__ import annotations

import numpy as np
import pytest

from twofold.errors import OptionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conditional": "normal"}, "give both or neither"),
        ({"jitter": 0.1}, "give both or neither"),
        ({"window": 10, "stride": 4}, "window=10 is no multiple of stride=4"),
        ({"mask_time": 0.1}, "mask_time would mask whole windows"),
        ({"patience": 3}, "give validation"),
        ({"behaviour_dimensions": 2}, "behaviour_dimensions needs time_dimensions"),
        ({"time_dimensions": 3}, "each takes at least 1 and at most all"),
        ({"time_dimensions": 4, "behaviour_dimensions": 1}, "each takes at least 1 and at most all"),
        ({"time_dimensions": 1, "behaviour_dimensions": 1}, "leave 1 of 3 latents to no loss"),
        ({"shared": True}, r"shared=True is for several recordings"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"conditional": "delta"}, "conditional='delta': input should be 'time_delta' or 'normal'"),
        ({"schedule": "linear"}, "schedule='linear': input should be 'constant' or 'cosine'"),
        ({"validation": 1.0}, "validation=1.0"),
    ],
)
def test_options_that_cannot_work_together_are_refused(small, animal, options, message):
    with pytest.raises(OptionError, match=message):
        small(**options).fit(animal.responses, animal.frame, trials=animal.repeat)


def test_all_bad_combinations_are_told_at_once(small, animal):
    with pytest.raises(OptionError) as error:
        small(jitter=1.0, window=3, stride=2, patience=1, time_dimensions=9).fit(
            animal.responses, animal.frame
        )
    for name in ("jitter", "stride", "patience", "time_dimensions"):
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("options", "y", "message"),
    [
        ({"time_dimensions": 1}, None, "without labels all latents are guided by time"),
        ({"conditional": "normal", "jitter": 0.1}, np.arange(200), "and these are discrete"),
    ],
)
def test_options_that_do_not_suit_the_labels_are_refused(small, animal, options, y, message):
    with pytest.raises(OptionError, match=message):
        small(**options).fit(animal.responses, y)


def test_several_recordings_refuse_what_they_cannot_do_all_at_once(small, animals):
    embedding = small(positives="any", reconstruction=1.0)
    with pytest.raises(OptionError, match=r"positives='any'.*; reconstruction works with one recording"):
        embedding.fit([one.responses for one in animals], [one.frame for one in animals])
