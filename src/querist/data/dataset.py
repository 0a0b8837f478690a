"""A pool with the labels that came with it: what ``load`` gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from querist.data.pool import Pool
from querist.data.roles import Wish
from querist.errors import BadData
from querist.tasks.protocol import Label


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items and their labels.

    ``labels`` are Python strings or integers, one a row, None where a row is unlabelled; None as a whole when the
    source has no labels. ``skipped`` has a line for each row or file that was left out, and why.
    """

    pool: Pool
    labels: list[Label | None] | None = None
    name: str = ""
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pool)


def load(
    source: Any,
    *,
    text: str | None = None,
    label: Any = None,
    id: Any = None,
    group: Any = None,
    like: Pool | None = None,
    annotations: str | None = None,
    tile: int | None = None,
    show: str | None = None,
) -> Dataset:
    """Read items, and labels if there are any, from anything that holds them.

    ``source`` is an array [N, D], a sparse matrix, a list of texts, a pandas or polars frame, an Arrow table, a list of
    dicts, ``(X, y)``, a file (``querist formats`` lists the endings, also with .gz), a folder with ``train.*`` (its
    ``test.*`` is for ``load_test``) or the images and labels of MNIST, or a built-in set by name (``builtin_names``).
    A folder that Hugging Face's ``datasets`` saved (``save_to_disk``) is read by its Arrow files and class names.
    A folder of DICOM files: ids are their SOPInstanceUIDs, the group is the patient (``group='series'``: the series).
    A folder or .zip of images: the folders in it are the labels, if there are any, or a table beside the images names
    them; the id is the path in the folder, and images are read when they are needed.

    Boxes beside images (a COCO file, a folder of Pascal VOC, YOLO or KITTI files) are labels of the task boxes:
    ``annotations`` names the format where it must be told how to read, such as ``voc(first=1)`` or ``coco(clip=True)``.
    Frames: where images have a column sequence, it is their group; their column frame or time is ``pool.time``, as is
    the last number in their names with ``group='folder'``.

    ``tile`` cuts large images into items of at most so many pixels a side, which do not overlap: micrographs with their
    picks, and slides (a TIFF file or a folder of them, of which nothing else is read). The group is the image.
    ``show`` names tags of DICOM headers, such as ``"PatientName,StudyDate"``, that people shall see of an item, and
    exports hold, beside the few that tell nothing of the patient.

    ``text``, ``label``, ``id`` and ``group`` name columns of a table, or are values where there are no columns. The
    label is by default a column called label, target, class or y if there is one (``label=""``: none), the id one
    called id (``id=""``: none); every id stands once. Numbers become float64 features (missing: the median, and an
    indicator), short texts of few kinds one-hot features; a text column becomes the items, and then nothing else is a
    feature. ``like`` is a pool whose encoding new rows shall have. What was decided is told in
    ``pool.about["notes"]``.

    Ids are the user's own, else a digest of the content with an occurrence number: reordering rows keeps them.

    Raises BadData. Cost O(N·D).

    >>> data = load([{"age": 30, "colour": "red"}, {"age": 50, "colour": "red"}, {"age": None, "colour": "blue"}])
    >>> data.pool.items.tolist()
    [[30.0, 0.0, 0.0, 1.0], [50.0, 0.0, 0.0, 1.0], [40.0, 1.0, 1.0, 0.0]]
    >>> load("iris").labels[0]
    'setosa'
    """
    from querist.data.sources import read

    wish = Wish(text, label, id, group, like, annotations, tile, show)
    return _dataset(read(source, wish), wish)


def load_test(
    source: Any,
    *,
    like: Pool,
    text: str | None = None,
    label: Any = None,
    id: Any = None,
    group: Any = None,
    annotations: str | None = None,
) -> Dataset | None:
    """Read the test part of a source, encoded like the pool of its training part; None when it has no test part.

    A folder with ``test.*`` or ``t10k-images-idx3-ubyte`` has one, one with the folders ``train`` and ``test`` or
    ``…_test.zip``, and an npz with ``X_test`` or ``test_images``. The names of columns are by default those of the
    pool. Raises BadData. Cost O(N·D).
    """
    from querist.data.sources import read_test

    wish = Wish(text, label, id, group, like, annotations)
    found = read_test(source, wish)
    return None if found is None else _dataset(found, wish)


def _dataset(source: Any, wish: Wish) -> Dataset:
    from querist.data.folders import Found
    from querist.data.micrographs import Folder
    from querist.data.radiology import Folder as Scans
    from querist.data.tiff import Slides, slide_tiles
    from querist.formats.protocol import Arrays

    if wish.tile is not None and not isinstance(source.content, Folder | Slides):
        raise BadData(f"tile cuts micrographs and slides (MRC and TIFF files): {source.name!r} holds neither")
    if wish.show is not None and not isinstance(source.content, Scans):
        raise BadData(f"show names tags of DICOM headers: {source.name!r} holds no DICOM files")
    if isinstance(source.content, Slides):
        (pool, skipped), labels = slide_tiles(source.content.path, side=wish.tile or 512), None
    elif isinstance(source.content, Scans):
        from querist.data.radiology import pool_of as pool_of_scans

        pool, labels, skipped = pool_of_scans(source.content, wish)
    elif isinstance(source.content, Folder):
        from querist.data.micrographs import pool_of as pool_of_micrographs
        from querist.data.patches import tiles

        pool, labels, skipped = pool_of_micrographs(source.content, wish.label)
        if wish.tile is not None:
            pool, labels = tiles(pool, labels, wish.tile)
    elif isinstance(source.content, Found):
        from querist.data.pictures import pool_of as pool_of_images

        pool, labels, skipped = pool_of_images(source.content, wish)
    elif isinstance(source.content, Arrays):
        from querist.data.arrays import pool_of as pool_of_arrays

        arrays = source.content if source.labels is None else replace(source.content, labels=source.labels)
        pool, labels, skipped = pool_of_arrays(arrays, wish)
    else:
        from querist.data.tables import pool_of

        pool, labels, skipped = pool_of(source.content, wish, source.labels)
    if wish.like is not None:
        pool = _alike(pool, wish.like)
    return Dataset(pool, labels, source.name, skipped)


def _alike(pool: Pool, like: Pool) -> Pool:
    if pool.kind != like.kind:
        raise BadData(f"the rows are {_what(pool)}, those of the pool {_what(like)}: give the same kind of items")
    if pool.kind != "record":
        return pool
    if pool.items.shape[1] != like.items.shape[1]:
        raise BadData(
            f"the rows have {pool.items.shape[1]} features, the pool has {like.items.shape[1]}: give the same"
        )
    if pool.about.get("columns") != like.about.get("columns"):
        raise BadData("the pool was read from arrays and the rows from a table, or the other way round: give one kind")
    return pool


def _what(pool: Pool) -> str:
    return {"text": "texts", "image": "images", "record": "records"}[pool.kind]
