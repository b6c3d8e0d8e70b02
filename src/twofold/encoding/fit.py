"""`twofold.fit`: train an encoding model on recordings, in a folder that can be resumed at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torch import nn

from twofold.encoding.model import EncodingModel
from twofold.encoding.run_folder import RunFolder
from twofold.encoding.scores import score, tiers_to_score
from twofold.encoding.train_options import TrainOptions
from twofold.encoding.training_data import TrainingData
from twofold.files import claim_folder
from twofold.recordings import Recording
from twofold.training import (
    CheckpointPlan,
    EpochTraining,
    choose_device,
    is_first_process,
    launch,
    make_fabric,
    read_tensors,
)

if TYPE_CHECKING:
    from lightning_fabric import Fabric

WITHOUT_EFFECT = {"device", "processes", "checkpoint_seconds", "tensorboard"}  # on what comes out
SomeModel = TypeVar("SomeModel", bound=EncodingModel)
Progress = Callable[[int, int, str], None]
OnEpoch = Callable[[list[dict[str, float]]], None]


def fit(
    model: SomeModel,
    recordings: Sequence[Recording],
    options: TrainOptions | None = None,
    *,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    on_epoch: OnEpoch | None = None,
) -> SomeModel:
    """Train an encoding model.

    In an epoch every training trial gives one random clip. After it, the correlation on the validation trials
    decides on learning rate and stopping (Höfling et al. 2024; paper B, appendix on training). The weights
    of the best epoch are kept.

    Parameters
    ----------
    model
        Trained in place.
    recordings
        Those that it was made for, in the same order.
    options
        How; `TrainOptions()` by default.
    out
        Folder for the fitted model, log.csv, scores.json, and checkpoints on the way; None keeps nothing.
    resume
        Go on in that folder, with the same options: the same bits come out as without the interruption.
    overwrite
        Set an old folder aside.
    progress
        Called with steps done, steps at most, and how it goes.
    on_epoch
        Called after each epoch with all rows of the log; what it raises ends the training.

    Returns
    -------
    EncodingModel
        The model, with one row of numbers per epoch in `history`.

    Raises
    ------
    OptionError, DataError
        If options or recordings cannot work; before anything is trained.
    NotFiniteError
        If the loss becomes infinite or NaN.

    Examples
    --------
    >>> import twofold as tw
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
    >>> mouse.trials.table["tier"] = ["train"] * 8 + ["oracle"] * 2
    >>> model = tw.VideoModel.for_recordings(
    ...     [mouse], "poisson", channels=(4, 4), spatial=(5, 3), temporal=(3, 3))
    >>> fitted = tw.fit(model, [mouse], tw.TrainOptions(epochs=1, clip_frames=20, device="cpu"))
    >>> list(fitted.history[0])
    ['epoch', 'loss', 'correlation', 'learning_rate', 'round', 'seconds']
    """
    assert isinstance(model, nn.Module)
    options = options or TrainOptions()
    data = TrainingData.of(model, recordings, options)
    device = choose_device(options.device)
    fabric = make_fabric(device, options.precision, options.processes)
    folder = _folder(out, resume, overwrite, options)
    if folder is not None and resume and folder.model.exists():
        tensors, content = read_tensors(folder.model)
        model.load_state_dict(tensors)
        model.history = tuple(content["history"])
        model.eval()
        return model
    launch(fabric)
    about = _about(model, data, options)
    if folder is not None and is_first_process():
        folder.write_options(about)
    began = time.monotonic()
    log = _train(model, data, options, fabric, folder, about, progress, on_epoch)
    model.history = tuple(log)
    if folder is not None and is_first_process():
        model.save(folder.model)
        folder.checkpoint.unlink(missing_ok=True)
        folder.write_scores(_scores(model, recordings, data, options, time.monotonic() - began))
    return model


def _train(
    model: EncodingModel,
    data: TrainingData,
    options: TrainOptions,
    fabric: Fabric,
    folder: RunFolder | None,
    about: Mapping[str, Any],
    progress: Progress | None,
    on_epoch: OnEpoch | None,
) -> list[dict[str, float]]:
    def validate() -> Mapping[str, float]:
        with fabric.autocast():
            return data.correlation(model)

    def tell(log: list[dict[str, float]]) -> None:
        if folder is not None:
            folder.write_log(log)
        if on_epoch is not None:
            on_epoch(log)

    checkpoint = None
    if folder is not None:
        checkpoint = CheckpointPlan(folder.checkpoint, options.checkpoint_seconds, about)
    return EpochTraining(
        model,
        data.clips,
        validate,
        fabric=fabric,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        plateau=options.plateau,
        stopping=options.early_stopping,
        checkpoint=checkpoint,
        progress=progress if is_first_process() else None,
        on_epoch=tell,
    ).run()


def _folder(out: Path | str | None, resume: bool, overwrite: bool, options: TrainOptions) -> RunFolder | None:
    if out is None:
        return None
    path = Path(out)
    if is_first_process():
        claim_folder(path, resume=resume, overwrite=overwrite)
    return RunFolder(path, options.tensorboard and is_first_process())


def _about(model: EncodingModel, data: TrainingData, options: TrainOptions) -> dict[str, Any]:
    """What must be the same for a resumed training to end as it would have."""
    described = model.describe()
    described.pop("history", None)
    trials = {
        own.recording.name: [len(own), len(other)]
        for own, other in zip(data.clips.recordings, data.validation, strict=True)
    }
    trained = options.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    return {"model": described, "training": trained, "trials": trials}


def _scores(
    model: EncodingModel,
    recordings: Sequence[Recording],
    data: TrainingData,
    options: TrainOptions,
    seconds: float,
) -> dict[str, Any]:
    rows = [
        score(
            model,
            recording,
            tier,
            frames_skipped=data.frames_skipped,
            training_tier=options.training_tier,
        ).as_dict()
        for recording in recordings
        for tier in tiers_to_score(recording, options.training_tier)
    ]
    return {
        "rows": rows,
        "fitted_on": options.training_tier,
        "stopped_on": options.validation_tier,
        "epochs": len(model.history),
        "seconds": round(seconds, 1),
        "notes": list(data.notes),
    }
