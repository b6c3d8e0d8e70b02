"""Options are refused with the line to type instead."""

from __future__ import annotations

import pytest

from twofold.errors import OptionError
from twofold.studies.latent_factors.fits import fits_of
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.presets import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_known_by_its_name(name):
    assert LatentFactorsOptions.preset(name).preset_name == name


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dimension": 0}, "dimension=0"),
        ({"dimenson": 3}, "did you mean 'dimension'"),
        ({"dimensions": (3, 1)}, "the smallest first"),
        ({"given_shares": (0.5, 0.9)}, "up to 0.75"),
        ({"matched_shares": (0.3,)}, "0.3 is not in given_shares"),
    ],
)
def test_wrong_options_are_told(changes, said):
    with pytest.raises(OptionError, match=said):
        LatentFactorsOptions(**changes)


def test_options_are_read_from_the_command_line():
    found = LatentFactorsOptions.from_strings(
        {"dimensions": "1,4", "most_neurons": "none"}, base=LatentFactorsOptions.preset("quick")
    )
    assert (found.dimensions, found.most_neurons, found.preset_name) == ((1, 4), None, "quick")


def test_every_model_starts_from_one_that_there_is():
    for name in PRESETS:
        fits = fits_of(LatentFactorsOptions.preset(name), have_positions=True)
        assert all(fit.start is None or fit.start in fits for fit in fits.values())
        assert all((fit.start is None) or fits[fit.start].video == fit.video for fit in fits.values())


def test_without_positions_no_model_needs_them():
    fits = fits_of(LatentFactorsOptions.preset("small"), have_positions=False)
    assert all(fit.latent is None or fit.latent.latent_map != "position" for fit in fits.values())
