"""Odd labeled datasets: odd files are reported, and nothing is lost."""

import contextlib
import json
import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pycocotools.coco import COCO

from gan.augment.formats import dataset_format
from gan.augment.options import AugmentOptions
from gan.augment.plan import choose, free_suffix, make_tasks
from tests.support import labelled
from tests.support.augmenting import assert_nothing_is_lost, doubled, output, reasons
from tests.support.interrupted_runs import contents
from tests.support.labelled import photo, save


def test_yolo_odd_labels_are_named_and_copied(tmp_path: Path) -> None:
    root = tmp_path / "in"
    labelled.write_yolo(root)
    labels = root / "labels" / "train"
    (labels / "astronaut.txt").write_text("0 12 8 40 32\n")
    (labels / "coffee.txt").write_text("0 0.5 nan 0.1 0.1\n")
    (labels / "motorcycle.txt").unlink()
    (labels / "nobody.txt").write_text("1 0.5 0.5 0.1 0.1")
    (root / "classes.txt").write_text("thing\nother\n")
    dataset = doubled(root, tmp_path / "out", "yolo")
    found = reasons(dataset)
    assert found.keys() == {
        "labels/train/astronaut.txt",
        "labels/train/coffee.txt",
        "images/train/motorcycle.jpg",
        "labels/train/nobody.txt",
    }
    assert found["labels/train/astronaut.txt"].startswith("line 1: must be a class and x y")
    assert found["labels/train/nobody.txt"] == "labels without an image"
    assert_nothing_is_lost(root, tmp_path / "out")
    for name in ("astronaut", "coffee"):
        copy = tmp_path / "out" / "labels" / "train" / f"{name}+.txt"
        assert copy.read_bytes() == (labels / f"{name}.txt").read_bytes()


def test_yolo_aliases_cost_no_more_than_their_bytes(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.4 0.4")
    laughs = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 10))
    (tmp_path / "data.yaml").write_text(f"x0: &x0 [a]\n{laughs}train: *x9\n")
    fault = r"data\.yaml: cannot be read: more than 100,000 values, with aliases expanded"
    with pytest.raises(ValueError, match=fault):
        dataset_format("yolo").read(tmp_path)


def test_yolo_flat_folders_polygons_and_equal_stems(tmp_path: Path) -> None:
    """One text file serves a.jpg and a.png, and their translations share its copy."""
    for name in ("a.jpg", "a.png", "b.jpg"):
        save(photo("coffee"), tmp_path / "in" / name)
    (tmp_path / "in" / "a.txt").write_text("0 0.1 0.1 0.9 0.2 0.5 0.8")
    (tmp_path / "in" / "b.txt").write_text("")
    (tmp_path / "in" / "train.txt").write_bytes(b"./a.jpg\r\na.png\r\n./b.jpg")
    dataset = doubled(tmp_path / "in", tmp_path / "out", "yolo")
    first, second, empty = dataset.items
    assert first.labels == second.labels == (Path("a.txt"),)
    (box,) = first.boxes
    assert (box.left, box.top, box.right, box.bottom) == (0.1, 0.1, 0.9, 0.8)
    assert empty.boxes == ()
    listed = (tmp_path / "out" / "train.txt").read_bytes()
    assert listed == b"./a.jpg\r\n./a+.jpg\r\na.png\r\na+.png\r\n./b.jpg\r\n./b+.jpg"
    assert (tmp_path / "out" / "a+.txt").read_bytes() == (tmp_path / "in" / "a.txt").read_bytes()


@pytest.mark.parametrize("place", [".", "./", "ROOT"])
def test_yolo_yaml_does_not_lead_to_the_source(tmp_path: Path, place: str) -> None:
    """Ultralytics takes "." for its working directory, and a file without a path for its own."""
    root = tmp_path / "in"
    labelled.write_yolo(root)
    base = place.replace("ROOT", root.absolute().as_posix())
    text = f"# ours\r\npath: {base}  # here\r\ntrain: images/train\r\nval: [{root}/images/val]\r\n"
    (root / "data.yaml").write_bytes(text.encode())
    dataset = doubled(root, tmp_path / "out", "yolo")
    assert sum("train" in item.splits for item in dataset.items) == 4
    result = (tmp_path / "out" / "data.yaml").read_bytes().decode()
    assert result == (
        f"# ours\r\n# path: {base}  # here\r\ntrain: images/train\r\nval: [images/val]\r\n"
    )


def test_yolo_lists_with_absolute_paths_are_moved_along(tmp_path: Path) -> None:
    root = tmp_path / "in"
    labelled.write_yolo(root)
    path = root.absolute() / "images" / "train" / "coffee.jpg"
    (root / "train.txt").write_text(f"{path}\n/elsewhere/x.jpg\n")
    (root / "data.yaml").write_text("train: train.txt\nval: images/val\n")
    dataset = doubled(root, tmp_path / "out", "yolo")
    assert [item.image.stem for item in dataset.items if "train" in item.splits] == ["coffee"]
    assert (tmp_path / "out" / "train.txt").read_text().splitlines() == [
        "./images/train/coffee.jpg", "./images/train/coffee+.jpg", "/elsewhere/x.jpg",
    ]  # fmt: skip


