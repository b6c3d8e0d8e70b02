"""Variational autoencoders of the study: plain, guided, recurrent, and with a prior by label."""

from __future__ import annotations

from typing import Any

import numpy as np

from twofold.embeddings import GuidedVAE
from twofold.embeddings.vae.pi_vae import PiVAE
from twofold.studies.neural_alignment.methods.frame_features import SHARE, principal_features
from twofold.studies.neural_alignment.methods.method import Choice, Encoder, Method
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Rows

KINDS: dict[str, dict[str, Any]] = {
    "none": {},
    "features": {"guide": "features", "share": SHARE},
    "all features": {"guide": "features", "share": 1.0},
    "frame": {"guide": "frame"},
    "frame dropout": {"guide": "frame", "head_dropout": 0.2},
    "recurrent": {"recurrent": True},
    "gaussian": {  # the evidence lower bound; few steps of linear maps learn what is weak, and no noise
        "likelihood": "gaussian",
        "kl_per": "neuron",
        "hidden": (),
        "decoder_hidden": (),
        "learning_rate": 3e-3,
        "weight_decay": 3.0,
        "most_steps": 320,
    },
    "recurrent features": {"recurrent": True, "guide": "features", "share": SHARE},
}
FEW_LATENTS = 64  # of kind "gaussian", with more of which it learns noise
EVIDENCE = 1.0  # beta of the evidence lower bound, which kind "gaussian" maximises
CURVES = ("r2_train", "r2_validation", "guide_train", "guide_validation", "active", "kl_per_dimension")


class VAEEncoder:
    """A fitted variational autoencoder as the study uses it: latents are the means of the posterior.

    Parameters
    ----------
    vae
        Fitted.
    guide
        What it was guided by: (frame, feature), or None.
    """

    def __init__(self, vae: GuidedVAE, guide: np.ndarray | None) -> None:
        self.vae, self.guide = vae, guide

    def __call__(self, rows: Rows) -> np.ndarray:
        """(time, dimension) latents of rows."""
        return self.vae.transform(rows.responses, trials=rows.trial)

    def curves(self) -> dict[str, np.ndarray]:
        """Of the training, (epoch,) or (epoch, dimension)."""
        history = self.vae.history_
        return {f"epochs/{name}": np.asarray(history[name]) for name in CURVES if name in history}

    def reconstruct(self, rows: Rows) -> np.ndarray:
        """(time, unit) responses told by the decoder from the rows' own latents."""
        return self.vae.reconstruct(rows.responses, trials=rows.trial)

    def guide_score(self, rows: Rows) -> float | None:
        """How well the guide tells new rows: R2 of features or accuracy of frames; None without a guide."""
        if self.vae.get_params()["guide"] is None:
            return None
        told = self.vae.predict_guide(rows.responses, trials=rows.trial)
        if self.guide is None:
            return float((told == rows.frame).mean())
        true = self.guide[rows.frame]
        return 1 - float(((true - told) ** 2).sum() / ((true - true.mean(axis=0)) ** 2).sum())


def vaes(options: AlignmentOptions) -> tuple[Method, ...]:
    """All that the options ask for: guides x betas x shares of the units' variance, as in the paper."""
    found = []
    for kind in options.vae_guides:
        alone = kind in ("all features", "recurrent", "recurrent features")
        units = options.vae_units if kind == "none" else options.vae_units[:2]
        if kind == "gaussian":
            alone, units = True, (1.0,)
        betas = betas_of(options, kind)
        for beta in betas[:1] if alone else betas:
            found += [vae(options, kind, beta, share) for share in (units[-1:] if alone else units)]
    return tuple(found)


def betas_of(options: AlignmentOptions, kind: str) -> tuple[float, ...]:
    """The weights of the divergence: the paper's, or the one that makes the loss a bound."""
    return (EVIDENCE,) if kind == "gaussian" else options.vae_betas


def main_vaes(options: AlignmentOptions) -> tuple[Method, ...]:
    """Of each guide asked for, the one that sees all units, with the first beta."""
    kinds = [kind for kind in ("none", "features", "frame", "gaussian") if kind in options.vae_guides]
    return tuple(vae(options, kind, beta) for kind in kinds for beta in betas_of(options, kind)[:1])


