"""The tab for one image: a slider between before and after, and the download."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import gradio as gr

from gan.images import read_image, write_image, write_picture
from gan.serve.batch import Upload
from gan.serve.names import file_name
from gan.serve.studio import RejectedError, Studio, shown
from gan.serve.uploads import Form, in_one_line, take_only_uploads, wish_of

EXAMPLE = 1024
"""Pixels of the longer side of an example."""
THUMBNAIL = 160
"""Pixels of the longer side of an example's thumbnail."""
START = "(...given) => { if (given[0]) window.gan.start('result'); return given; }"
"""JavaScript that scrolls to the result, if an image is chosen."""
ARRIVE = "() => window.gan.arrive('result')"


def one_picture(studio: Studio, wishes: list[Any]) -> None:
    """Add the tab's components; `wishes` are the controls of a translation, the model's first."""
    with gr.Row():
        with gr.Column():
            photo = take_only_uploads(
                gr.Image(
                    sources=["upload", "webcam", "clipboard"], buttons=[], label="Picture",
                    height=420, elem_id="photo",
                    placeholder="Drop a picture here, or choose one. Phones can also take one.",
                )
            )  # fmt: skip
            button = gr.Button("Translate", variant="primary")
            _examples(studio, photo, wishes[0])
        with gr.Column(elem_id="result"):
            slider = gr.ImageSlider(
                label="Before and after", interactive=False, height=420, max_height=420,
                buttons=["fullscreen"],
            )  # fmt: skip
            download = gr.DownloadButton("Download", interactive=False)

    def translate(
        upload: Upload | None, choice: int, strength: float, tile: int, form: Form, size: int,
        progress: Any = gr.Progress(),  # noqa: B008, this default makes Gradio pass it
    ) -> Any:  # fmt: skip
        folder = Path(mkdtemp(dir=studio.folder))
        with in_one_line():
            if upload is None:
                raise RejectedError("choose a picture first")
            wish = wish_of(studio, choice, strength, tile, form, size)
            stem = file_name(upload.name, wish.choice.model, wish.choice.direction)
            done = studio.translate(upload.path, folder / stem, wish, progress)
        sides = {
            folder / "before.jpg": shown(done.before),
            folder / "after.jpg": shown(done.after).with_mark(wish.mark),
        }
        for path, picture in sides.items():
            write_picture(picture, path)
        return tuple(sides), gr.DownloadButton(value=done.file, interactive=True)

    button.click(
        translate, [photo, *wishes], [slider, download], api_visibility="private", js=START
    ).success(None, js=ARRIVE)


def _examples(studio: Studio, photo: Any, chosen: Any) -> None:
    """Show example images of the chosen model, if there are any; the browser switches them."""
    folder = Path(mkdtemp(dir=studio.folder))
    copies = {
        at: list(copy_examples(studio, choice.about.examples, folder / str(at)))
        for at, choice in enumerate(studio.choices)
        if choice.translator.range_in is None  # JPEGs cannot hold such numbers
    }
    component = gr.Image(render=False)
    for at, found in copies.items():
        if not found:
            continue
        shelf = gr.Dataset(
            components=[component], samples=[[str(small)] for _, small in found], type="index",
            layout="gallery", label="Or try one of these", samples_per_page=100,
            elem_id=f"examples-{at}", elem_classes=["examples"],
        )  # fmt: skip
        shelf.click(
            lambda number, found=found: found[number][0], shelf, photo,
            api_visibility="private", show_progress="hidden",
        )  # fmt: skip
    chosen.change(None, chosen, None, js="(at) => window.gan.examples(at)")


def copy_examples(
    studio: Studio, pictures: tuple[Path, ...], folder: Path
) -> Iterator[tuple[Path, Path]]:
    """Copy images to `folder`; yield the paths of each copy and of its thumbnail.

    Their longer sides are at most EXAMPLE and THUMBNAIL pixels. `folder` is in the visitors'
    folder, because files are served from no other. Images that cannot be read are skipped.
    """
    for number, picture in enumerate(pictures):
        place = folder / str(number)
        whole = place / f"{file_name(picture.name)}.jpg"
        small = place / f"small-{number}.jpg"
        with suppress(ValueError, OSError):
            image = read_image(picture, max_megapixels=studio.limits.max_megapixels)
            for path, side in ((whole, EXAMPLE), (small, THUMBNAIL)):
                image.thumbnail((side, side))
                write_image(image, path)
            studio.stay([whole, small])
            yield whole, small