def coco_with_all(root: Path) -> dict[str, Any]:
    """Write train with a crowd in RLE, an annotation without image, a missing image, captions."""
    labelled.write_coco(root)
    path = root / "annotations" / "instances_train2017.json"
    content: dict[str, Any] = json.loads(path.read_text())
    crowd = {"id": 900, "image_id": 10, "category_id": 3, "iscrowd": 1, "bbox": [0, 0, 9, 9]}
    crowd |= {"segmentation": {"counts": [0, 81], "size": [9, 9]}, "area": 81, "mine": {"k": [1]}}
    content["annotations"] += [crowd, {"id": 901, "image_id": 4444, "bbox": [0, 0, 1, 1]}]
    content["images"].append({"id": 99, "file_name": "gone.jpg", "width": 5, "height": 5})
    content["licenses"] = [{"name": "CC ©", "id": 4}]
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False))
    captions = {
        "images": content["images"][:2],
        "annotations": [{"id": 5, "image_id": 10, "caption": "an astronaut"}],
        "info": {}, "licenses": [],
    }  # fmt: skip
    path.with_name("captions_train2017.json").write_text(json.dumps(captions))
    (root / "annotations" / "broken.json").write_text("{")
    (root / "annotations" / "other.json").write_text('{"images": 3}')
    (root / "annotations" / "odd.json").write_text('{"images": [], "annotations": 5}')
    (root / "annotations" / "deep.json").write_text("[" * 100_000)
    return content


def test_coco_crowds_captions_and_extra_keys_are_kept(tmp_path: Path) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    before = coco_with_all(root)
    dataset = doubled(root, target, "coco")
    texts = [remark.reason for remark in dataset.remarks]
    assert "names gone.jpg, which is not in the dataset" in texts
    assert "annotation 901: its image_id matches no image" in texts
    assert any(text.startswith("invalid JSON, copied unchanged") for text in texts)
    text = (target / "annotations" / "instances_train2017.json").read_text()
    after = json.loads(text)
    assert text.startswith('{\n  "info"')
    assert "CC ©" in text
    assert {key: after[key] for key in ("info", "licenses", "categories")} == {
        key: before[key] for key in ("info", "licenses", "categories")
    }
    assert all(record in after["images"] for record in before["images"])
    assert all(record in after["annotations"] for record in before["annotations"])
    assert len(after["images"]) == 2 * 4 + 1
    assert len(after["annotations"]) == 2 * 5 + 1
    for key in ("images", "annotations"):
        numbers = [record["id"] for record in after[key]]
        assert len({*numbers}) == len(numbers)
    (copy,) = [r for r in after["annotations"] if r.get("iscrowd") and r["id"] != 900]
    assert {**copy, "id": 900, "image_id": 10} == before["annotations"][-2]
    captions = json.loads((target / "annotations" / "captions_train2017.json").read_text())
    names = {record["id"]: record["file_name"] for record in after["images"]}
    assert all(names[record["id"]] == record["file_name"] for record in captions["images"])
    assert len(captions["annotations"]) == 2
    for name in ("broken", "other", "odd", "deep"):
        path = Path("annotations") / f"{name}.json"
        assert (target / path).read_bytes() == (root / path).read_bytes()


