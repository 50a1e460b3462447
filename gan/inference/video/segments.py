"""Paint the segments of a clip in one pass over it, and write each as soon as it is done."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from gan.inference.video import parts
from gan.inference.video.ahead import Behind, ahead
from gan.inference.video.color import Pixels
from gan.inference.video.encoding import Encoder, Packet, codec_of
from gan.inference.video.flow import one_thread
from gan.inference.video.painter import Errors, FramePainter
from gan.inference.video.reading import decoded, pixels
from gan.inference.video.settings import Settings
from gan.inference.video.shots import Ready, Segment
from gan.system.progress import Progress


def translate_segments(
    clip: Ready, settings: Settings, *, segments: Sequence[Segment], bar: Progress
) -> None:
    """Translate segments in order, and write their parts; `bar` counts frames.

    The clip is decoded from its beginning. Only this gives the same frames in every container, and
    it costs little compared to the network.
    """
    scratch = settings.scratch or clip.folder
    painter = settings.method.painter(clip.index.tile, scratch)
    codec, pts, tick = codec_of(clip.job.target), clip.index.pts, clip.index.clip.tick
    reached = 0
    with (
        one_thread(),  # before other threads begin, and until they have ended
        closing(ahead(_wanted(clip, segments, settings.max_megapixels))) as frames,
        Behind() as behind,
    ):
        for segment in segments:
            _prepare(painter, clip, segment, reached)
            writer = _Writer(clip, segment, Encoder(clip.index.clip, codec, settings.quality))
            for number, frame in islice(frames, len(segment)):
                seconds = float((pts[number] - pts[max(0, number - 1)]) * tick)
                behind.call(writer.add, painter.paint(frame, seconds), pts[number])
                bar.update()
                reached = number + 1
            assert reached == segment.stop, "the clip had more frames before"
            state = painter.state() if segment.goes_on else None
            behind.call(writer.finish, painter.errors, state)
        behind.finish()


def _prepare(painter: FramePainter, clip: Ready, segment: Segment, reached: int) -> None:
    """Prepare a painter for a segment: start a shot, continue, or restore the saved state.

    `reached` is the number of the frame after the last one that it has painted.
    """
    painter.errors = Errors()
    if not segment.continues:
        painter.begin()
    elif reached != segment.start:
        painter.restore(parts.read_state(clip.folder, segment.start))


def _wanted(
    clip: Ready, segments: Sequence[Segment], max_megapixels: float
) -> Iterator[tuple[int, Pixels]]:
    """Yield the numbers and pixels of the frames of segments."""
    colors = clip.index.clip.colors
    upcoming = iter(segments)
    segment = next(upcoming, None)
    for about, frame in decoded(clip.job.source, max_megapixels):
        if segment is None:
            return
        if frame.number >= segment.start:
            yield frame.number, pixels(about, frame, colors)
        if frame.number + 1 == segment.stop:
            segment = next(upcoming, None)


class _Writer:
    """Encodes a segment and writes it; called on another thread."""

    def __init__(self, clip: Ready, segment: Segment, encoder: Encoder) -> None:
        self.folder, self.segment, self.encoder = clip.folder, segment, encoder
        self.packets: list[Packet] = []

    def add(self, frame: Pixels, pts: int) -> None:
        """Encode a frame."""
        self.packets += self.encoder.encode(frame, pts)

    def finish(self, errors: Errors, state: dict[str, NDArray[Any]] | None) -> None:
        """Write the state at the end, if the next segment needs it, then the part.

        Once the part is there, the state at its beginning is not needed any more.
        """
        self.packets += self.encoder.finish()
        if state is not None:
            parts.write_state(self.folder, self.segment.stop, state)
        parts.write_part(self.folder, self.segment, self.packets, errors)
        parts.state_file(self.folder, self.segment.start).unlink(missing_ok=True)
