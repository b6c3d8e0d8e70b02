"""What to conclude: sentences written from the numbers, each naming its row."""

from __future__ import annotations

from collections.abc import Sequence

from twofold.studies.latent_factors.fits import MAIN, POISSON, SCRATCH, ZIG
from twofold.studies.latent_factors.parts.table_3 import EXTRAPOLATED, OTHER, WHOLE
from twofold.studies.latent_factors.truth import NOT_MATCHED
from twofold.studies.latent_factors.what_latents_are import what_latents_are
from twofold.studies.latent_factors.worth import worth
from twofold.studies.result import Row

R, GIVEN = "correlation", "correlation_conditioned"
NOT_WORTH_A_LATENT = 0.005
NOT_WORTH_A_SHARE = 0.01  # correlation


def conclusions(rows: Sequence[Row], notes: Sequence[str]) -> list[str]:
    """Sentences on what each factor explains, the state first; then what was done otherwise."""
    told = [
        *_state(rows),
        *_video(rows),
        *worth(rows),
        *_maps(rows),
        *_unseen(rows),
        *what_latents_are(rows),
        *_other_videos(rows),
        *_latents(rows),
        *_likelihood(rows),
        *_selection(rows),
    ]
    return [*told, *(f"Note: {note}." for note in notes)]


def find(rows: Sequence[Row], table: str, row: str, metric: str) -> Row | None:
    """The row with these names, if it has a value."""
    for one in rows:
        if (one.table, one.row, one.metric) == (table, row, metric) and one.value is not None:
            return one
    return None


def said(row: Row) -> str:
    """A value with its interval."""
    spread = "" if row.low is None or row.high is None else f" ({row.low:.3f} to {row.high:.3f})"
    return f"{row.value:.3f}{spread}"


def verdict(row: Row) -> str:
    """What a difference says: better, worse, or not clearly either.

    Examples
    --------
    >>> gain = Row(table="table-1", row="a - b", metric="bits", split="test", value=0.2, low=0.1, high=0.3)
    >>> f"a {verdict(gain)} than b"
    'a is better, by 0.200 (0.100 to 0.300), than b'
    >>> loss = gain.model_copy(update={"value": -0.2, "low": -0.3, "high": -0.1})
    >>> f"b {verdict(loss)} than a"
    'b is worse, by 0.200 (0.100 to 0.300), than a'
    """
    if row.low is not None and row.low > 0:
        return f"is better, by {said(row)},"
    if row.value is not None and row.high is not None and row.high < 0:
        low = None if row.low is None else -row.low
        size = row.model_copy(update={"value": -row.value, "low": -row.high, "high": low})
        return f"is worse, by {said(size)},"
    return f"is not clearly better or worse, by {said(row)},"


def _video(rows: Sequence[Row]) -> list[str]:
    there = [find(rows, "table-1", name, R) for name in (POISSON, ZIG, MAIN)]
    if any(row is None for row in there):
        return []
    values = ", ".join(f"{row.row} {said(row)}" for row in there if row is not None)
    sentences = [f"From the video alone, single-trial correlations are: {values} (table-1)."]
    truth = find(rows, "table-1", "truth", R)
    if truth is not None:
        bound = "" if NOT_MATCHED not in truth.note else ", but responses do not follow it"
        sentences.append(f"Who knows the law of the simulation tells {said(truth)}{bound} (table-1, truth).")
    bits = find(rows, "table-1", f"{MAIN} - {ZIG}", "bits")
    if bits is not None:
        sentences.append(f"In bits per response, {MAIN} {verdict(bits)} than {ZIG} (table-1).")
    return sentences


