"""What the paper reports, by the row and the metric that ask for the same."""

from __future__ import annotations

REGRESSION, DECODING, GUIDANCE = "frame-regression", "frame-decoding", "guidance"
RESPONSES = "responses-from-latents"
EXACT, ERROR, R2 = "exact_accuracy", "mae_frames", "r2_same_trial"
FEATURES_R2, FRAMES = "guide_r2", "guide_accuracy"
CONTRASTIVE = "contrastive features window=10"

# (table, row, metric, split) to the number in the text; what only a figure shows has none. The paper's
# "logistic, 503 units: 0.025, 58" does not say what was decoded from, so it has no row here.
VALUES = {
    (DECODING, "raw + logistic", EXACT, "train"): 1.0,
    (DECODING, "raw + logistic", EXACT, "test"): 0.04,
    (DECODING, "pca 90 % of variance + logistic C=0.4", EXACT, "train"): 1.0,
    (DECODING, "pca 90 % of variance + logistic C=0.4", EXACT, "test"): 0.02,
    (DECODING, "vae features beta=0.008 + knn", EXACT, "test"): 0.04,
    (DECODING, "vae features beta=0.008 + knn", ERROR, "test"): 16.0,
    (DECODING, "vae features beta=0.008 + logistic", EXACT, "test"): 0.032,
    (DECODING, "vae features beta=0.008 + logistic", ERROR, "test"): 18.0,
    (DECODING, f"{CONTRASTIVE} + knn", EXACT, "test"): 0.60,
    (DECODING, f"{CONTRASTIVE} + knn", ERROR, "test"): 0.98,
    (DECODING, f"{CONTRASTIVE} + logistic", EXACT, "test"): 0.30,
    (DECODING, f"{CONTRASTIVE} + logistic", ERROR, "test"): 2.0,
    (GUIDANCE, "vae beta=0.05", R2, "validation"): 0.30,
    (GUIDANCE, "vae beta=0.05", f"{R2}_peak", "validation"): 0.32,
    (GUIDANCE, "vae beta=0.008", f"{R2}_peak", "validation"): 0.18,
    (GUIDANCE, "vae beta=0.05 units=95%", f"{R2}_peak", "validation"): 0.47,
    (GUIDANCE, "vae beta=0.05 units=90%", f"{R2}_peak", "validation"): 0.47,
    (GUIDANCE, "vae features beta=0.05 units=95%", R2, "validation"): 0.44,
    (GUIDANCE, "vae features beta=0.05 units=95%", FEATURES_R2, "validation"): 0.19,
    (GUIDANCE, "vae features beta=0.05 units=95%", FEATURES_R2, "train"): 0.23,
    (GUIDANCE, "vae features beta=0.008 units=95%", R2, "validation"): 0.34,
    (GUIDANCE, "vae features beta=0.008 units=95%", FEATURES_R2, "validation"): 0.59,
    (GUIDANCE, "vae features beta=0.008", f"{R2}_peak", "validation"): 0.20,
    (GUIDANCE, "vae frame beta=0.05 units=95%", FRAMES, "train"): 1.0,
    (GUIDANCE, "vae frame beta=0.05 units=95%", f"{FRAMES}_peak", "validation"): 0.04,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> all units", R2, "validation"): 0.06,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> units of 95 % of the variance", R2, "validation"): 0.08,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> units of 90 % of the variance", R2, "validation"): 0.09,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> all units", R2, "test"): 0.019,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> units of 95 % of the variance", R2, "test"): 0.065,
    (RESPONSES, f"{CONTRASTIVE} + mlp -> units of 90 % of the variance", R2, "test"): 0.07,
}


def paper_value(table: str, row: str, metric: str, split: str) -> float | None:
    """The paper's number for a row, or None; its one split counts for leaving out one repeat.

    Examples
    --------
    >>> paper_value("frame-decoding", "raw + logistic", "exact_accuracy", "leave_one_repeat_out")
    0.04
    >>> paper_value("frame-decoding", "raw + template", "exact_accuracy", "test")
    """
    split = "test" if split == "leave_one_repeat_out" else split
    # At another window than the paper's it is another embedding of the same kind.
    named = row.replace("contrastive features window=1 ", f"{CONTRASTIVE} ")
    return VALUES.get((table, named, metric, split))
