"""What the player is given: the responses and the frames of the result, and nothing that was changed."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from PIL import Image

from twofold.reporting.latent_factors.clips import TRACES, clips_of
from twofold.reporting.latent_factors.player import response_player
from twofold.studies.result import Result


def content_of(result: Result) -> dict:
    player = response_player(result)
    assert player is not None
    return json.loads(str(player.json))


def test_responses_keep_their_values_to_a_part_in_65535_of_the_largest(result: Result):
    content = content_of(result)
    for m, clip in enumerate(content["clips"]):
        top = np.array(clip["top"])[:, None]
        for what in TRACES:
            steps = np.frombuffer(base64.b64decode(clip[what]), "<u2").reshape(len(top), -1)
            np.testing.assert_allclose(
                steps / 65535 * top, result.arrays[f"figure-5/{m}/{what}"], atol=2e-5 * top.max()
            )


def test_the_sheet_holds_every_frame_and_mice_that_saw_the_same_clip_share_it(result: Result):
    content = content_of(result)
    assert [clip["sheet"] for clip in content["clips"]] == [0, 0, 0]
    (sheet,) = content["sheets"]
    kind, _, packed = sheet["src"].partition(",")
    assert kind == "data:image/png;base64"
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(packed))))
    frames = result.arrays["figure-5/0/frames"]
    height, width, across = sheet["height"], sheet["width"], sheet["across"]
    for k in (0, 17, len(frames) - 1):
        top, left = height * (k // across), width * (k % across)
        np.testing.assert_array_equal(pixels[top : top + height, left : left + width], frames[k])


def test_seconds_are_those_of_the_clip_whatever_the_clock_of_the_recording(result: Result):
    (first, *_) = clips_of(result)
    frames = result.arrays["figure-5/0/frame_of_time"]
    np.testing.assert_allclose(first.seconds, frames / 30, atol=1e-9)


def test_another_clip_of_a_mouse_has_a_sheet_of_its_own(result: Result):
    arrays = dict(result.arrays)
    arrays["figure-5/2/frames"] = 255 - arrays["figure-5/2/frames"]
    content = content_of(Result("latent-factors", {}, {}, {}, 1.0, [], arrays))
    assert [clip["sheet"] for clip in content["clips"]] == [0, 0, 1]


def test_no_name_ends_the_script_that_holds_the_numbers(result: Result):
    arrays = {name: values for name, values in result.arrays.items() if name.startswith("figure-5/0")}
    arrays["mice"] = np.array(["</script><b>"])
    player = response_player(Result("latent-factors", {}, {}, {}, 1.0, [], arrays))
    assert player is not None
    assert "<" not in str(player.json)
