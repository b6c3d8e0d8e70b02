"""From an NWB file to the study by two commands, and back into an NWB file beside the original units."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO

from twofold.errors import DataError
from twofold.readers import export_nwb, read_nwb, write_nwb
from twofold.recordings import open_recording
from twofold.simulate import MovieRepeats, simulate_movie_repeats

from ..cli.calling import QUICK, call, everything, refused
from . import nwb_files as files


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """12 units that follow the movie, 4 repeats of 20 frames, in the layout of the Allen Institute."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.broadcast_to(rng.gamma(1.0, 4.0, (20, 12)), (4, 20, 12)))
    edges = files.frame_starts(4, 20, 0.03336, pause_after=2, jitter_s=0.0005)
    content = files.empty()
    files.add_units(content, files.poisson_trains(edges, counts), isi_violations=[0.9] + [0.1] * 11)
    files.add_presentations(content, edges)
    files.add_state(content, edges[-1, -1] + 1)
    return files.write(content, tmp_path_factory.mktemp("nwb") / "session.nwb")


@pytest.fixture(scope="module")
def store(session, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "mouse.zarr"
    ran = call("import", "nwb", session, path)
    assert ran.code == 0, ran
    assert "kept 11 of 12 units" in ran.out
    assert ran.out.splitlines()[-1] == f"Wrote {path}. Next: twofold check {path}"
    return path


def test_one_command_imports_and_one_studies(store, tmp_path):
    assert call("check", store).code == 0
    ran = call("study", "neural-alignment", store, "--out", tmp_path / "out", *QUICK)
    assert ran.code == 0, ran
    result = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (result["recording"]["n_repeats"], result["recording"]["n_frames"]) == (4, 20)
    assert result["recording"]["n_units"] == 11
    accuracy = [
        row["value"] for row in result["rows"]
        if (row["row"], row["metric"], row["split"])
        == ("raw + logistic", "exact_accuracy", "leave_one_repeat_out")
    ]  # fmt: skip
    assert accuracy[0] > 0.3  # chance is 1 / 20


def test_every_option_reaches_the_reader(session, tmp_path):
    given = ("--intervals", "natural_movie_one_presentations", "--units", "units", "--region", "VISp",
             "--average", "--bins-per-frame", "2", "--signal", "speed=running_speed",
             "--max-isi-violations", "1", "--name", "m1")  # fmt: skip
    assert call("import", "nwb", session, tmp_path / "m.zarr", *given).code == 0
    recording = open_recording(tmp_path / "m.zarr")
    assert recording.name == "m1"
    assert recording.responses.shape == (4 * 20, 6)
    assert list(recording.signals) == ["speed"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            ("--intervals", "natural_movie"),
            ("--intervals natural_movie", "known are: natural_movie_one_presentations"),
        ),
        (("--max-isi-violations", "0.2", "--all-units"), ("--all-units", "leave out the limits")),
        (("--region", "V1"), ("--region V1", "LGd, VISp")),
        (("--signal", "speed"), ("--signal speed", "NAME=VALUE")),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(session, tmp_path, given, words):
    refused(call("import", "nwb", session, tmp_path / "m.zarr", *given), *words)
    assert everything(tmp_path) == {}


def test_a_damaged_file_is_one_line_and_leaves_nothing(session, tmp_path):
    (tmp_path / "cut.nwb").write_bytes(session.read_bytes()[:100_000])
    refused(call("import", "nwb", tmp_path / "cut.nwb", tmp_path / "m.zarr"), "cut.nwb", "damaged")
    assert list(everything(tmp_path)) == ["cut.nwb"]


# --- export --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fit(store, tmp_path_factory):
    out = tmp_path_factory.mktemp("fit") / "run"
    few = [part for one in ("max_steps=5", "dimension=3", "hidden=8") for part in ("--set", one)]
    assert call("fit", "contrastive", store, "--out", out, *few).code == 0
    return out


def in_module(path):
    """Arrays of the processing module, as pynwb reads them."""
    with NWBHDF5IO(str(path), mode="r") as io:
        found = io.read().processing["twofold"].data_interfaces
        return {
            name: (np.asarray(one.data), np.asarray(one.timestamps))
            for name, one in found.items()
            if hasattr(one, "timestamps")
        }


def test_latents_lie_beside_the_original_units(fit, store, session, tmp_path):
    before = session.read_bytes()
    assert call("transform", fit, store, tmp_path / "latents.npz").code == 0
    assert call("export", tmp_path / "latents.npz", session, tmp_path / "a.nwb").code == 0
    assert call("export", fit, session, tmp_path / "b.nwb", "--recording", store).code == 0
    assert session.read_bytes() == before
    with np.load(tmp_path / "latents.npz") as saved:
        for name in ("a.nwb", "b.nwb"):
            latents, time_s = in_module(tmp_path / name)["latents"]
            np.testing.assert_array_equal(latents, saved["latents"])
            np.testing.assert_array_equal(time_s, saved["time_s"])
    with h5py.File(session) as old, h5py.File(tmp_path / "a.nwb") as new:
        np.testing.assert_array_equal(new["units/spike_times"], old["units/spike_times"])
    again = read_nwb(tmp_path / "a.nwb")
    np.testing.assert_array_equal(again.responses[:], open_recording(store).responses[:])


def test_predictions_point_at_the_units_that_they_are_of(store, session, tmp_path):
    recording = open_recording(store)
    prediction = np.random.default_rng(0).normal(size=recording.responses.shape)
    np.savez(tmp_path / "predicted.npz", mean=prediction, time_s=recording.time_s)
    ran = call("export", tmp_path / "predicted.npz", session, tmp_path / "p.nwb", "--recording", store)
    assert ran.code == 0, ran
    with NWBHDF5IO(str(tmp_path / "p.nwb"), mode="r") as io:
        content = io.read()
        table = content.processing["twofold"]["predicted_units"]
        ids = np.asarray(table["unit_id"].data)
        np.testing.assert_array_equal(ids, recording.neurons.column("unit_id"))
        assert table["unit"].table is content.units
        np.testing.assert_array_equal(np.asarray(content.units.id.data)[table["unit"].data[:]], ids)
        np.testing.assert_array_equal(content.processing["twofold"]["mean"].data[:], prediction)


def test_export_refuses_in_one_line_and_leaves_nothing(fit, store, session, tmp_path):
    np.savez(tmp_path / "short.npz", latents=np.zeros((3, 2)), time_s=np.zeros(4))
    np.savez(tmp_path / "none.npz", latents=np.zeros((3, 2)))
    np.savez(tmp_path / "good.npz", latents=np.zeros((4, 2)), time_s=np.arange(4.0))
    (tmp_path / "cut.nwb").write_bytes(session.read_bytes()[:100_000])
    before = everything(tmp_path)
    out = tmp_path / "x.nwb"
    refused(call("export", tmp_path / "short.npz", session, out), "'latents' is (3, 2)", "4 times")
    refused(call("export", tmp_path / "none.npz", session, out), "no array time_s")
    refused(call("export", fit, session, out), "--recording STORE")
    refused(call("export", tmp_path / "good.npz", out), "type twofold export latents.npz ORIGINAL COPY")
    refused(call("export", tmp_path / "good.npz", tmp_path / "cut.nwb", out), "damaged")
    refused(call("export", tmp_path / "good.npz", tmp_path / "no.nwb", out), "no such file")
    refused(
        call("export", tmp_path / "good.npz", session, tmp_path / "cut.nwb"), "cut.nwb exists", "--overwrite"
    )
    assert everything(tmp_path) == before
    assert call("export", tmp_path / "good.npz", session, tmp_path / "cut.nwb", "--overwrite").code == 0
    assert (tmp_path / "cut.nwb.old-1").stat().st_size == 100_000
    refused(call("export", tmp_path / "good.npz", tmp_path / "cut.nwb", out), "twofold/latents already")
    with pytest.raises(DataError, match="the file has no units 7"):
        export_nwb(session, out, {"x": np.zeros(2)}, time_s=np.zeros(2), unit_id=np.array([950, 7]))


# --- a whole recording ---------------------------------------------------------------------------


def test_a_recording_written_as_nwb_comes_back(tmp_path):
    sizes = {
        "n_units": 7,
        "n_frames": 20,
        "n_repeats": 4,
        "mice": 1,
        "cuts": 1,
        "bins_per_frame": 2,
        "gap_s": 1.0,
    }
    movie = simulate_movie_repeats(MovieRepeats.small(**sizes), random_state=0)
    back = read_nwb(write_nwb(movie, tmp_path / "m.nwb"), responses="responses", bins_per_frame=2)
    np.testing.assert_array_equal(back.responses[:], movie.responses[:])
    np.testing.assert_allclose(back.time_s, movie.time_s, atol=1e-9)
    np.testing.assert_array_equal(back.frame_ids, movie.frame_ids)
    for column in ("repeat", "block", "start_s", "stop_s"):
        np.testing.assert_allclose(back.trials.column(column), movie.trials.column(column), atol=1e-9)


def test_a_store_is_exported_as_nwb_by_one_command(store, tmp_path):
    assert call("export", store, tmp_path / "m.nwb").code == 0
    recording = open_recording(store)
    back = read_nwb(tmp_path / "m.nwb", responses="twofold/responses", bins_per_frame=4)
    np.testing.assert_array_equal(back.responses[:], recording.responses[:])
    assert "running_speed" in back.signals
    refused(
        call("export", store, tmp_path / "a.nwb", tmp_path / "b.nwb"), "twofold export mouse.zarr mouse.nwb"
    )
    refused(call("export", store, tmp_path / "m.nwb"), "m.nwb exists")
    shutil.rmtree(tmp_path)
