"""Encoding models: what was shown to a distribution over the responses of each neuron."""

from twofold.encoding.expected import ExpectedResponses as ExpectedResponses
from twofold.encoding.few_shot import FewShotOptions as FewShotOptions
from twofold.encoding.few_shot import FromScratch as FromScratch
from twofold.encoding.few_shot import few_shot_curve as few_shot_curve
from twofold.encoding.fit import fit as fit
from twofold.encoding.latent import InferredLatents as InferredLatents
from twofold.encoding.latent import LatentOptions as LatentOptions
from twofold.encoding.latent import LatentVideoModel as LatentVideoModel
from twofold.encoding.prediction import Prediction as Prediction
from twofold.encoding.scores import Score as Score
from twofold.encoding.scores import score as score
from twofold.encoding.train_options import TrainOptions as TrainOptions
from twofold.encoding.video import VideoModel as VideoModel
from twofold.encoding.video_options import VideoOptions as VideoOptions
