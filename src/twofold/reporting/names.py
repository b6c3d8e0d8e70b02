"""What the names in a result say: the kind of a row, its embedding and decoder, the title of a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["honest", "ceiling", "control", "leaky"]

MEAN_OVER_NEURONS = "_mean_over_neurons"
DECODING_METRICS = ("exact_accuracy", "within_1s_accuracy", "mae_frames", "median_error_frames")
ALIGNMENT_METRICS = ("r2_same_trial", "r2_cross_repeat", "r2_cosmoothing")


@dataclass(frozen=True)
class Metric:
    """How a metric is shown: its title, its decimals, and which way is better."""

    title: str
    decimals: int = 3
    lower_is_better: bool = False


METRICS = {
    "exact_accuracy": Metric("exact accuracy"),
    "within_1s_accuracy": Metric("within 1\u00a0s"),
    "r2_same_trial": Metric("(a) R² same trial"),
    "r2_cross_repeat": Metric("(b) R² across repeats"),
    "r2_cosmoothing": Metric("(c) R² co-smoothing"),
    "r2_cross_repeat_of_ceiling": Metric("(b) over its ceiling"),
    "r2_cross_repeat_against_train_mean": Metric("(b) against the training mean"),
    "r2_signal": Metric("R² of the signal"),
    "r2_signal_within_repeats": Metric("R² within repeats"),
    "exact_accuracy_pooled": Metric("exact, all repeats pooled"),
    "r2": Metric("R²"),
    "r2_same_trial_peak": Metric("R² same trial, best epoch"),
    "guide_r2": Metric("R² of the guide"),
    "guide_r2_peak": Metric("R² of the guide, best epoch"),
    "guide_accuracy": Metric("accuracy of the guide"),
    "guide_accuracy_peak": Metric("accuracy of the guide, best epoch"),
    "active_dimensions": Metric("dimensions in use", 0),
    "kl": Metric("divergence, nats", 1, lower_is_better=True),
    "ssim": Metric("structural similarity"),
    "feature_cosine": Metric("cosine of features"),
    "correlation_conditioned": Metric("correlation, given other neurons"),
    "bits": Metric("bits per response"),
    "bits_marginal": Metric("bits per response"),
    "bits_same_trials": Metric("bits, of the trials scored so"),
    "correlation_difference": Metric("gain in correlation"),
    "gain_kept": Metric("share of the gain kept"),
    "morans_i": Metric("Moran's I"),
    "position_r2": Metric("R² told by place"),
    "r2_mean_over_latents": Metric("R², mean over latents"),
    "length_um": Metric("length, µm", 0),
    "bits_conditioned": Metric("bits, given other neurons"),
    "bits_released": Metric("bits, as the released code scores"),
    "canonical_correlation": Metric("canonical correlation"),
    "bits_joint": Metric("bits, all neurons together"),
    "normalised_bits": Metric("share of the oracle's bits"),
    "normalised_bits_conditioned": Metric("the same, given other neurons"),
    "seconds": Metric("seconds to fit", 1, lower_is_better=True),
    "seconds_in_all": Metric("with the video model", 1, lower_is_better=True),
    "parameters_per_neuron": Metric("numbers per neuron", 0, lower_is_better=True),
}
FACTS = {
    "n_units": "units",
    "n_recordings": "mice",
    "n_repeats": "repeats",
    "n_frames": "frames",
    "n_clips": "clips",
    "label": "decoded",
    "frame_s": "seconds per frame",
}
SPLITS = {
    "train": "training part",
    "validation": "validation part",
    "test": "test part",
    "leave_one_repeat_out": "leave one repeat out",
    "leave_one_block_out": "leave one block out",
}
TABLES = {
    "frame-decoding": "Decoding",
    "alignment": "Alignment with the responses",
    "state": "State of the animal",
    "controls": "Controls",
    "ceilings": "Ceilings",
    "frame-regression": "Regression of the frame number",
    "pc-grid": "Logistic regression on principal components",
    "picture-similarity": "Decoded and true pictures compared",
    "guidance": "Variational autoencoders",
    "noise-ceiling": "Noise of the responses",
    "saturation": "Fewer units, fewer repeats",
    "seeds": "Agreement of seeds",
    "by-region": "By region",
    "tuning": "Tuning",
    "responses-from-latents": "Responses from latents",
    "table-1": "Table 1, video alone",
    "table-2": "Table 2, weights on the latents",
    "table-3": "Table 3, neurons never seen",
    "table-4": "Table 4, independence of the stimulus",
    "table-5": "Table 5, videos of another kind",
    "table-8": "Table 8, smoother and encoder",
    "table-10": "Table 10, start of the training",
    "table-12": "Table 12, behaviour",
    "richer-latents": "Richer latents",
    "appendix-j": "Appendix J, not started from a video model",
    "figure-3-dimension": "Figure 3, dimensions of the latents",
    "figure-3-given": "Figure 3, neurons given",
    "figure-4": "Figure 4, likelihood over dimensions",
    "figure-5": "Figure 5, traces",
    "figure-6": "Figure 6, maps",
    "figure-8": "Figure 8, samples",
    "figure-9": "Figure 9, densities",
    "figure-10": "Figure 10, traces of behaviour",
    "figure-11": "Figure 11, further maps",
    "calibration": "Calibration",
    "noise-correlations": "Noise correlations",
    "locked-share": "Share locked to the video",
    "selection": "Selection",
    "competitors": "Competitors",
    "competitors-differences": "Competitors, what each lacks",
}
ERRORS = {"mae_": "mean error", "median_error_": "median error", "rmse_": "root-mean-square error"}


def kind_of(row: str) -> Kind:
    """Tell a bound, a control and a leaky row from the rows that compete.

    Examples
    --------
    >>> kind_of("pca + knn"), kind_of("untrained + knn"), kind_of("ceiling: true drive")
    ('honest', 'control', 'ceiling')
    >>> kind_of("contrastive (leaky: fitted on all repeats) + knn"), kind_of("truth")
    ('leaky', 'ceiling')
    """
    if "leaky" in row:
        return "leaky"
    if "ceiling" in row or row.startswith(("truth", "Bayesian oracle")):
        return "ceiling"
    if row.startswith(("control", "constant responses")) or "shuffled" in row or "untrained" in row:
        return "control"
    return "honest"


def embedding_of(row: str) -> str:
    """Name of the embedding that a decoding row reads from.

    Examples
    --------
    >>> embedding_of("vae features beta=0.008 + knn"), embedding_of("raw")
    ('vae features beta=0.008', 'raw')
    """
    embedding, plus, _ = row.rpartition(" + ")
    return embedding if plus else row


def decoder_of(row: str) -> str:
    """Name of the decoder of a decoding row, empty where the row has none.

    Examples
    --------
    >>> decoder_of("raw + naive bayes")
    'naive bayes'
    """
    _, plus, decoder = row.rpartition(" + ")
    return decoder if plus else ""


def metric_of(name: str) -> Metric:
    """How to show a metric; one that is not known here is shown by its own name.

    Examples
    --------
    >>> metric_of("r2_cosmoothing_mean_over_neurons").title
    '(c) R² co-smoothing'
    >>> metric_of("noise_ceiling").title
    'noise ceiling'
    """
    plain = name.removesuffix(MEAN_OVER_NEURONS)
    for start, words in ERRORS.items():
        if plain.startswith(start):
            decimals = 1 if start == "median_error_" else 2
            of = plain.removeprefix(start).replace("_", " ")
            return Metric(f"{words}, {of}", decimals, lower_is_better=True)
    return METRICS.get(plain) or Metric(plain.replace("_", " "))


def plain_metric(name: str) -> str:
    """Name of a decoding metric whatever is decoded, in terms of frames.

    Examples
    --------
    >>> plain_metric("mae_directions"), plain_metric("exact_accuracy")
    ('mae_frames', 'exact_accuracy')
    """
    start = next((start for start in ("mae_", "median_error_") if name.startswith(start)), None)
    return f"{start}frames" if start else name


def fact_title(name: str) -> str:
    """Title of something known of the recording.

    Examples
    --------
    >>> fact_title("n_units"), fact_title("some_thing")
    ('units', 'some thing')
    """
    return FACTS.get(name, name.replace("_", " "))


def shown(row: str) -> str:
    """Row name as the page writes it.

    Examples
    --------
    >>> shown("contrastive -> running_speed"), shown("latent zig <- contrast"), shown("video zig - poisson")
    ('contrastive → running speed', 'latent zig ← contrast', 'video zig − poisson')
    """
    embedding, arrow, signal = row.partition(" -> ")
    words = f"{embedding} → {signal.replace('_', ' ')}" if arrow else row
    return words.replace(" <- ", " ← ").replace(" - ", " − ")
