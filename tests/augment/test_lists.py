"""Lines of lists that name missing images: they are reported and kept."""

from pathlib import Path

import pytest

from gan.augment.dataset import Dataset
from gan.augment.formats import dataset_format
from gan.augment.plan import choose
from tests.support import labelled
from tests.support.augmenting import doubled, output

GHOST = "which is not in the dataset"


def remarks(dataset: Dataset) -> list[tuple[str, str]]:
    return [
        (remark.source.relative_to(dataset.root).as_posix(), remark.reason)
        for remark in dataset.remarks
    ]


def voc_lists(root: Path) -> Path:
    labelled.write_voc(root)
    return root / "VOCdevkit" / "VOC2012" / "ImageSets"


def yolo_lists(root: Path) -> None:
    """Write splits as lists in place of folders."""
    labelled.write_yolo(root)
    for split, names in (("train", labelled.TRAIN), ("val", labelled.VAL)):
        lines = [f"./images/{split}/{name}.jpg\n" for name in names]
        (root / f"{split}.txt").write_text("".join(lines))
    (root / "data.yaml").write_text("train: train.txt\nval: val.txt\nnames: [thing]\n")


def test_voc_lines_without_an_image_are_named_once_and_kept(tmp_path: Path) -> None:
    """All lines of splits are reported; of lists of classes and objects, only new ones."""
    sets = voc_lists(tmp_path / "in")
    (sets / "Layout").mkdir()
    (sets / "Action").mkdir()
    text = b"coffee\r\n\r\n# ours\r\n  \r\ngone\r\nastronaut\r\nmy gone \xf0\x9f\x90\x88"
    (sets / "Main" / "train.txt").write_bytes(text)
    (sets / "Main" / "trainval.txt").write_text("gone\ncoffee\n")
    (sets / "Main" / "thing_train.txt").write_text("coffee  1\ngone -1\nlost -1\nastronaut -1\n")
    (sets / "Main" / "other_train.txt").write_text("coffee  -1\ngone -1\nlost  1\n")
    (sets / "Layout" / "people.txt").write_text("coffee 1\ncoffee 2\nfar 1\nfar 2\n")
    (sets / "Action" / "jumping_train.txt").write_text("coffee  1  -1\nnear  2  1\n")
    (sets / "Main" / "classes.txt").write_text("thing\ncat\ndog\n")
    dataset = doubled(tmp_path / "in", tmp_path / "out", "voc")
    found = {
        (Path(path).relative_to("VOCdevkit/VOC2012/ImageSets").as_posix(), reason)
        for path, reason in remarks(dataset)
    }
    assert len(found) == len(dataset.remarks)
    assert found == {
        ("Main/train.txt", f"line 5: names gone, {GHOST}"),
        ("Main/train.txt", f"line 7: names my gone 🐈, {GHOST}"),
        ("Main/trainval.txt", f"line 1: names gone, {GHOST}"),
        ("Main/other_train.txt", f"line 3: names lost, {GHOST}"),
        ("Layout/people.txt", f"line 3: names far, {GHOST}"),
        ("Action/jumping_train.txt", f"line 2: names near, {GHOST}"),
    }
    out = tmp_path / "out" / "VOCdevkit" / "VOC2012" / "ImageSets"
    assert (out / "Main" / "train.txt").read_bytes() == (
        text.replace(b"coffee", b"coffee\r\ncoffee+").replace(
            b"astronaut", b"astronaut\r\nastronaut+"
        )
    )
    jumping = (out / "Action" / "jumping_train.txt").read_text()
    assert jumping == "coffee  1  -1\ncoffee+  1  -1\nnear  2  1\n"


def test_a_voc_split_without_existing_images_is_named(tmp_path: Path) -> None:
    sets = voc_lists(tmp_path)
    (sets / "Main" / "test.txt").write_text("one\ntwo\n")
    (sets / "Main" / "thing_test.txt").write_text("one 1\ntwo -1\n")
    dataset = dataset_format("voc").read(tmp_path)
    assert [reason for _, reason in remarks(dataset)] == [
        f"line 1: names one, {GHOST}",
        f"line 2: names two, {GHOST}",
    ]


