"""Public files that `twofold fetch` knows by name."""

from __future__ import annotations

from dataclasses import dataclass

FIGSHARE = "https://figshare.com/ndownloader/files/{}?private_link=9f91576cbbcc8b0d8828"
GIN = "https://gin.g-node.org/pollytur/{}/raw/master/{}.zip"
HUB = "https://huggingface.co/facebook/dino-vitb8/resolve/main/{}"
OLD_MICE, NEW_MICE = "8744edeac3b4d1ce16b680916b5267ce", "9b4f6a1a067fe51e15306b9628efea20"


@dataclass(frozen=True)
class KnownFile:
    """One file at its source.

    Parameters
    ----------
    url
        Where it is.
    file
        Its name here.
    checksum
        As published, such as "md5:..."; None where none is.
    n_bytes
        Its size; None where it is not published.
    """

    url: str
    file: str
    checksum: str | None = None
    n_bytes: int | None = None


@dataclass(frozen=True)
class Known:
    """What can be fetched by a name: one file, or the files of a folder.

    Parameters
    ----------
    name
        What one types.
    what
        What it is.
    licence
        What one may do with it, and who must be asked.
    files
        One, or more that go into a folder of that name.
    size
        In words, for the list.
    """

    name: str
    what: str
    licence: str
    files: tuple[KnownFile, ...]
    size: str = "not published"


def _rat(name: str, number: int, md5: str) -> Known:
    """The rats of the CEBRA distribution; addresses and checksums are those of its code."""
    return Known(
        name=f"rat-{name}",
        what=f"rat hippocampus on a linear track, {name}; then: twofold import cebra {name}.jl",
        licence="none stated with the file; data of Grosmark and Buzsaki 2016: see the terms of CRCNS hc-11",
        files=(KnownFile(FIGSHARE.format(number), f"{name}.jl", f"md5:{md5}"),),
    )


def _mouse(session: str, record: str, digest: str) -> Known:
    """The mice of SENSORIUM 2023; checksums are kept beside the files, not in public code."""
    full = f"dynamic{session}-Video-{digest}"
    return Known(
        name=f"sensorium-{session.split('-')[0]}",
        what=f"SENSORIUM 2023, mouse V1, session {session}: videos, responses, behaviour (zip)",
        licence="CC BY-NC-ND 4.0; ask the authors before you publish new analyses",
        files=(KnownFile(GIN.format(record, full), f"{full}.zip"),),
    )


DINO = Known(
    name="dino-vitb8",
    what="DINO ViT-B/8, the vision network of paper A; then: twofold features MOUSE.zarr --by dino-vitb8",
    licence="Apache-2.0",
    files=(
        KnownFile(HUB.format("config.json"), "config.json", n_bytes=453),
        KnownFile(HUB.format("preprocessor_config.json"), "preprocessor_config.json", n_bytes=244),
        KnownFile(HUB.format("model.safetensors"), "model.safetensors"),
    ),
    size="343 MB",
)

KNOWN: tuple[Known, ...] = (
    _rat("achilles", 40849463, "c52f9b55cbc23c66d57f3842214058b8"),
    _rat("buddy", 40849460, "36341322907708c466871bf04bc133c2"),
    _rat("cicero", 40849457, "a83b02dbdc884fdd7e53df362499d42f"),
    _rat("gatsby", 40849454, "2b889da48178b3155011c12555342813"),
    *(
        _mouse(session, "Sensorium2023Data", OLD_MICE)
        for session in ("29156-11-10", "29228-2-10", "29234-6-9", "29513-3-5", "29514-2-9")
    ),
    *(
        _mouse(session, "sensorium_2023_dataset", NEW_MICE)
        for session in ("29515-10-12", "29623-4-9", "29647-19-8", "29712-5-9", "29755-2-8")
    ),
    DINO,
)
