"""Files that are broken or hostile are one clear line, and other files are never opened."""

from __future__ import annotations

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.readers import read_nwb

from . import nwb_files as files


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    counts = np.random.default_rng(0).poisson(2.0, (3, 6, 4))
    edges = files.frame_starts(3, 6, 1 / 30, pause_after=9)
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts))
    files.add_presentations(content, edges)
    files.add_state(content, 12.0)
    return files.write(content, tmp_path_factory.mktemp("nwb") / "whole.nwb")


def refused(path, *words, **how):
    with pytest.raises(DataError) as caught:
        np.asarray(read_nwb(path, **how).responses)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.fixture
def changed(whole, tmp_path):
    """A copy that is changed by a function of the open file."""

    def change(how):
        path = tmp_path / "changed.nwb"
        shutil.copyfile(whole, path)
        with h5py.File(path, "r+") as file:
            how(file)
        return path

    return change


def replace(name, values):
    """Put other values in the place of a dataset, keeping its attributes."""

    def how(file):
        kept = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(kept)

    return how


def test_the_file_itself_can_be_read(whole):
    assert read_nwb(whole).responses.shape == (3 * 6 * 4, 4)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(whole, tmp_path, share):
    content = whole.read_bytes()
    (tmp_path / "cut.nwb").write_bytes(content[: int(share * len(content))])
    refused(tmp_path / "cut.nwb", "cut.nwb")


def test_a_file_that_is_not_there_or_no_nwb_file(tmp_path):
    refused(tmp_path / "no.nwb", "no such file")
    refused(tmp_path, "is not a file")
    (tmp_path / "text.nwb").write_text("hello")
    refused(tmp_path / "text.nwb", "text.nwb is no NWB file")
    with h5py.File(tmp_path / "other.nwb", "w") as file:
        file["x"] = np.arange(3)
    refused(tmp_path / "other.nwb", "is HDF5, but no NWB file", "twofold import arrays")


def test_missing_tables(changed):
    def without(name):
        def how(file):
            del file[name]

        return how

    refused(changed(without("units")), "--responses", "processing/running/running_speed")
    refused(changed(without("intervals/natural_movie_one_presentations")), "--intervals")
    refused(changed(without("units/spike_times")), "changed.nwb")
    refused(changed(without("intervals/natural_movie_one_presentations/stop_time")), "changed.nwb")


TABLE = "intervals/natural_movie_one_presentations"


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("units/spike_times", np.array([b"a"] * 140), ["spike_times holds"]),
        ("units/spike_times", np.full(2000, np.nan), ["unit 0: spike 0 is at nan s"]),
        ("units/spike_times_index", np.array([3, 2, 5, 9]), ["spike_times_index does not fit"]),
        ("units/spike_times_index", np.array([3, 4, 5, 10**9]), ["does not fit", "1000000000"]),
        (f"{TABLE}/start_time", np.full(18, np.nan), ["row 0 does not stop after it starts"]),
        (f"{TABLE}/start_time", np.zeros((18, 2)), ["changed.nwb"]),
        (f"{TABLE}/start_time", np.zeros(0), ["changed.nwb"]),
        (f"{TABLE}/stop_time", np.zeros(18), ["does not stop after it starts"]),
        (f"{TABLE}/frame", np.zeros(17), ["changed.nwb", "same length"]),
        (f"{TABLE}/frame", np.full(18, -1.0), ["none of 18 rows shows a frame"]),
        (f"{TABLE}/frame", np.array([b"x"] * 18), ["none of 18 rows shows a frame"]),
        (f"{TABLE}/frame", np.random.default_rng(0).permutation(18), ["no presentation shows all 18 frames"]),
    ],
)  # fmt: skip
def test_wrong_values(changed, name, values, words):
    refused(changed(replace(name, values)), *words)


@pytest.mark.parametrize("chunks", [None, (100,)])
def test_a_dataset_that_claims_ten_times_what_it_holds(changed, chunks):
    """HDF5 would make up zeros for what was never written."""

    def how(file):
        spikes, kept = file["units/spike_times"][:], dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        shape = (10 * len(spikes),)
        claimed = file.create_dataset("units/spike_times", shape, "f8", chunks=chunks)
        if chunks:
            claimed[: len(spikes)] = spikes
        claimed.attrs.update(kept)

    refused(changed(how), "units/spike_times claims", "holds only")


def test_no_other_file_is_opened(changed, whole, tmp_path):
    (tmp_path / "secret.bin").write_bytes(bytes(2000 * 8))

    def link(file):
        file["processing/secret"] = h5py.ExternalLink(str(whole), "units")

    def outside(file):
        kept = dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        at = [(str(tmp_path / "secret.bin"), 0, 2000 * 8)]
        file.create_dataset("units/spike_times", (2000,), "f8", external=at).attrs.update(kept)

    def mapped(file):
        kept, n = dict(file["units/spike_times"].attrs), len(file["units/spike_times"])
        layout = h5py.VirtualLayout((n,), "f8")
        layout[:] = h5py.VirtualSource(str(whole), "units/spike_times", (n,))
        del file["units/spike_times"]
        file.create_virtual_dataset("units/spike_times", layout).attrs.update(kept)

    refused(changed(link), "processing/secret is a link to another file", "not opened")
    refused(changed(outside), "units/spike_times lies in another file")
    refused(changed(mapped), "units/spike_times lies in another file")


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bytes_are_a_recording_or_one_line(whole, tmp_path, data):
    """Any damage gives a recording of the right shape or an error of ours; never another exception."""
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "flipped.nwb").write_bytes(content)
    try:
        recording = read_nwb(tmp_path / "flipped.nwb")
        assert recording.responses[:].shape[1] == len(recording.neurons)
    except DataError as error:
        assert "\n" not in str(error)


def test_without_pynwb_the_error_is_the_line_to_type(whole):
    code = (
        "import sys; sys.modules['pynwb'] = None\n"
        "import twofold\n"
        "try:\n    twofold.read_nwb(sys.argv[1])\n"
        "except twofold.TwofoldError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(whole)], capture_output=True, text=True)
    assert "pip install 'twofold[nwb]'" in done.stdout, done.stderr
