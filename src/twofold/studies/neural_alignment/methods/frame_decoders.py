"""The decoders that the study reads frames with."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from twofold.decoders import PoissonNaiveBayes, TemplateDecoder
from twofold.studies.neural_alignment.methods.method import FrameDecoder, grid_of
from twofold.studies.neural_alignment.options import AlignmentOptions


def knn(options: AlignmentOptions) -> FrameDecoder:
    """Nearest neighbours by cosine."""
    grid = grid_of(n_neighbors=options.neighbours)
    return FrameDecoder("knn", KNeighborsClassifier(metric="cosine", algorithm="brute"), grid)


def template() -> FrameDecoder:
    """Best-correlated mean response of the training repeats."""
    return FrameDecoder("template", TemplateDecoder())


def naive_bayes() -> FrameDecoder:
    """Independent Poisson counts; to be given counts."""
    return FrameDecoder("naive bayes", PoissonNaiveBayes())


def ridge(options: AlignmentOptions) -> FrameDecoder:
    """Ridge regression to one indicator per frame."""
    model = RidgeClassifier()
    return FrameDecoder("ridge", model, grid_of(alpha=options.ridge_alpha))


def logistic(
    options: AlignmentOptions, c: float | None = None, *, scores_train: bool = False
) -> FrameDecoder:
    """Multinomial logistic regression on standardised latents, with one C or the best of several."""
    regression = LogisticRegression(max_iter=options.logistic_steps, tol=1e-3)
    name = "logistic" if c is None else f"logistic C={c:g}"
    grid = grid_of(logisticregression__C=options.logistic_c if c is None else (c,))
    return FrameDecoder(name, make_pipeline(StandardScaler(), regression), grid, scores_train)
