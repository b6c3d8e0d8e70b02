"""Models of what a neural population does: the stimulus, and the animal's own state.

Public names are imported when first used, so that `import twofold` and the command line's help stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twofold.decoders import PoissonNaiveBayes as PoissonNaiveBayes
    from twofold.decoders import ResponseMLP as ResponseMLP
    from twofold.decoders import TemplateDecoder as TemplateDecoder
    from twofold.decoders import decode_frames as decode_frames
    from twofold.decoders import decode_responses as decode_responses
    from twofold.embeddings import ContrastiveEmbedding as ContrastiveEmbedding
    from twofold.embeddings import FactorAnalysisCV as FactorAnalysisCV
    from twofold.embeddings import GuidedVAE as GuidedVAE
    from twofold.embeddings import PiVAE as PiVAE
    from twofold.encoding import LatentOptions as LatentOptions
    from twofold.encoding import LatentVideoModel as LatentVideoModel
    from twofold.encoding import TrainOptions as TrainOptions
    from twofold.encoding import VideoModel as VideoModel
    from twofold.encoding import VideoOptions as VideoOptions
    from twofold.encoding import fit as fit
    from twofold.errors import DataError as DataError
    from twofold.errors import OptionError as OptionError
    from twofold.errors import TwofoldError as TwofoldError
    from twofold.features import pixels_pca as pixels_pca
    from twofold.features import vision_network as vision_network
    from twofold.features import with_features as with_features
    from twofold.metrics import noise_ceiling as noise_ceiling
    from twofold.metrics.consistency import consistency as consistency
    from twofold.metrics.goodness_of_fit import goodness_of_fit as goodness_of_fit
    from twofold.metrics.procrustes import align_embeddings as align_embeddings
    from twofold.readers import UnitQuality as UnitQuality
    from twofold.readers import export_nwb as export_nwb
    from twofold.readers import read_arrays as read_arrays
    from twofold.readers import read_cebra as read_cebra
    from twofold.readers import read_experanto as read_experanto
    from twofold.readers import read_nwb as read_nwb
    from twofold.readers import read_pynapple as read_pynapple
    from twofold.readers import read_sensorium as read_sensorium
    from twofold.readers import to_pynapple as to_pynapple
    from twofold.readers import to_xarray as to_xarray
    from twofold.readers import write_nwb as write_nwb
    from twofold.readers import write_sensorium as write_sensorium
    from twofold.recordings import Neurons as Neurons
    from twofold.recordings import Recording as Recording
    from twofold.recordings import Signal as Signal
    from twofold.recordings import Stimulus as Stimulus
    from twofold.recordings import Trials as Trials
    from twofold.recordings import open_all as open_all
    from twofold.recordings import open_recording as open  # noqa: F401
    from twofold.recordings import save as save
    from twofold.recordings.check import check as check
    from twofold.reporting import report as report
    from twofold.reporting.figures.consistency import consistency_figure as consistency_figure
    from twofold.reporting.figures.curves import history_figure as history_figure
    from twofold.reporting.figures.embedding import embedding_figure as embedding_figure
    from twofold.reporting.figures.interactive import interactive_embedding as interactive_embedding
    from twofold.runs.loading import load as load
    from twofold.simulate import MovieRepeats as MovieRepeats
    from twofold.simulate import Sensorium as Sensorium
    from twofold.simulate import SensoriumTruth as SensoriumTruth
    from twofold.simulate import simulate_movie_repeats as simulate_movie_repeats
    from twofold.simulate import simulate_sensorium as simulate_sensorium
    from twofold.studies.latent_factors.options import LatentFactorsOptions as LatentFactorsOptions
    from twofold.studies.latent_factors.study import latent_factors as latent_factors
    from twofold.studies.neural_alignment.options import AlignmentOptions as AlignmentOptions
    from twofold.studies.neural_alignment.study import neural_alignment as neural_alignment
    from twofold.studies.result import Result as Result

_HOME = {
    "AlignmentOptions": "studies.neural_alignment.options",
    "ContrastiveEmbedding": "embeddings",
    "DataError": "errors",
    "FactorAnalysisCV": "embeddings",
    "GuidedVAE": "embeddings",
    "LatentFactorsOptions": "studies.latent_factors.options",
    "LatentOptions": "encoding",
    "LatentVideoModel": "encoding",
    "MovieRepeats": "simulate",
    "Neurons": "recordings",
    "OptionError": "errors",
    "PiVAE": "embeddings",
    "PoissonNaiveBayes": "decoders",
    "Recording": "recordings",
    "ResponseMLP": "decoders",
    "Result": "studies.result",
    "Sensorium": "simulate",
    "SensoriumTruth": "simulate",
    "Signal": "recordings",
    "Stimulus": "recordings",
    "TemplateDecoder": "decoders",
    "TrainOptions": "encoding",
    "Trials": "recordings",
    "TwofoldError": "errors",
    "UnitQuality": "readers",
    "VideoModel": "encoding",
    "VideoOptions": "encoding",
    "align_embeddings": "metrics.procrustes",
    "check": "recordings.check",
    "consistency": "metrics.consistency",
    "consistency_figure": "reporting.figures.consistency",
    "decode_frames": "decoders",
    "decode_responses": "decoders",
    "embedding_figure": "reporting.figures.embedding",
    "export_nwb": "readers",
    "fit": "encoding",
    "goodness_of_fit": "metrics.goodness_of_fit",
    "history_figure": "reporting.figures.curves",
    "interactive_embedding": "reporting.figures.interactive",
    "latent_factors": "studies.latent_factors.study",
    "load": "runs.loading",
    "neural_alignment": "studies.neural_alignment.study",
    "noise_ceiling": "metrics",
    "open": "recordings",
    "open_all": "recordings",
    "pixels_pca": "features",
    "read_arrays": "readers",
    "read_cebra": "readers",
    "read_experanto": "readers",
    "read_nwb": "readers",
    "read_pynapple": "readers",
    "read_sensorium": "readers",
    "report": "reporting",
    "save": "recordings",
    "simulate_movie_repeats": "simulate",
    "simulate_sensorium": "simulate",
    "to_pynapple": "readers",
    "to_xarray": "readers",
    "vision_network": "features",
    "with_features": "features",
    "write_nwb": "readers",
    "write_sensorium": "readers",
}
_ALIAS = {"open": "open_recording"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        from twofold.errors import did_you_mean

        raise AttributeError(f"twofold has no {name!r}, {did_you_mean(name, _HOME)}")
    return getattr(import_module(f"twofold.{_HOME[name]}"), _ALIAS.get(name, name))


def __dir__() -> list[str]:
    return sorted(_HOME)