def test_yolo_lines_without_an_image_are_named_and_kept(tmp_path: Path) -> None:
    """classes.txt is not a list, a comment is not a line; any slashes and roots are accepted."""
    root, target = tmp_path / "in", tmp_path / "out"
    yolo_lists(root)
    with (root / "train.txt").open("a") as file:
        file.write("\n# ./images/train/old.jpg\n./images/train/gone.jpg\nimages\\gone too.PNG\n")
        file.write(f"{root.absolute()}/images/train/astronaut.jpg\n{root.absolute()}/no.jpg\n")
    (root / "classes.txt").write_text("".join(f"class {number}\n" for number in range(80)))
    (root / "notes.txt").write_text("see a.jpg\nb.jpg\n")
    (root / "mine.txt").write_text("images/val/gone.jpg\nimages/val/flower.jpg\n")
    dataset = doubled(root, target, "yolo")
    assert remarks(dataset) == [
        ("mine.txt", f"line 1: names images/val/gone.jpg, {GHOST}"),
        ("train.txt", f"line 7: names ./images/train/gone.jpg, {GHOST}"),
        ("train.txt", f"line 8: names images\\gone too.PNG, {GHOST}"),
        ("train.txt", f"line 10: names {root.absolute()}/no.jpg, {GHOST}"),
    ]
    assert (target / "classes.txt").read_bytes() == (root / "classes.txt").read_bytes()
    kept = (target / "train.txt").read_text().splitlines()
    assert "./images/train/gone.jpg" in kept
    assert "# ./images/train/old.jpg" in kept
    assert "./images/train/astronaut+.jpg" in kept