def vae(options: AlignmentOptions, kind: str, beta: float, share: float = 1.0) -> Method:
    """One of them; `share` is that of the variance which the units it sees have."""
    depends = {
        "beta": beta,
        "dimension": options.vae_dimension,
        "hidden": options.vae_hidden,
        "decoder_hidden": options.vae_decoder_hidden,
        "epochs": options.recurrent_epochs if "recurrent" in kind else options.vae_epochs,
        "most_steps": options.vae_most_steps,
        "precision": options.precision,
        **KINDS[kind],
    }
    if kind == "gaussian":
        depends["dimension"] = min(FEW_LATENTS, options.vae_dimension)
    return Method(
        vae_name(kind, beta, share),
        ({},),
        fit_vae,
        depends,
        top_variance=share if share < 1 else None,
        sees=("features",) if "share" in depends else (),
        note="each latent depends on the whole clip" if "recurrent" in kind else "",
    )


def vae_name(kind: str, beta: float, share: float = 1.0) -> str:
    """How rows call it.

    Examples
    --------
    >>> vae_name("features", 0.008), vae_name("none", 0.05, 0.95)
    ('vae features beta=0.008', 'vae beta=0.05 units=95%')
    """
    guide = "" if kind == "none" else f" {kind}"
    return f"vae{guide} beta={beta:g}" + (f" units={100 * share:g}%" if share < 1 else "")


def pi_vae(options: AlignmentOptions, *, told: bool) -> Method:
    """The one with a prior by frame; latents without the label of the new rows, or with it (a control)."""
    depends: dict[str, Any] = {
        "told": told,
        "epochs": options.pi_vae_epochs,
        "most_steps": options.vae_most_steps,
    }
    depends |= {"dimension": options.pi_vae_dimension, "precision": options.precision}
    # Latents that were told the label say nothing about responses.
    name = "pi-vae (leaky: told the labels it is asked for)" if told else "pi-vae"
    return Method(name, ({},), _fit_pi_vae, depends)


def fit_vae(choice: Choice, rows: Rows, seed: int) -> Encoder:
    """Fit one with these settings, guided by what they say."""
    settings = dict(choice)
    share, most = settings.pop("share", None), settings.pop("most_steps", None)
    n_repeats = len(np.unique(rows.repeat))
    guide = None if share is None else principal_features(rows.appearance, share)
    label = rows.frame if guide is None else guide[rows.frame]
    vae = GuidedVAE(
        **{**settings, "epochs": epochs_of(settings["epochs"], len(rows.frame), 512, most)},
        validation=1 / n_repeats if n_repeats > 1 else 0.0,  # one repeat's worth, for the curves
        device="cpu",
        random_state=seed,
    )
    return VAEEncoder(vae.fit(rows.responses, label, trials=rows.trial), guide)


def _fit_pi_vae(choice: Choice, rows: Rows, seed: int) -> Encoder:
    settings = dict(choice)
    told, most = settings.pop("told"), settings.pop("most_steps")
    counted = rows.counts is not None and rows.counts.min() >= 0

    def responses(new: Rows) -> np.ndarray:
        return new.counts if counted and new.counts is not None else new.responses

    epochs = epochs_of(settings["epochs"], len(rows.frame), 300, most)
    dimension = min(settings["dimension"], rows.responses.shape[1])  # its flow cannot lead to fewer neurons
    vae = PiVAE(
        **{**settings, "epochs": epochs, "dimension": dimension},
        likelihood="poisson" if counted else "gaussian",
        device="cpu",
        random_state=seed,
    ).fit(responses(rows), rows.frame, trials=rows.trial)
    return lambda new: vae.transform(responses(new), new.frame if told else None, trials=new.trial)


def epochs_of(epochs: int, n_rows: int, batch_size: int, most_steps: int | None) -> int:
    """As many epochs as asked for, but no more than `most_steps` steps.

    Examples
    --------
    >>> epochs_of(200, 8100, 512, None), epochs_of(200, 8100, 512, 320)
    (200, 20)
    """
    per_epoch = max(1, -(-n_rows // batch_size))
    return epochs if most_steps is None else max(1, min(epochs, most_steps // per_epoch))