def test_coco_file_names_with_folders_of_any_slash_are_found(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(photo("coffee"), tmp_path / "in" / "pics" / "x y" / f"{name}.jpg")
    names = ["pics\\x y\\a.jpg", "pics/x y/b.jpg", "../../secret.jpg"]
    images = [
        {"id": i, "file_name": name, "width": 64, "height": 64} for i, name in enumerate(names)
    ]
    content = {"images": images, "annotations": [], "categories": []}
    (tmp_path / "in" / "all.json").write_text(json.dumps(content))
    dataset = doubled(tmp_path / "in", tmp_path / "out", "coco")
    assert len(dataset.items) == 2
    assert "secret" in " ".join(reasons(dataset).values())
    after = json.loads((tmp_path / "out" / "all.json").read_text())
    assert [record["file_name"] for record in after["images"]] == [
        "pics\\x y\\a.jpg", "pics\\x y\\a+.jpg", "pics/x y/b.jpg", "pics/x y/b+.jpg",
        "../../secret.jpg",
    ]  # fmt: skip


def test_coco_records_that_name_one_file_share_its_copy(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "in" / "a.jpg")
    images = [{"id": i, "file_name": "a.jpg", "width": 64, "height": 64} for i in (1, 2)]
    annotations = [{"id": i, "image_id": i, "bbox": [1, 1, 9, 9]} for i in (1, 2)]
    content = {"images": images, "annotations": annotations, "categories": []}
    (tmp_path / "in" / "all.json").write_text(json.dumps(content))
    doubled(tmp_path / "in", tmp_path / "out", "coco")
    after = json.loads((tmp_path / "out" / "all.json").read_text())
    assert [record["id"] for record in after["images"]] == [1, 3, 2]
    found = [(record["id"], record["image_id"]) for record in after["annotations"]]
    assert found == [(1, 1), (3, 3), (2, 2), (4, 3)]


@pytest.mark.parametrize(("image", "mask"), [
    ("images/ISIC_{}.jpg", "masks/ISIC_{}_segmentation.png"),
    ("images/c{}.png", "labels/c{}_L.png"),
    ("train/c{}.jpg", "train_masks/c{}_mask.gif"),
    ("val/c_{}.png", "valannot/c_{}.png"),
    ("imgs/train/c {}.png", "masks/train/c {}-mask.png"),
    ("a/img/c.{}.png", "a/annotations/c.{}.GT.png"),
])  # fmt: skip
def test_masks_are_found_by_the_suffix_that_all_have(image: str, mask: str, tmp_path: Path) -> None:
    """1 does not match the beginning of 10; masks of other images are ignored."""
    for name in ("1", "10", "11"):
        save(photo("coffee"), tmp_path / "in" / image.format(name))
        save(photo("coffee").convert("L"), tmp_path / "in" / mask.format(name))
    save(photo("coffee").convert("L"), tmp_path / "in" / mask.format("2"))
    dataset = doubled(tmp_path / "in", tmp_path / "out", "masks")
    masks = {item.image.as_posix(): item.mask for item in dataset.items}
    names = ("1", "10", "11")
    assert masks == {image.format(name): Path(mask.format(name)) for name in names}
    assert reasons(dataset) == {mask.format("2"): "a mask without an image"}
    for name in names:
        copy = tmp_path / "out" / mask.format(f"{name}+")
        assert copy.read_bytes() == (tmp_path / "in" / mask.format(name)).read_bytes()


def test_masks_of_the_images_name_are_preferred_to_those_with_a_suffix(tmp_path: Path) -> None:
    for name in "ab":
        save(photo("coffee"), tmp_path / "images" / f"{name}.png")
        for end in ("", "_color"):
            save(photo("coffee").convert("L"), tmp_path / "masks" / f"{name}{end}.png")
    dataset = dataset_format("masks").read(tmp_path)
    assert [item.mask for item in dataset.items] == [Path("masks/a.png"), Path("masks/b.png")]


@pytest.mark.parametrize("ends", [("", "-color"), ("_seg", "_inst")])
def test_all_masks_of_an_image_are_carried_with_it(ends: tuple[str, str], tmp_path: Path) -> None:
    names = ("a", "a_1", "a_1_1")
    for name in names:
        save(photo("coffee"), tmp_path / "in" / "images" / f"{name}.png")
        for end in ends:
            save(photo("coffee").convert("L"), tmp_path / "in" / "masks" / f"{name}{end}.png")
    dataset = doubled(tmp_path / "in", tmp_path / "out", "masks")
    assert not dataset.remarks
    assert [item.mask for item in dataset.items] == [
        Path("masks", f"{name}{ends[0]}.png") for name in names
    ]
    assert {path.stem for path in (tmp_path / "out" / "masks").iterdir()} == {
        f"{name}{new}{end}" for name in names for new in ("", "+") for end in ends
    }


def test_coco_ids_keep_their_type_and_have_no_limit(tmp_path: Path) -> None:
    """Texts stay texts, numbers stay numbers, and new ids are unused ones."""
    for name in "abcd":
        save(photo("coffee"), tmp_path / "in" / f"{name}.jpg")
    ids = ["7", "x-1", 2**63 - 1, [1]]
    images = [
        {"id": own, "file_name": f"{name}.jpg", "width": 64, "height": 64}
        for own, name in zip(ids, "abcd", strict=True)
    ]
    boxes = [[1, 1, 9, 9], [1, 1, 9, 9], [1, 1, 10**400, 9], [1, 1, -9, 9]]
    annotations: list[dict[str, Any]] = [
        {"id": f"n{at}", "image_id": own, "bbox": box}
        for at, (own, box) in enumerate(zip(ids, boxes, strict=True))
    ]
    annotations.append({"id": 3, "image_id": "7", "bbox": [float("nan"), 1, 9, 9]})
    content = {"images": images, "annotations": annotations, "categories": []}
    (tmp_path / "in" / "all.json").write_text(json.dumps(content))
    dataset = doubled(tmp_path / "in", tmp_path / "out", "coco")
    assert [remark.reason for remark in dataset.remarks] == [
        "d.jpg: its id is neither a number nor text",
        "annotation n2: bbox must be [x, y, width, height] in pixels",
        "annotation n3: its image_id matches no image",
        "annotation 3: bbox must be [x, y, width, height] in pixels",
    ]
    after = json.loads((tmp_path / "out" / "all.json").read_text())
    free = 2**63
    assert [record["id"] for record in after["images"]] == [
        "7", str(free), "x-1", str(free + 1), 2**63 - 1, free + 2, [1], free + 3,
    ]  # fmt: skip
    assert [(record["id"], record["image_id"]) for record in after["annotations"]] == [
        ("n0", "7"), ("4", str(free)), ("n1", "x-1"), ("5", str(free + 1)),
        ("n2", 2**63 - 1), ("6", free + 2), ("n3", [1]), (3, "7"), (7, str(free)),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "folder", "name"), [
    ("Label Studio", "images", "..\\..\\label-studio\\media\\upload\\4\\{}.jpg"),
    ("absolute", "images", "/home/someone/proj/images/{}.jpg"),
    ("another machine's", "pics/x y", "C:\\Users\\me\\{}.jpg"),
    ("LVIS", "train2017", None),
])  # fmt: skip
def test_coco_images_are_found_by_name_where_no_path_leads_to_them(
    kind: str, folder: str, name: str | None, tmp_path: Path
) -> None:
    """Only if no path of a file leads to an image, and only one image has the name."""
    root = tmp_path / "in"
    for stem in "ab":
        save(photo("coffee"), root / folder / f"{stem}.jpg")
    for place in ("one", "two"):
        save(photo("coffee"), root / place / "c.jpg")
    address = "http://images.cocodataset.org/train2017/{}.jpg"
    images = [
        {"id": i, "file_name": name.format(s)} if name else {"id": i, "coco_url": address.format(s)}
        for i, s in enumerate("abc")
    ]
    annotations = [{"id": i, "image_id": i, "bbox": [1, 1, 9, 9]} for i in range(3)]
    (root / "train.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    dataset = doubled(root, tmp_path / "out", "coco")
    assert [item.image.as_posix() for item in dataset.items] == [
        f"{folder}/{stem}.jpg" for stem in "ab"
    ]
    assert all(len(item.boxes) == 1 for item in dataset.items)
    found = [remark.reason for remark in dataset.remarks]
    assert any("c.jpg, which is not in the dataset" in reason for reason in found)
    assert any("matched only by the names of files" in reason for reason in found) == bool(name)
    after = json.loads((tmp_path / "out" / "train.json").read_text())["images"]
    key, old = ("file_name", name) if name else ("coco_url", address)
    assert [record[key] for record in after] == [
        str(old).format(stem) for stem in ("a", "a+", "b", "b+", "c")
    ]


def test_coco_names_of_another_split_are_not_taken(tmp_path: Path) -> None:
    """val/0.jpg does not exist, and train/0.jpg is another image, which another file names."""
    root = tmp_path / "in"
    save(photo("coffee"), root / "train" / "0.jpg")
    for split in ("train", "val"):
        images = [{"id": 0, "file_name": f"{split}/0.jpg"}]
        annotations = [{"id": 0, "image_id": 0, "bbox": [0, 0, 9, 9]}]
        content = json.dumps({"images": images, "annotations": annotations})
        (root / f"{split}.json").write_text(content)
    dataset = doubled(root, tmp_path / "out", "coco")
    assert [(item.splits, len(item.boxes)) for item in dataset.items] == [(frozenset({"train"}), 1)]
    assert reasons(dataset) == {"val.json": "names val/0.jpg, which is not in the dataset"}


def coco_from_elsewhere(root: Path, here: list[str], listed: dict[str, list[str]]) -> None:
    """Write images, and JSON files of another machine with a box for each of its images."""
    for name in here:
        save(photo("coffee"), root / f"{name}.jpg")
    for split, names in listed.items():
        images = [{"id": i, "file_name": f"/x/set/{name}.jpg"} for i, name in enumerate(names)]
        annotations = [{"id": i, "image_id": i, "bbox": [i, 0, 9, 9]} for i in range(len(names))]
        content = json.dumps({"images": images, "annotations": annotations})
        (root / f"{split}.json").write_text(content)


def boxes_of(path: Path) -> dict[str, list[list[int]]]:
    """Return the boxes of every image in a JSON file, as pycocotools reads them."""
    with contextlib.redirect_stdout(None):
        coco = COCO(str(path))
    return {
        image["file_name"]: [each["bbox"] for each in coco.imgToAnns[number]]
        for number, image in coco.imgs.items()
    }


@pytest.mark.parametrize(("name", "elsewhere"), [
    ("train/b", "test/b"),
    ("images/b", "test/b"),
    ("one/b", "two/b"),
])  # fmt: skip
def test_coco_boxes_of_a_missing_image_are_given_to_no_other(
    name: str, elsewhere: str, tmp_path: Path
) -> None:
    """b is missing; an image of that name is in a folder of another split, or is named twice."""
    root, target = tmp_path / "in", tmp_path / "out"
    listed = ["train/a", name, *([elsewhere] if "two" in elsewhere else [])]
    coco_from_elsewhere(root, ["train/a", elsewhere], {"train": listed})
    before = boxes_of(root / "train.json")
    dataset = doubled(root, target, "coco")
    found = {item.image.as_posix() for item in dataset.items}
    assert found == {f"{each}.jpg" for each in ("train/a", *listed[2:])}
    assert f"names /x/set/{name}.jpg, which is not in the dataset" in reasons(dataset).values()
    expected = {
        f"/x/set/{each}+.jpg": boxes for each, boxes in zip(listed, before.values(), strict=True)
    }
    del expected[f"/x/set/{name}+.jpg"]
    assert boxes_of(target / "train.json") == before | expected


def test_coco_paths_of_another_machine_are_matched_by_their_ends(tmp_path: Path) -> None:
    both = ["train/a", "val/a"]
    coco_from_elsewhere(tmp_path, both, {"train": both[:1], "val": both[1:]})
    items = dataset_format("coco").read(tmp_path).items
    assert {item.image.as_posix(): item.splits for item in items} == {
        "train/a.jpg": {"train"}, "val/a.jpg": {"val"},
    }  # fmt: skip


def test_the_error_for_coco_without_images_names_the_searched_places(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "in" / "a.jpg")
    content = {"images": [{"id": 1, "file_name": "x/b.jpg"}], "annotations": []}
    (tmp_path / "in" / "train.json").write_text(json.dumps(content))
    expected = r"in/train\.json: none of its images .* x/b\.jpg, was .* as x/b\.jpg, images/x/b"
    with pytest.raises(ValueError, match=expected):
        dataset_format("coco").read(tmp_path / "in")


def test_voc_lists_of_classes_windows_paths_and_broken_xml(tmp_path: Path) -> None:
    root, base = tmp_path / "in", Path("VOCdevkit") / "VOC2012"
    labelled.write_voc(root)
    sets = root / base / "ImageSets" / "Main"
    (sets / "thing_train.txt").write_bytes(b"coffee  1\r\nastronaut -1\r\n")
    (root / base / "Annotations" / "coffee.xml").write_bytes(b"\xef\xbb\xbf<annotation><object>")
    (root / base / "Annotations" / "lonely.xml").write_text("<annotation/>")
    dataset = doubled(root, tmp_path / "out", "voc")
    found = reasons(dataset)
    assert found[f"{base.as_posix()}/Annotations/lonely.xml"] == "labels without an image"
    assert "cannot be read as VOC's XML" in found[f"{base.as_posix()}/Annotations/coffee.xml"]
    listed = (tmp_path / "out" / base / "ImageSets" / "Main" / "thing_train.txt").read_bytes()
    assert listed == b"coffee  1\r\ncoffee+  1\r\nastronaut -1\r\nastronaut+ -1\r\n"
    old, new = (
        (folder / base / "Annotations" / name).read_bytes()
        for folder, name in ((root, "motorcycle.xml"), (tmp_path / "out", "motorcycle+.xml"))
    )
    assert b"C:\\Users\\me\\motorcycle+.jpg" in new
    assert new.replace(b"motorcycle+", b"motorcycle") == old


@pytest.mark.parametrize(("image", "xml", "split"), [
    ("{}.jpg", "{}.xml", set()),
    ("train/{}.png", "train/{}.xml", {"train"}),
    ("images/{}.png", "annotations/{}.xml", set()),
    ("images/val/{}.png", "Annotations/val/{}.xml", {"val"}),
    ("{}.jpg", "{}.XML", set()),
    ("JPEGImages/{}.jpg", "Annotations/{}.XML", set()),
])  # fmt: skip
def test_voc_files_are_next_to_images_or_in_annotations(
    image: str, xml: str, split: set[str], tmp_path: Path
) -> None:
    """As labelImg writes them, and as in archives on the web."""
    root = tmp_path / "in"
    for name in "abc":
        width, height = save(photo("coffee"), root / image.format(name))
        if name != "c":
            (root / xml.format(name)).parent.mkdir(parents=True, exist_ok=True)
            text = labelled.XML.format(name=name, width=width, height=height, box=labelled.BOX)
            (root / xml.format(name)).write_text(text.replace(".jpg", Path(image).suffix))
    (root / xml.format("x")).write_text("<annotation/>")
    dataset = doubled(root, tmp_path / "out", "voc")
    assert [(item.splits, len(item.boxes), item.labelled) for item in dataset.items] == [
        (frozenset(split), 1, True), (frozenset(split), 1, True), (frozenset(split), 0, False),
    ]  # fmt: skip
    assert reasons(dataset) == {
        image.format("c"): "no Annotations/c.xml" if "JPEG" in image else "no c.xml",
        xml.format("x"): "labels without an image",
    }
    for name in "ab":
        old = (root / xml.format(name)).read_text()
        new = (tmp_path / "out" / xml.format(f"{name}+")).read_text()
        assert new != old
        assert new.replace("+", "") == old


@pytest.mark.parametrize(("image", "xml"), [("", ""), ("JPEGImages/", "Annotations/")])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_voc_images_of_one_stem_share_the_xml_of_the_one_that_it_names(
    image: str, xml: str, suffix: str, tmp_path: Path
) -> None:
    """If only the other one is translated, the copy names that."""
    root = tmp_path / "in"
    for each in (".jpg", ".png"):
        width, height = save(photo("coffee"), root / f"{image}a{each}")
    (root / xml).mkdir(exist_ok=True)
    text = labelled.XML.format(name="a", width=width, height=height, box=labelled.BOX)
    (root / xml / "a.xml").write_text(text.replace(".jpg", suffix))
    dataset = doubled(root, tmp_path / "out", "voc")
    assert ET.parse(tmp_path / "out" / xml / "a+.xml").findtext("filename") == f"a+{suffix}"
    for kept in (".jpg", ".png"):
        outputs = {
            item.image: (item.image, item.image.with_stem("a+"))[: 1 + (item.image.suffix == kept)]
            for item in dataset.items
        }
        output(dataset, outputs, tmp_path / kept, "voc")
        assert ET.parse(tmp_path / kept / xml / "a+.xml").findtext("filename") == f"a+{kept}"


def test_voc_empty_names_are_kept(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "in" / "a.jpg")
    text = "<annotation><filename> </filename><path>/</path></annotation>"
    (tmp_path / "in" / "a.xml").write_text(text)
    doubled(tmp_path / "in", tmp_path / "out", "voc")
    assert (tmp_path / "out" / "a+.xml").read_text() == text


def test_labelme_shapes_pictures_inside_and_faults(tmp_path: Path) -> None:
    """An image inside a JSON file is the original: it must not be kept with a translation."""
    root = tmp_path / "in"
    for name in "abc":
        save(photo("coffee"), root / f"{name}.jpg")
    shapes = [
        {"points": [[10, 20], [30, 50], [5, 40]], "shape_type": "polygon"},
        {"points": [[20, 20], [20, 30]], "shape_type": "circle"},
        {"points": [[1, "x"]]},
        {},
    ]
    about = {"imagePath": "..\\elsewhere\\a.jpg", "imageData": "aGVsbG8=", "shapes": shapes}
    (root / "a.json").write_text(json.dumps(about))
    (root / "b.json").write_text(json.dumps({"imagePath": "gone.jpg", "shapes": []}))
    (root / "x.json").write_text(json.dumps({"imagePath": "c.jpg", "shapes": []}))
    (root / "y.json").write_text(json.dumps({"imagePath": "z.jpg", "shapes": []}))
    (root / "deep.json").write_text("[" * 100_000)
    dataset = doubled(root, tmp_path / "out", "labelme")
    first, second, third = dataset.items
    edges = [(box.left, box.top, box.right, box.bottom) for box in first.boxes]
    assert edges == [(5, 20, 30, 50), (10, 10, 30, 30)]
    assert (second.labelled, third.labelled) == (True, False)
    assert [remark.reason.partition(":")[0] for remark in dataset.remarks] == [
        "invalid JSON, copied unchanged", "its name differs from c.jpg",
        "names z.jpg, which is not in the dataset", "shape 3", "shape 4", "no JSON file names it",
    ]  # fmt: skip
    for name, path in (("a", "a.jpg"), ("a+", "a+.jpg")):
        content = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        assert content == about | {"imagePath": f"..\\elsewhere\\{path}", "imageData": None}


def test_labelme_files_in_a_separate_folder_name_images_elsewhere(tmp_path: Path) -> None:
    """If no file has its image in its place; of two images with the name, that of its split."""
    root = tmp_path / "in"
    for split in ("train", "val"):
        save(photo("coffee"), root / split / "images" / "a.jpg")
        about = {"imagePath": "a.jpg", "shapes": [{"points": [[1, 2], [30, 50]]}]}
        (root / split / "labels").mkdir()
        (root / split / "labels" / "a.json").write_text(json.dumps(about))
    dataset = doubled(root, tmp_path / "out", "labelme")
    found = {item.image.as_posix(): item.labels for item in dataset.items}
    assert found == {f"{s}/images/a.jpg": (Path(s, "labels/a.json"),) for s in ("train", "val")}
    assert all(len(item.boxes) == 1 for item in dataset.items)
    assert all(
        "a.jpg and similar paths: matched only by the names" in text
        for text in reasons(dataset).values()
    )
    added = json.loads((tmp_path / "out" / "train" / "labels" / "a+.json").read_text())
    assert added == about | {"imagePath": "a+.jpg"}
    save(photo("coffee"), root / "b.jpg")
    (root / "b.json").write_text(json.dumps(about | {"imagePath": "b.jpg"}))
    own = [item.image.name for item in dataset_format("labelme").read(root).items if item.labels]
    assert own == ["b.jpg"]


def test_kitti_parts_have_equal_numbers_and_invalid_lines_are_named(tmp_path: Path) -> None:
    root = tmp_path / "in"
    labelled.write_kitti(root)
    raw = root / "Kitti" / "raw"
    for name in ("astronaut", "new"):
        save(photo("coffee"), raw / "testing" / "image_2" / f"{name}.jpg")
    (raw / "ImageSets" / "test.txt").write_text("astronaut\nnew\n")
    (raw / "training" / "label_2" / "coffee.txt").write_text("Car 0 0 0 1 2 nan 4\n")
    (raw / "training" / "label_2" / "motorcycle.txt").unlink()
    (raw / "training" / "calib" / "nobody.txt").write_text("P0:")
    dataset = doubled(root, tmp_path / "out", "kitti")
    splits = {item.image.as_posix(): item.splits for item in dataset.items}
    assert splits["Kitti/raw/training/image_2/astronaut.jpg"] == {"train"}
    assert splits["Kitti/raw/testing/image_2/astronaut.jpg"] == {"test"}
    found = reasons(dataset)
    assert found["Kitti/raw/training/image_2/motorcycle.jpg"] == "no label_2/motorcycle.txt"
    assert found["Kitti/raw/training/calib/nobody.txt"] == "labels without an image"
    assert found["Kitti/raw/training/label_2/coffee.txt"].startswith("line 1: must be a class")
    assert len(found) == 3
    lists = tmp_path / "out" / "Kitti" / "raw" / "ImageSets"
    assert (lists / "test.txt").read_text() == "astronaut\nastronaut+\nnew\nnew+\n"


@pytest.mark.parametrize(("here", "test", "splits"), [
    ("training", "000000 000002", [{"train"}, {"val"}, {"test"}]),
    ("training", "000000 000001", [{"train"}, {"val"}, {"train"}]),
    ("testing", "000000", [{"test"}, {"test"}, {"test"}]),
])  # fmt: skip
def test_kitti_lists_name_no_image_of_another_folder(
    tmp_path: Path, here: str, test: str, splits: list[set[str]]
) -> None:
    """The other folder, with equal numbers, is missing; test may also be a part of training."""
    for number in range(3):
        save(photo("coffee"), tmp_path / here / "image_2" / f"00000{number}.png")
    (tmp_path / "ImageSets").mkdir()
    for split, names in (("train", "000000"), ("val", "000001"), ("test", test)):
        (tmp_path / "ImageSets" / f"{split}.txt").write_text(names.replace(" ", "\n"))
    items = dataset_format("kitti").read(tmp_path).items
    assert [item.splits for item in items] == splits


@pytest.mark.parametrize("listed", [True, False])
def test_kitti_folders_of_splits_have_equal_numbers(tmp_path: Path, listed: bool) -> None:
    """A list belongs to the folder of its name; images without a label are reported except in
    test."""
    root, target = tmp_path / "in", tmp_path / "out"
    for split in ("train", "val", "test"):
        for name in ("000000", "000001"):
            save(photo("coffee"), root / split / "image_2" / f"{name}.png")
    for split in ("train", "val"):
        (root / split / "label_2").mkdir()
        (root / split / "label_2" / "000000.txt").write_text("Car 0 0 0 1 2 9 9\n")
        if listed:
            (root / "ImageSets").mkdir(exist_ok=True)
            (root / "ImageSets" / f"{split}.txt").write_text("000000\n")
    dataset = dataset_format("kitti").read(root)
    assert [item.image.parts[0] for item in dataset.items] == [
        split for item in dataset.items for split in item.splits
    ]
    missing = {f"{split}/image_2/000001.png": "no label_2/000001.txt" for split in ("train", "val")}
    assert reasons(dataset) == missing
    outputs = {item.image: (item.image,) * (item.splits != {"train"}) for item in dataset.items}
    output(dataset, outputs, target, "kitti")
    if listed:
        lists = [(target / "ImageSets" / f"{split}.txt").read_text() for split in ("train", "val")]
        assert lists == ["", "000000\n"]


def test_long_lines_cost_no_more_than_their_bytes(tmp_path: Path) -> None:
    """Many spaces before a number and before a comment, at each of which a pattern could end."""
    spaces = " " * 200_000
    save(photo("coffee"), tmp_path / "voc" / "JPEGImages" / "a.jpg")
    sets = tmp_path / "voc" / "ImageSets" / "Main"
    sets.mkdir(parents=True)
    (sets / "train.txt").write_text(f"a\n{spaces}\nb{spaces}c\n")
    dataset_format("voc").read(tmp_path / "voc")
    save(photo("coffee"), tmp_path / "yolo" / "images" / "train" / "a.jpg")
    described = f"path: x{spaces}x # y\ntrain: images/train\n"
    (tmp_path / "yolo" / "data.yaml").write_text(described)
    doubled(tmp_path / "yolo", tmp_path / "out", "yolo")
    assert (tmp_path / "out" / "data.yaml").read_text() == f"# {described}"


def test_voc_stems_that_end_in_a_number_are_stems(tmp_path: Path) -> None:
    base = tmp_path / "in"
    for name in ("walk 1", "walk"):
        save(photo("coffee"), base / "JPEGImages" / f"{name}.jpg")
    (base / "ImageSets" / "Main").mkdir(parents=True)
    (base / "ImageSets" / "Main" / "train.txt").write_text("walk 1\nwalk\n")
    doubled(base, tmp_path / "out", "voc")
    listed = (tmp_path / "out" / "ImageSets" / "Main" / "train.txt").read_text().splitlines()
    assert listed == ["walk 1", "walk 1+", "walk", "walk+"]


def test_masks_of_other_sizes_and_without_images_are_named(tmp_path: Path) -> None:
    root = tmp_path / "in"
    labelled.write_masks(root)
    Image.new("P", (5, 5)).save(root / "masks" / "train" / "coffee.png")
    Image.new("P", (5, 5)).save(root / "masks" / "train" / "nobody.png")
    (root / "masks" / "train" / "astronaut.png").unlink()
    dataset = doubled(root, tmp_path / "out", "masks")
    found = reasons(dataset)
    assert found["images/train/astronaut.jpg"] == "no mask"
    assert "but its mask has 5x5" in found["images/train/coffee.jpg"]
    assert found["masks/train/nobody.png"] == "a mask without an image"
    assert_nothing_is_lost(root, tmp_path / "out")


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for folder in ("bus", "train", "plane"):
        save(photo("coffee"), tmp_path / folder / "1.jpg")
    assert all(not item.splits for item in dataset_format("imagefolder").read(tmp_path).items)


@pytest.mark.parametrize(("names", "train"), [
    (["train/ant/1", "train/bee/1", "test/1", "test/2", "test/3", "figures/1"],
     ["train/ant/1", "train/bee/1"]),
    (["train/ant/1", "train/bee/1", "train/1", "val/ant/1", "docs/1"],
     ["train/1", "train/ant/1", "train/bee/1"]),
    (["training_set/ant/1", "test_set/ant/1"], ["training_set/ant/1"]),
    (["Train Set/ant/1", "Testset/ant/1"], ["Train Set/ant/1"]),
    (["bus/1", "train/1", "train/2", "train/more/3"],
     ["bus/1", "train/1", "train/2", "train/more/3"]),
])  # fmt: skip
def test_folders_of_splits_are_distinguished_from_classes(
    names: list[str], train: list[str], tmp_path: Path
) -> None:
    for name in names:
        save(photo("coffee"), tmp_path / f"{name}.jpg")
    chosen = choose(dataset_format("imagefolder").read(tmp_path), ["train"])
    assert sorted(item.image.with_suffix("").as_posix() for item in chosen) == train


def test_splits_one_folder_too_deep_are_rejected(tmp_path: Path) -> None:
    for split in ("train", "val"):
        save(photo("coffee"), tmp_path / "birds" / split / "ant" / "1.jpg")
    with pytest.raises(ValueError, match="splits in `birds`: give that folder as --dataset"):
        dataset_format("imagefolder").read(tmp_path)
    assert dataset_format("imagefolder").read(tmp_path / "birds")


def test_links_that_leave_the_folder_are_named_and_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "in", tmp_path / "outside"
    labelled.write_yolo(root)
    shutil.copytree(root / "images" / "train", outside)
    os.symlink(outside / "coffee.jpg", root / "images" / "train" / "linked.jpg")
    os.symlink(outside, root / "images" / "more")
    os.symlink("/etc/hostname", root / "labels" / "train" / "linked.txt")
    found = reasons(doubled(root, tmp_path / "out", "yolo"))
    assert {"images/train/linked.jpg", "images/more", "labels/train/linked.txt"} <= found.keys()
    assert not any("linked" in name for name in contents(tmp_path / "out"))


@pytest.mark.parametrize("kind", ["file", "folder", "nothing"])
def test_yolo_labels_that_are_links_out_of_the_folder_are_rejected(
    tmp_path: Path, kind: str
) -> None:
    """Without them their images would count as images without objects, in val too."""
    labelled.write_yolo(tmp_path / "in")
    place = tmp_path / "in" / "labels" / "val"
    shutil.move(place, tmp_path / "outside")
    if kind == "folder":
        place.symlink_to(tmp_path / "outside")
    else:
        shutil.copytree(tmp_path / "outside", place)
        (place / "camera.txt").unlink()
        name = "camera" if kind == "file" else "none"
        (place / "camera.txt").symlink_to(tmp_path / "outside" / f"{name}.txt")
    with pytest.raises(ValueError, match=r"labels/val/camera\.txt: a link out of the folder"):
        dataset_format("yolo").read(tmp_path / "in")


def test_new_names_collide_with_nothing(tmp_path: Path) -> None:
    """Also not with labels, other suffixes or names in another case."""
    for name in ("a.jpg", "A_AB.png", "b.jpg"):
        save(photo("coffee"), tmp_path / "in" / "things" / name)
    (tmp_path / "in" / "b_ab2.txt").write_text("notes")
    dataset = dataset_format("imagefolder").read(tmp_path / "in")
    assert free_suffix(dataset, "ab") == "_ab3"
    given = {"model": ["x", "y"], "dataset": "in", "output": "out", "format": "imagefolder"}
    config = AugmentOptions.model_validate(
        given | {"mode": "add", "ratio": 2.4, "strength": "0.3,1"}
    )
    tasks = make_tasks(dataset, config, "ab")
    assert len(tasks) == round(2.4 * 3)
    names = [task.output.as_posix().casefold() for task in tasks]
    taken = [path.name.casefold() for path in (tmp_path / "in").rglob("*.*")]
    assert len({*names, *taken}) == len(names) + len(taken)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ratio": 2}, "ratio: 2.0 requires mode add"),
        ({"ratio": 2, "mode": "add"}, "would make equal images"),
        (
            {"ratio": 2, "mode": "add", "model": ["x", "y"], "weights": [1, 0]},
            "equal images: set at most 1, the number of models",
        ),
        ({"strength": "0"}, "strength: 0 would change nothing"),
        ({"shift": "-1"}, "shift: '-1': must be from 0 to 1"),
        ({"structure": "5"}, "structure: '5': must be from -1 to 1"),
        ({"contrast": "-0.1"}, "contrast: '-0.1': must be from 0 to 1"),
        ({"task_score": "0.5"}, "task_score: 0.5 has no effect without task"),
        ({"task_size": 64}, "task_size: 64 has no effect without task"),
        ({"mode": "add", "keep_rejected": True}, "keep_rejected: mode add keeps all originals"),
        ({"strength": "0.9,0.2"}, "strength: must be one number .*, not 0.9,0.2"),
        ({"weights": [1, 2]}, "weights: 2 values, but model has 1"),
        ({"structure": "high"}, "structure: 'high': must be a number"),
        ({"task_score": "x", "task": "t.pt"}, "task_score: 'x': must be"),
    ],
)
def test_options_that_contradict_each_other_are_named(options: dict[str, Any], said: str) -> None:
    given = {"model": ["x"], "dataset": "in", "output": "out", "format": "yolo"}
    with pytest.raises(ValueError, match=said):
        AugmentOptions.model_validate(given | options)


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("coco", "no JSON file with COCO's lists"),
        ("voc", "no folder JPEGImages"),
        ("masks", "no folder `images`"),
    ],
)
def test_a_folder_of_another_format_is_rejected(tmp_path: Path, format: str, said: str) -> None:
    save(photo("coffee"), tmp_path / "a.jpg")
    with pytest.raises(ValueError, match=said):
        dataset_format(format).read(tmp_path)
