"""Latents to frames, by any scikit-learn estimator, and latents to responses."""

from twofold.decoders.frames import FrameDecoding as FrameDecoding
from twofold.decoders.frames import decode_frames as decode_frames
from twofold.decoders.frames import tune_decoder as tune_decoder
from twofold.decoders.mlp_responses import ResponseMLP as ResponseMLP
from twofold.decoders.naive_bayes import PoissonNaiveBayes as PoissonNaiveBayes
from twofold.decoders.responses import ResponseDecoding as ResponseDecoding
from twofold.decoders.responses import decode_responses as decode_responses
from twofold.decoders.ridge import GroupedRidge as GroupedRidge
from twofold.decoders.template import TemplateDecoder as TemplateDecoder