def _state(rows: Sequence[Row]) -> list[str]:
    given, alone = find(rows, "table-10", MAIN, GIVEN), find(rows, "table-10", MAIN, R)
    if given is None or alone is None:
        return []
    sentences = [
        f"Given the responses of half of the neurons, {MAIN} tells the others with a correlation of "
        f"{said(given)} instead of {said(alone)} from the video alone (table-10)."
    ]
    scratch = find(rows, "table-10", f"{SCRATCH} - {MAIN}", GIVEN)
    if scratch is not None:
        sentences.append(f"Without pretraining it {verdict(scratch)} than with it (table-10).")
    return sentences


def _maps(rows: Sequence[Row]) -> list[str]:
    sentences = []
    for kind, what in {"position": "follow from the position", "shared": "are shared up to a scale"}.items():
        row = find(rows, "table-2", f"latent zig {kind} - latent zig free", GIVEN)
        if row is not None:
            sentences.append(f"A model whose weights {what} {verdict(row)} than one of free ones (table-2).")
    return sentences


def _unseen(rows: Sequence[Row]) -> list[str]:
    kept = find(rows, "table-3", EXTRAPOLATED, "gain_kept")
    control = find(rows, "table-3", f"{EXTRAPOLATED} - {OTHER}", GIVEN)
    if control is None:
        return []
    whole, video = (find(rows, "table-3", WHOLE, metric) for metric in (GIVEN, R))
    sentences = []
    if whole is None or video is None or (whole.value or 0.0) - (video.value or 0.0) < NOT_WORTH_A_SHARE:
        sentences.append("The state tells next to nothing of neurons that training never saw (table-3).")
    elif kept is not None and kept.value is not None:
        sentences.append(
            f"For neurons that training never saw, weights from their position keep {kept.value:.0%} of what "
            "the state gives to a model that was trained on them (table-3, gain_kept)."
        )
    return [
        *sentences,
        f"With weights from its own position an unseen neuron {verdict(control)} than with those of another "
        "one (table-3).",
    ]


def _other_videos(rows: Sequence[Row]) -> list[str]:
    video, given = find(rows, "table-5", ZIG, R), find(rows, "table-5", MAIN, GIVEN)
    if video is None or given is None:
        return []
    return [
        f"On videos of another kind than those of training, {ZIG} tells {said(video)}, and {MAIN} given half "
        f"of the neurons {said(given)} (table-5)."
    ]


def _latents(rows: Sequence[Row]) -> list[str]:
    curve = _curve(rows, "figure-3-dimension", GIVEN)
    if len(curve) < 2:
        return []
    most = max(value for _, value in curve)
    enough = next(name for name, value in curve if value >= most - NOT_WORTH_A_LATENT)
    return [
        f"With {enough} the correlation given half of the neurons is within {NOT_WORTH_A_LATENT} of the "
        f"best, {most:.3f} (figure-3-dimension)."
    ]


def _likelihood(rows: Sequence[Row]) -> list[str]:
    curves = [_curve(rows, "figure-4", metric) for metric in ("bits_same_trials", "bits_released")]
    if any(len(curve) < 2 for curve in curves):
        return []
    right, released = (curve[-1][1] - curve[0][1] for curve in curves)
    return [
        f"From the fewest to the most latents the likelihood changes by {right:+.3f} bits, and the score of "
        f"the released code, which is no likelihood, by {released:+.3f} (figure-4)."
    ]


def _selection(rows: Sequence[Row]) -> list[str]:
    leaky = find(rows, "selection", "above the mean of all, leaky: on oracle", GIVEN)
    honest = find(rows, "selection", "above the mean of all, on held-out trials", GIVEN)
    if leaky is None or honest is None:
        return []
    return [
        f"The model chosen on the tier oracle is {leaky.value:+.4f} above the mean of all there, and "
        f"{honest.value:+.4f} on trials that chose nothing (selection)."
    ]


def _curve(rows: Sequence[Row], table: str, metric: str) -> list[tuple[str, float]]:
    """Names and values of the means over mice."""
    return [
        (row.row, row.value)
        for row in rows
        if (row.table, row.metric) == (table, metric)
        and row.value is not None
        and row.row.startswith("K=")
        and "·" not in row.row
    ]
