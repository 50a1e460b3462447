"""DomainTranslate in the training of other networks: in loader workers, with boxes and masks."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors

from gan.augment import DomainTranslate, DomainTranslateV2, Model, translate_batch
from gan.augment.live import opened
from gan.inference.translator import Translator
from tests.support.labelled import photo

SIZE = (64, 64)
BOXES = [(12.0, 8.0, 52.0, 40.0), (1.0, 2.0, 30.0, 31.5)]


def picture(index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    names = ("astronaut", "coffee", "chelsea", "flower")
    return np.asarray(photo(names[index % 4]).crop((0, 0, *SIZE)))


class Labelled(Dataset[dict[str, Any]]):
    """Photographs with boxes and a mask, seeded by sample like our loader."""

    def __init__(self, model: Path, p: float = 1.0) -> None:
        translate = DomainTranslate(model, strength=(0.2, 1), p=p)
        boxes = A.BboxParams("pascal_voc", label_fields=["classes"])
        self.pipeline = A.Compose([translate, A.NoOp()], bbox_params=boxes)

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict[str, Any]:
        self.pipeline.set_random_seed(index)
        mask = (picture(index)[:, :, 0] > 99).astype(np.uint8)
        done = self.pipeline(
            image=picture(index), mask=mask, bboxes=np.array(BOXES), classes=[3, 1]
        )
        loads = opened.cache_info()
        own = {"loads": loads.misses, "mask_was": mask, "process": loads.currsize}
        return {**done, **own}


def samples(model: Path, workers: int, context: str | None = None) -> list[dict[str, Any]]:
    loader = DataLoader(
        Labelled(model), batch_size=None, num_workers=workers, multiprocessing_context=context
    )
    return list(loader)


def test_boxes_and_masks_pass_through_two_workers_reproducibly(generator_file: Path) -> None:
    """Every worker loads the weights once, however many images it translates."""
    opened.cache_clear()
    first, again = samples(generator_file, 2), samples(generator_file, 2)
    assert opened.cache_info().misses == 0  # not loaded here and copied into workers
    alone = samples(generator_file, 0)
    for one, other, single in zip(first, again, alone, strict=True):
        torch.testing.assert_close(one["image"], other["image"], rtol=0, atol=0)
        torch.testing.assert_close(one["image"], single["image"], rtol=0, atol=0)
        np.testing.assert_array_equal(np.asarray(one["bboxes"]), np.array(BOXES, np.float32))
        assert list(one["classes"]) == [3, 1]
        assert (one["mask"] == one["mask_was"]).all()
        assert one["loads"] == single["loads"] == 1
    for index, sample in enumerate(first):
        assert (np.asarray(sample["image"]) != picture(index)).any()


def test_pipelines_are_sent_to_spawned_workers(generator_file: Path) -> None:
    spawned = samples(generator_file, 1, "spawn")
    for one, single in zip(spawned, samples(generator_file, 0), strict=True):
        torch.testing.assert_close(one["image"], single["image"], rtol=0, atol=0)


@pytest.mark.parametrize("kind", [DomainTranslate, DomainTranslateV2])
def test_what_is_pickled_holds_no_weights(generator_file: Path, kind: Callable[..., Any]) -> None:
    transform = kind(generator_file, p=1)
    if kind is DomainTranslate:
        transform(image=picture(0))
    else:
        transform(Image.fromarray(picture(0)))
    assert len(pickle.dumps(transform)) < generator_file.stat().st_size / 4


def test_strength_and_p_have_their_effect(generator_file: Path) -> None:
    full = Translator.load(generator_file).translate(Image.fromarray(picture(0)))
    whole = DomainTranslate(generator_file, strength=1, p=1)(image=picture(0))["image"]
    assert (whole == np.asarray(full)).all()
    half = DomainTranslate(generator_file, strength=0.5, p=1)(image=picture(0))["image"]
    middle = (np.asarray(full).astype(float) + picture(0)) / 2
    assert np.abs(half - middle).max() <= 0.5
    none = DomainTranslate(generator_file, p=0)(image=picture(0))["image"]
    assert (none == picture(0)).all()


def test_the_torchvision_transform_does_not_change_tv_tensors(generator_file: Path) -> None:
    image = tv_tensors.Image(torch.from_numpy(picture(0).transpose(2, 0, 1).copy()))
    mask = tv_tensors.Mask(image[:1] > 99)
    boxes = tv_tensors.BoundingBoxes(torch.tensor(BOXES), format="XYXY", canvas_size=SIZE)
    sample = {"image": image, "mask": mask, "boxes": boxes, "label": torch.tensor(3)}
    transform = DomainTranslateV2(generator_file, strength=(0.1, 0.9), p=1)
    torch.manual_seed(4)
    done = transform(sample)
    assert isinstance(done["image"], tv_tensors.Image)
    assert done["mask"] is mask
    assert done["boxes"] is boxes
    assert int(done["label"]) == 3
    assert not torch.equal(done["image"], image)
    torch.manual_seed(4)
    assert torch.equal(transform(sample)["image"], done["image"])
    torch.manual_seed(5)
    assert not torch.equal(transform(sample)["image"], done["image"])
    full = Translator.load(generator_file).translate(Image.fromarray(picture(0)))
    pure = DomainTranslateV2(generator_file, p=1)(Image.fromarray(picture(0)))
    assert pure.tobytes() == full.tobytes()


def test_a_batch_equals_its_single_images(generator_file: Path) -> None:
    model = Model(generator_file)
    pixels = torch.stack([torch.from_numpy(picture(i).transpose(2, 0, 1).copy()) for i in range(3)])
    images = pixels.float() / 255
    done = translate_batch(model, images)
    each = [result for result in opened(model).translate_batch(pixels) if result is not None]
    # To half a gray level: they are rounded.
    torch.testing.assert_close(done * 255, torch.stack(each).float(), rtol=0, atol=0.501)
    shares = torch.tensor([0.0, 0.5, 1.0])
    mixed = translate_batch(model, images, shares)
    expected = images + shares[:, None, None, None] * (done - images)
    torch.testing.assert_close(mixed, expected, rtol=0, atol=1e-6)
    assert torch.equal(translate_batch(model, images, p=0), images)


def test_a_batch_draws_its_images_by_torchs_generator(generator_file: Path) -> None:
    images = torch.rand(16, 3, 16, 16, generator=torch.Generator().manual_seed(0))

    def changed(seed: int) -> Tensor:
        torch.manual_seed(seed)
        done = translate_batch(Model(generator_file), images, p=0.5)
        return (done != images).flatten(1).any(1)

    assert torch.equal(changed(1), changed(1))
    assert not torch.equal(changed(1), changed(2))
    assert 2 <= int(changed(1).sum()) <= 14


@pytest.mark.parametrize("strength", [-0.1, 1.1, (0.5, 0.2), (0, 1, 1), ()])
def test_invalid_strengths_are_rejected(generator_file: Path, strength: Any) -> None:
    for kind in (DomainTranslate, DomainTranslateV2):
        with pytest.raises(ValueError, match=r"strength|valid"):
            kind(generator_file, strength=strength)


def test_pictures_that_do_not_fit_are_named(generator_file: Path) -> None:
    grey = np.zeros((32, 32, 1), np.uint8)
    with pytest.raises(ValueError, match="of 3 channels"):
        DomainTranslate(generator_file, p=1)(image=grey)
    with pytest.raises(ValueError, match=r"of uint8 or uint16, not float32"):
        DomainTranslate(generator_file, p=1)(image=picture(0) / np.float32(255))
    with pytest.raises(ValueError, match=r"of uint8, not torch\.float32"):
        DomainTranslateV2(generator_file, p=1)(torch.rand(3, 32, 32))


@pytest.mark.parametrize(
    ("images", "strength", "said"),
    [
        (torch.zeros(2, 3, 16, 16, dtype=torch.uint8), 1.0, "floats .* not torch.uint8"),
        (torch.zeros(3, 16, 16), 1.0, r"\(N, 3, H, W\) .* \(3, 16, 16\)"),
        (torch.zeros(2, 1, 16, 16), 1.0, r"\(N, 3, H, W\) .* \(2, 1, 16, 16\)"),
        (torch.full((2, 3, 16, 16), 255.0), 1.0, r"in \[0, 1\], not 255 to 255"),
        (torch.full((2, 3, 16, 16), -1.0), 1.0, r"in \[0, 1\], not -1 to -1"),
        (torch.full((2, 3, 16, 16), torch.nan), 1.0, r"in \[0, 1\], not nan"),
        (torch.zeros(2, 3, 8, 16), 1.0, "at least 16"),
        (torch.zeros(2, 3, 16, 16), (0.3, 1.0), "strength: must be a number .* a tensor of 2"),
        (torch.zeros(2, 3, 16, 16), 1.5, r"strength: .* not 1\.5"),
        (torch.zeros(2, 3, 16, 16), torch.ones(3), r"a tensor of 2, .* not \(3,\)"),
    ],
)
def test_batches_and_strengths_that_do_not_fit_are_rejected_in_one_line(
    generator_file: Path, images: Tensor, strength: Any, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as rejected:
        translate_batch(Model(generator_file), images, strength)
    assert "\n" not in str(rejected.value)


@pytest.mark.parametrize("kind", [DomainTranslate, DomainTranslateV2])
def test_a_wrong_model_or_direction_is_reported_when_the_transform_is_made(
    tmp_path: Path, new_generator: Callable[..., Path], kind: Callable[..., Any]
) -> None:
    for direction in ("ab", "ba"):
        new_generator(tmp_path / f"gen_{direction}.safetensors", direction)
    with pytest.raises(ValueError, match="direction ab or ba"):
        kind(tmp_path)
    with pytest.raises(ValueError, match="nope: no such run directory or generator file"):
        kind(tmp_path / "nope", "ab")
    with pytest.raises(ValueError, match="translates ab, not ba"):
        kind(tmp_path / "gen_ab.safetensors", "ba")
    (tmp_path / "damaged.safetensors").write_bytes(b"nothing that opens")
    with pytest.raises(ValueError, match="damaged"):
        kind(tmp_path / "damaged.safetensors")
    kind(tmp_path, "ba")


class Shown(DomainTranslate):
    """DomainTranslate that returns the share that it draws as a gray level."""

    def apply(self, img: Any, share: float, **params: Any) -> Any:
        return np.full_like(img, round(255 * share))


class Strengths(Dataset[float]):
    """Return the strengths that DomainTranslate draws."""

    def __init__(self, model: Path) -> None:
        self.pipeline = A.Compose([Shown(model, strength=(0, 1), p=1)])

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> float:
        return float(self.pipeline(image=np.zeros((16, 16, 3), np.uint8))["image"].mean())


def test_the_documents_lines_give_every_worker_and_epoch_its_own_draws(
    generator_file: Path,
) -> None:
    """Without these lines they repeat, as the document states about albumentations."""
    page = (Path(__file__).parents[2] / "docs/augmenting.md").read_text(encoding="utf-8")
    (code,) = (
        block.partition("```")[0] for block in page.split("```python\n") if "seed_worker" in block
    )
    names: dict[str, Any] = {}
    exec(code.partition("loader =")[0], names)

    def epochs(seed_worker: Callable[[int], None] | None) -> list[list[float]]:
        torch.manual_seed(0)
        loader = DataLoader(
            Strengths(generator_file),
            batch_size=None, num_workers=2, multiprocessing_context="fork",
            worker_init_fn=seed_worker,
        )  # fmt: skip
        return [[float(value) for value in loader] for _ in range(2)]

    first, second = epochs(None)
    assert first == second  # in turn from two workers with equal draws
    assert first[0::2] == first[1::2]
    first, second = epochs(names["seed_worker"])
    assert len({*first, *second}) == 8
    assert epochs(names["seed_worker"]) == [first, second]