def test_a_yolo_split_without_existing_images_is_named(tmp_path: Path) -> None:
    """For a list, an empty folder, and a missing folder."""
    yolo_lists(tmp_path)
    (tmp_path / "val.txt").write_text("./images/val/one.jpg\nclasses\n./images/val/two.jpg\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "data.yaml").write_text("train: train.txt\nval: [val.txt, empty]\ntest: nowhere\n")
    assert remarks(dataset_format("yolo").read(tmp_path)) == [
        ("data.yaml", "val: val.txt leads to no image"),
        ("data.yaml", "val: empty leads to no image"),
        ("data.yaml", "test: nowhere is not inside the dataset: skipped"),
        ("val.txt", f"line 1: names ./images/val/one.jpg, {GHOST}"),
        ("val.txt", f"line 3: names ./images/val/two.jpg, {GHOST}"),
    ]


def cvat(root: Path, ahead: str = "data/") -> None:
    """Write an export of CVAT: lists of paths that begin with a missing folder."""
    folders = {"Train": "obj_Train_data", "Validation": "obj_Validation_data"}
    described = ["classes = 1", "names = data/obj.names", "backup = backup/"]
    for kind, key, names in (("Train", "train", "abc"), ("Validation", "valid", "de")):
        for name in names:
            labelled.save(labelled.photo("coffee"), root / folders[kind] / f"{name}.jpg")
            (root / folders[kind] / f"{name}.txt").write_text("0 0.5 0.5 0.4 0.5\n")
        lines = [f"{ahead}{folders[kind]}/{name}.jpg\n" for name in names]
        (root / f"{kind}.txt").write_text("".join(lines))
        described.append(f"{key} = {ahead}{kind}.txt")
    (root / "obj.names").write_text("thing\n")
    (root / "obj.data").write_text("\n".join(described))


@pytest.mark.parametrize("ahead", ["data/", "", "/home/me/cvat/", "C:\\cvat\\"])
def test_darknets_lists_are_followed_and_rewritten(tmp_path: Path, ahead: str) -> None:
    cvat(tmp_path / "in", ahead)
    dataset = doubled(tmp_path / "in", tmp_path / "out", "yolo")
    assert not dataset.remarks
    assert {item.image.stem: item.splits for item in dataset.items} == {
        **dict.fromkeys("abc", frozenset({"train"})), **dict.fromkeys("de", frozenset({"val"})),
    }  # fmt: skip
    start = "./obj_Train_data/" if ahead.startswith("/") else f"{ahead}obj_Train_data/"
    assert (tmp_path / "out" / "Train.txt").read_text().splitlines() == [
        f"{start}{name}.jpg" for name in ("a", "a+", "b", "b+", "c", "c+")
    ]


def test_an_image_of_another_list_does_not_replace_a_missing_one(tmp_path: Path) -> None:
    """train.txt is from another machine, and its b.jpg is missing; val.txt has one, too."""
    for split, names in (("train", "a"), ("val", "b")):
        for name in names:
            labelled.save(labelled.photo("coffee"), tmp_path / "images" / split / f"{name}.jpg")
    (tmp_path / "train.txt").write_text("/x/images/train/a.jpg\n/x/images/train/b.jpg\n")
    (tmp_path / "val.txt").write_text("images/val/b.jpg\n")
    (tmp_path / "data.yaml").write_text("train: /x/train.txt\nval: val.txt\n")
    dataset = dataset_format("yolo").read(tmp_path)
    assert [item.splits for item in dataset.items] == [{"train"}, {"val"}]
    assert ("train.txt", f"line 2: names /x/images/train/b.jpg, {GHOST}") in remarks(dataset)


@pytest.mark.parametrize("add", ["", "Test.txt"])
def test_a_line_with_train_matches_no_image_of_another_split(tmp_path: Path, add: str) -> None:
    """CVAT's Train.txt has c, which is missing; obj_Test_data has one, which a list may name."""
    cvat(tmp_path / "in")
    root, target = tmp_path / "in", tmp_path / "out"
    for suffix in (".jpg", ".txt"):
        (root / "obj_Test_data").mkdir(exist_ok=True)
        (root / f"obj_Train_data/c{suffix}").rename(root / f"obj_Test_data/c{suffix}")
    if add:
        (root / add).write_text("data/obj_Test_data/c.jpg\n")
        with (root / "obj.data").open("a") as file:
            file.write(f"\ntest = data/{add}\n")
    dataset = doubled(root, target, "yolo")
    splits = {item.image.as_posix(): item.splits for item in dataset.items}
    assert splits["obj_Train_data/a.jpg"] == {"train"}
    assert splits["obj_Test_data/c.jpg"] == ({"test"} if add else set())
    gone = f"line 3: names data/obj_Train_data/c.jpg, {GHOST}"
    assert remarks(dataset) == [("Train.txt", gone)]
    assert (target / "Train.txt").read_text().splitlines() == [
        f"data/obj_Train_data/{name}.jpg" for name in ("a", "a+", "b", "b+", "c")
    ]


def test_a_foreign_line_matches_no_image_in_another_splits_folder(tmp_path: Path) -> None:
    """By data.yaml, holdout is val, and b.jpg is only there."""
    root = tmp_path / "in"
    for name in ("train/a", "holdout/b"):
        labelled.save(labelled.photo("coffee"), root / "images" / f"{name}.jpg")
    (root / "train.txt").write_text("/x/images/train/a.jpg\n/x/images/train/b.jpg\n")
    (root / "data.yaml").write_text("train: train.txt\nval: images/holdout\n")
    dataset = doubled(root, tmp_path / "out", "yolo")
    assert [item.splits for item in dataset.items] == [{"val"}, {"train"}]
    assert ("train.txt", f"line 2: names /x/images/train/b.jpg, {GHOST}") in remarks(dataset)
    assert (tmp_path / "out" / "train.txt").read_text().splitlines() == [
        "./images/train/a.jpg", "./images/train/a+.jpg", "/x/images/train/b.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("train", ["/content/set/train/images", "../set/train/images", "train"])
def test_a_folder_named_on_another_machine_is_found_by_its_end(tmp_path: Path, train: str) -> None:
    for split in ("train", "valid"):
        labelled.save(labelled.photo("coffee"), tmp_path / split / "images" / "a.jpg")
    described = f"train: {train}\nval: {train.replace('train', 'valid')}\n"
    (tmp_path / "data.yaml").write_text(described)
    items = dataset_format("yolo").read(tmp_path).items
    assert [item.splits for item in items] == [{"train"}, {"val"}]


def test_a_description_that_leads_to_no_image_is_rejected(tmp_path: Path) -> None:
    yolo_lists(tmp_path)
    (tmp_path / "data.yaml").write_text("train: /content/images\nval: /content/others\n")
    with pytest.raises(ValueError, match=r"data\.yaml: train: /content/images: leads to no image"):
        dataset_format("yolo").read(tmp_path)


@pytest.mark.parametrize(("key", "split"), [("valid", "val"), ("test", "test")])
def test_an_export_without_train_has_its_split_and_nothing_to_translate(
    tmp_path: Path, key: str, split: str
) -> None:
    """CVAT's obj.data of a subset, and a data.yaml of one split; `val: true` is not a split."""
    cvat(tmp_path / "cvat")
    (tmp_path / "cvat" / "obj.data").write_text(f"{key} = data/Validation.txt\n")
    yolo_lists(tmp_path / "yaml")
    (tmp_path / "yaml" / "args.yaml").write_text("val: true\n")
    (tmp_path / "yaml" / "data.yaml").write_text(f"{key}: val.txt\nnames: [thing]\n")
    for root, names in ((tmp_path / "cvat", "de"), (tmp_path / "yaml", labelled.VAL)):
        dataset = dataset_format("yolo").read(root)
        inside = {item.image.stem for item in dataset.items if item.splits == {split}}
        assert inside == {*names} == {item.image.stem for item in dataset.items if item.splits}
        assert [item.image.stem for item in choose(dataset, [split])] == sorted(names)
        with pytest.raises(ValueError, match=f"no images in train; this dataset has {split}"):
            choose(dataset, ["train"])


UNREADABLE = {
    "a tab": b"train: train.txt\n\tval: val.txt\n",
    "Latin-1": "train: train.txt\nval: val.txt\nnames: [café]\n".encode("latin-1"),
    "Windows' paths in double quotes": b'train: "C:\\yolo\\train.txt"\nval: "C:\\yolo\\val.txt"\n',
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_description_is_skipped_or_rejected(tmp_path: Path, kind: str) -> None:
    yolo_lists(tmp_path)
    expected = [item.splits for item in dataset_format("yolo").read(tmp_path).items]
    (tmp_path / "best.onnx.data").write_bytes(bytes(range(256)))
    (tmp_path / "config.yaml").write_bytes(UNREADABLE[kind])
    dataset = dataset_format("yolo").read(tmp_path)
    assert [item.splits for item in dataset.items] == expected
    assert [name for name, _ in remarks(dataset)] == ["config.yaml"]
    (tmp_path / "data.yaml").unlink()
    with pytest.raises(
        ValueError, match=r"config\.yaml: cannot be read: .*: correct it, or move it"
    ):
        dataset_format("yolo").read(tmp_path)
    (tmp_path / "config.yaml").unlink()
    assert not dataset_format("yolo").read(tmp_path).remarks


@pytest.mark.parametrize("names", [("train", "valid"), ("autosplit_train", "autosplit_val")])
def test_lists_without_a_description_are_splits_by_their_names(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for name in "abc":
        labelled.save(labelled.photo("coffee"), tmp_path / "images" / f"{name}.jpg")
    (tmp_path / f"{names[0]}.txt").write_text("./images/a.jpg\n")
    (tmp_path / f"{names[1]}.txt").write_text("./images/b.jpg\n")
    items = dataset_format("yolo").read(tmp_path).items
    assert [item.splits for item in items] == [{"train"}, {"val"}, set()]


@pytest.mark.parametrize(("place", "text"), [
    ("cfg/obj.data", "train = data/train.txt\nvalid = data/val.txt\n"),
    ("cfg/my.yaml", "path: ../datasets/x\ntrain: data/train.txt\nval: data/val.txt\n"),
])  # fmt: skip
def test_a_description_in_a_separate_folder_names_paths_below_the_root(
    tmp_path: Path, place: str, text: str
) -> None:
    for split, name in (("train", "a"), ("val", "b")):
        labelled.save(labelled.photo("coffee"), tmp_path / "data" / "obj" / f"{name}.jpg")
        (tmp_path / "data" / "obj" / f"{name}.txt").write_text("")
        (tmp_path / "data" / f"{split}.txt").write_text(f"data/obj/{name}.jpg\n")
    (tmp_path / "cfg").mkdir()
    (tmp_path / place).write_text(text)
    items = dataset_format("yolo").read(tmp_path).items
    assert [item.splits for item in items] == [{"train"}, {"val"}]


def test_descriptions_of_several_folders_are_all_followed(tmp_path: Path) -> None:
    """Two tasks of CVAT with equal image names; a list names the images next to it."""
    for task in ("one", "two"):
        cvat(tmp_path / "in" / task)
    (tmp_path / "in" / "two" / "old").mkdir()
    (tmp_path / "in" / "two" / "old" / "data.yaml").write_text("train: ../obj_Validation_data\n")
    dataset = doubled(tmp_path / "in", tmp_path / "out", "yolo")
    assert not dataset.remarks
    assert {item.image.as_posix(): item.splits for item in dataset.items} == {
        f"{task}/obj_{kind}_data/{name}.jpg": {split}
        for task in ("one", "two")
        for kind, split, names in (("Train", "train", "abc"), ("Validation", "val", "de"))
        for name in names
    }
    for task in ("one", "two"):
        listed = (tmp_path / "out" / task / "Train.txt").read_text().splitlines()
        assert listed == [
            f"data/obj_Train_data/{name}.jpg" for name in ("a", "a+", "b", "b+", "c", "c+")
        ]


def test_images_next_to_their_labels_are_found_as_well_as_those_in_images(tmp_path: Path) -> None:
    """Two layouts in one tree; an image next to no label is not part of the dataset."""
    labelled.write_yolo(tmp_path)
    labelled.save(labelled.photo("coffee"), tmp_path / "more" / "train" / "x.jpg")
    (tmp_path / "more" / "train" / "x.txt").write_text("0 0.5 0.5 0.4 0.5\n")
    labelled.save(labelled.photo("coffee"), tmp_path / "logo.png")
    (tmp_path / "data.yaml").write_text("train: [images/train, more/train]\nval: images/val\n")
    dataset = dataset_format("yolo").read(tmp_path)
    names = {item.image.stem for item in dataset.items if item.splits == {"train"}}
    assert names == {*labelled.TRAIN, "x"}
    assert all(item.boxes for item in dataset.items)
    assert Path("logo.png") in dataset.others


@pytest.mark.parametrize("relative", [True, False])
def test_lists_are_read_below_any_spelling_of_the_root(
    tmp_path: Path, relative: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    yolo_lists(tmp_path / "in")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path / "in")
    for root in (Path(), Path("../in"), Path("../link")) if relative else (tmp_path / "link",):
        lines = [f"{tmp_path}/in/images/train/{name}.jpg" for name in labelled.TRAIN]
        (tmp_path / "in" / "train.txt").write_text("\n".join(lines))
        dataset = dataset_format("yolo").read(root)
        assert not dataset.remarks
        assert sum("train" in item.splits for item in dataset.items) == len(labelled.TRAIN)


def test_a_stem_with_a_number_is_complete_in_lists_of_splits(tmp_path: Path) -> None:
    sets = voc_lists(tmp_path / "in")
    with (sets / "Main" / "train.txt").open("a") as file:
        file.write("\nscene 2\n")
    (sets / "Main" / "thing_train.txt").write_text(f"{labelled.TRAIN[0]} 1\nscene 2 -1\n")
    (remark,) = dataset_format("voc").read(tmp_path / "in").remarks
    assert remark.source == sets / "Main" / "train.txt"
    assert remark.reason.endswith(f"names scene 2, {GHOST}")


LISTS = {
    "yolo": ("train.txt", "./images/train/{}.jpg"),
    "voc": ("VOCdevkit/VOC2012/ImageSets/Main/train.txt", "{}"),
    "kitti": ("Kitti/raw/ImageSets/train.txt", "{}"),
}


@pytest.mark.parametrize("format", LISTS)
@pytest.mark.parametrize("gone", [False, True])
def test_a_byte_order_mark_is_kept_at_the_beginning_of_a_list(
    tmp_path: Path, format: str, gone: bool
) -> None:
    """Also if the first line's image gets a translation, or is removed."""
    root, (place, line) = tmp_path / "in", LISTS[format]
    labelled.WRITERS[format](root)
    names = ["coffee", "astronaut"]
    text = "\r\n".join(map(line.format, names))
    (root / place).write_text(text, encoding="utf-8-sig", newline="")
    dataset = dataset_format(format).read(root)
    outputs = {
        item.image: (item.image, item.image.with_stem(f"{item.image.stem}+"))
        if not gone
        else (item.image,) * (item.image.stem != "coffee")
        for item in dataset.items
    }
    output(dataset, outputs, tmp_path / "out", format)
    expected = names[1:] if gone else ["coffee", "coffee+", "astronaut", "astronaut+"]
    assert (tmp_path / "out" / place).read_bytes().decode() == (
        "\ufeff" + "\r\n".join(map(line.format, expected))
    )
