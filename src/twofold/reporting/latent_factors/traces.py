"""Figure 5: what was recorded of a few neurons in one clip, and what was predicted, with its band."""

from __future__ import annotations

from matplotlib.axes import Axes

from twofold.reporting.figures.picture import WHOLE, Look, Sketch, bare, canvas
from twofold.reporting.latent_factors.clips import Clip, clips_of
from twofold.reporting.latent_factors.colours import CONDITIONED, OBSERVED, VIDEO_ONLY
from twofold.reporting.numbers import number
from twofold.studies.result import Result

MOST_NEURONS, STILLS = 5, 8


def response_traces(result: Result) -> Sketch:
    """Stills of the clip of the first mouse above the responses of its neurons."""
    clip = clips_of(result)[0]
    count = min(MOST_NEURONS, len(clip.neuron))
    figure = canvas(WHOLE, 0.95 + 0.85 * count)
    heights = [0.85] + [1.0] * count
    panels = figure.subplots(count + 1, 1, height_ratios=heights)
    _stills(panels[0], clip)
    words = []
    for k, axes in enumerate(panels[1:]):
        _neuron(axes, clip, k)
        axes.sharex(panels[1])
        axes.tick_params(labelbottom=k == count - 1)
        words.append(f"neuron {clip.neuron[k]} {number(clip.agreement(k), 2)}")
    panels[-1].set_xlabel("seconds of the clip")
    look: Look = {"transform": panels[1].transAxes, "ha": "right", "va": "bottom", "fontsize": 8.5}
    panels[1].text(1.0, 1.02, "given other neurons, 90 % band", color=CONDITIONED, **look)
    panels[1].text(0.56, 1.02, "video alone", color=VIDEO_ONLY, **look)
    panels[1].text(0.37, 1.02, "recorded", color=OBSERVED, **look)
    caption = (
        f"One presentation of a held-out video to {clip.mouse}: recorded responses of {count} neurons that "
        "are told well in other trials, their mean predicted from the video alone, and given the other "
        "neurons, with the band that should hold 90 % of the responses. Where blue leaves orange, the state "
        "of the moment was read from other neurons. The paper's figure 5 shows such traces."
    )
    alt = f"Traces of {clip.mouse}; correlation of recorded and predicted given others: {'; '.join(words)}."
    return Sketch(figure, caption, alt, photographic=True)


def _stills(axes: Axes, clip: Clip) -> None:
    """Evenly chosen frames, each at its time."""
    start, end = clip.seconds[0], clip.seconds[-1]
    height, width = clip.frames.shape[1:]
    each = (end - start) / STILLS
    for k in range(STILLS):
        middle = round((k + 0.5) / STILLS * (len(clip.seconds) - 1))
        left = start + (k + 0.04) * each
        axes.imshow(
            clip.frames[clip.frame_of_time[middle]], cmap="gray", vmin=0, vmax=255, aspect="auto",
            extent=(left, left + 0.92 * each, 0, height / width),
        )  # fmt: skip
    axes.set_xlim(start, end)
    axes.set_ylim(0, height / width)
    bare(axes)


def _neuron(axes: Axes, clip: Clip, k: int) -> None:
    axes.fill_between(clip.seconds, clip.low[k], clip.high[k], color=CONDITIONED, alpha=0.16, linewidth=0)
    axes.plot(clip.seconds, clip.observed[k], color=OBSERVED, linewidth=0.9)
    axes.plot(clip.seconds, clip.video_only[k], color=VIDEO_ONLY, linewidth=1.3)
    axes.plot(clip.seconds, clip.conditioned[k], color=CONDITIONED, linewidth=1.5)
    axes.margins(x=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"neuron {clip.neuron[k]}", fontsize=8.5)
