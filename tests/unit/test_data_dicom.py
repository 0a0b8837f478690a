"""DICOM: pixels as a person reads them, ids and groups that tell nothing of the patient, faulty files named."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from querist.cli.simulate import read_data
from querist.data import load
from querist.data.blocks import dump, parse
from querist.data.dicom import shown
from querist.errors import BadData
from querist.study import Study

pydicom = pytest.importorskip("pydicom")

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "data" / "medical_dicom_samples"
NAME, PATIENT = "Doe^Jane", "MRN0815"


@pytest.fixture
def samples():
    if not SAMPLES.exists():
        pytest.skip("the shared data are not there: medical_dicom_samples")
    return SAMPLES


def scan(path, pixels, uid="1.2.3.4", patient=PATIENT, series="1.2.3", **tags):
    """Write a file of grey values, 16 bits a pixel; several frames where the array has three axes."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    found = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    frames, (rows, columns) = (pixels.shape[0] if pixels.ndim == 3 else 1), pixels.shape[-2:]
    known = {
        "PatientName": NAME, "PatientID": patient, "SOPInstanceUID": uid, "SeriesInstanceUID": series,
        "InstitutionName": "St Elsewhere", "StudyDate": "20260101", "Modality": "CT", "Rows": rows, "Columns": columns,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 16,
        "HighBit": 15, "PixelRepresentation": int(pixels.dtype == np.int16), "PixelData": pixels.tobytes(),
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
    }  # fmt: skip
    for tag, value in {**known, **({"NumberOfFrames": frames} if frames > 1 else {}), **tags}.items():
        setattr(found, tag, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save_as(path, enforce_file_format=True)
    return path


RAMP = np.arange(0, 4096, 64, dtype=np.int16).reshape(8, 8)


def grey(place):
    pool = load(place).pool
    return np.asarray(pool.items.upright(0)).astype(int)


def test_without_a_window_the_range_is_spread(tmp_path):
    scan(tmp_path / "a.dcm", RAMP)
    expected = np.round(255.0 * (RAMP - RAMP.min()) / (RAMP.max() - RAMP.min()))
    assert np.array_equal(grey(tmp_path), expected)


def test_rescale_and_window_as_the_standard_has_them(tmp_path):
    scan(
        tmp_path / "a.dcm", RAMP, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=[40, 300], WindowWidth=[400, 900]
    )
    units = 2.0 * RAMP - 1024
    expected = np.round(255 * np.clip((units - (40 - 0.5)) / (400 - 1) + 0.5, 0, 1))
    assert np.array_equal(grey(tmp_path), expected)
    pool = load(tmp_path).pool
    assert np.array_equal(pool.items.values(0), units)


@pytest.mark.parametrize("kind", ["LINEAR_EXACT", "SIGMOID"])
def test_other_windows(tmp_path, kind):
    scan(tmp_path / "a.dcm", RAMP, WindowCenter=1500, WindowWidth=800, VOILUTFunction=kind)
    exact = np.clip((RAMP - 1500.0) / 800 + 0.5, 0, 1)
    expected = exact if kind == "LINEAR_EXACT" else 1 / (1 + np.exp(-4 * (RAMP - 1500.0) / 800))
    assert np.abs(grey(tmp_path) - 255 * expected).max() <= 0.5 + 1e-9


def test_monochrome1_is_turned_and_padding_is_no_range(tmp_path):
    scan(tmp_path / "a" / "a.dcm", RAMP, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(grey(tmp_path / "a"), np.round(255 * (1 - RAMP / RAMP.max())))
    padded = RAMP.copy()
    padded[0, 0] = -2000
    scan(tmp_path / "b" / "b.dcm", padded, PixelPaddingValue=-2000)
    assert grey(tmp_path / "b")[0, 1] == 0


def test_frames_are_items_and_are_read_one_by_one(tmp_path):
    frames = np.stack([RAMP, RAMP.T, RAMP[::-1]])
    scan(tmp_path / "a.dcm", frames, InstanceNumber=4)
    data = load(tmp_path, group="series")
    assert data.pool.ids == ("1.2.3.4#0", "1.2.3.4#1", "1.2.3.4#2")
    assert data.pool.time.tolist() == [0, 1, 2]
    expected = np.round(255.0 * frames / frames.max())
    found = [np.asarray(data.pool.items.upright(row)) for row in range(3)]
    assert np.array_equal(found, expected)
    assert data.pool.picture("1.2.3.4#1").media_type == "image/png"
    assert data.pool.items.pixels(4, 4).shape == (3, 4, 4, 3)
    again = parse([dump(data.pool)])
    assert np.array_equal(np.asarray(again.items.upright(2)), expected[2])


def test_nothing_of_the_patient_comes_out(tmp_path, caplog):
    folder = tmp_path / "DOE_JANE_1970"
    scan(folder / "visit" / "IM1.dcm", RAMP, uid="1.2.3.1")
    scan(folder / "visit" / "IM2.dcm", RAMP, uid="1.2.3.2", PatientComments=NAME)
    (folder / "visit" / "IM3.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"nonsense")
    with caplog.at_level("DEBUG"):
        data = load(tmp_path)
    with Study.create(None, data, labels=["yes", "no"], learner=Blind(), strategy="random") as study:
        study.tell("1.2.3.1", "yes")
        rows = [json.dumps([row.id, dict(row.data)]) for row in study.rows(everything=True)]
    told = [
        *rows,
        *data.skipped,
        *data.pool.about["notes"],
        json.dumps(dict(data.pool.about)),
        caplog.text,
        *data.pool.ids,
    ]
    (folder / "visit" / "IM1.dcm").write_bytes((folder / "visit" / "IM2.dcm").read_bytes())
    with pytest.raises(BadData, match=r"'IM1.dcm' has changed since it was read") as caught:
        data.pool.items.upright(0)
    for text in (*told, str(caught.value)):
        for secret in (NAME, "Doe", "DOE", PATIENT, "Elsewhere", "20260101"):
            assert secret not in text
    assert data.skipped[0].startswith("IM3.dcm: ")


def test_groups_are_patients_or_series_and_cannot_be_looked_up(tmp_path):
    for at, (patient, series) in enumerate([("p1", "1.1"), ("p1", "1.2"), ("p2", "1.3"), (None, "1.3"), (None, "1.3")]):
        scan(tmp_path / f"{at}.dcm", RAMP, uid=f"1.2.{at}", patient=patient or "", series=series)
    pool = load(tmp_path).pool
    group = dict(zip(pool.ids, pool.group.tolist(), strict=True))
    assert group["1.2.0"] == group["1.2.1"] != group["1.2.2"]
    assert group["1.2.3"] == group["1.2.4"] != group["1.2.2"]
    assert np.array_equal(load(tmp_path).pool.group, pool.group)
    series = load(tmp_path, group="series").pool
    assert len(set(series.group.tolist())) == 3
    scan(tmp_path / "more" / "x.dcm", RAMP, uid="9.9", patient="p1")
    assert load(tmp_path / "more", like=pool).pool.group[0] == group["1.2.0"]
    assert load(tmp_path / "more").pool.group[0] != group["1.2.0"]  # another salt
    with pytest.raises(BadData, match="group must be 'patient' or 'series' for DICOM files: got 'ward'"):
        load(tmp_path, group="ward")


def test_ids_may_be_keyed_digests(tmp_path, monkeypatch):
    scan(tmp_path / "a.dcm", RAMP)
    monkeypatch.delenv("QUERIST_KEY", raising=False)
    with pytest.raises(BadData, match="id='digest' needs a secret in the environment variable QUERIST_KEY"):
        load(tmp_path, id="digest")
    found = []
    for key in ("one", "one", "two"):
        monkeypatch.setenv("QUERIST_KEY", key)
        found.append(load(tmp_path, id="digest").pool.ids[0])
    assert found[0] == found[1] != found[2]
    assert "1.2.3.4" not in found[0]
    with pytest.raises(BadData, match="id must be 'SOPInstanceUID' or 'digest' for DICOM files: got 'PatientID'"):
        load(tmp_path, id="PatientID")


def test_text_in_the_pixels_is_warned_of(tmp_path):
    scan(tmp_path / "a.dcm", RAMP, uid="1.1", BurnedInAnnotation="YES")
    scan(tmp_path / "b.dcm", RAMP, uid="1.2", Modality="US")
    scan(tmp_path / "c.dcm", RAMP, uid="1.3")
    notes = load(tmp_path).pool.about["notes"]
    assert "warning: 1 images say that text is burnt into their pixels: it may name the patient" in notes
    assert any(note.startswith("warning: 1 images do not say whether text is burnt into") for note in notes)


def test_labels_of_a_table_by_uid(tmp_path):
    scan(tmp_path / "a.dcm", RAMP, uid="1.2.3.10")
    scan(tmp_path / "b.dcm", np.stack([RAMP, RAMP.T]), uid="1.2.3.20")
    (tmp_path / "labels.csv").write_text("SOPInstanceUID,label\n1.2.3.10,normal\n1.2.3.20,pneumonia\n")
    data = load(tmp_path)
    labels = dict(zip(data.pool.ids, data.labels, strict=True))
    assert labels == {"1.2.3.10": "normal", "1.2.3.20#0": "pneumonia", "1.2.3.20#1": "pneumonia"}
    assert "the column 'label' of labels.csv is the label" in data.pool.about["notes"]


def test_one_file_may_be_named(tmp_path):
    path = scan(tmp_path / "IM0001", np.stack([RAMP, RAMP.T]))
    assert load(path).pool.ids == ("1.2.3.4#0", "1.2.3.4#1")


def test_a_folder_of_faulty_files_says_so(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    with pytest.raises(BadData, match=r"none of the 1 DICOM files can be read: a.dcm: the header of 'a.dcm' cannot"):
        load(tmp_path)


def test_every_sample_is_read_or_named(samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load(samples)
    reasons = dict(line.split(": ", 1) for line in data.skipped)
    assert reasons.pop("MR_truncated.dcm") == "it is cut short: it has fewer pixels than its header says"
    assert reasons.pop("badVR.dcm") == "its header holds a text where a number belongs"
    assert reasons.pop("nested_priv_SQ.dcm") == "its header does not say how its pixels are stored"
    assert reasons.pop("JPGExtended.dcm").startswith(
        "no installed decoder reads its compression (JPEG Extended (Process 2 and 4))"
    )
    for name in ("UN_sequence", "no_meta_group_length", "reportsi", "rtplan", "test-SR", "waveform_ecg"):
        assert reasons.pop(f"{name}.dcm") == "it has no pixel data"
    assert all("is that of another file" in reason for reason in reasons.values())
    assert all(name.startswith("MR_small") for name in reasons)
    assert len(data) == 63
    images = [data.pool.items.upright(row) for row in range(len(data))]
    assert [image.size for image in images] == [tuple(size) for size in data.pool.items.sizes.tolist()]
    assert {image.mode for image in images} == {"L", "RGB"}


def test_every_compression_gives_the_pixels_of_the_plain_file(samples, tmp_path):
    plain = load(samples / "MR_small.dcm").pool.items.values(0)
    for name in ("RLE", "bigendian", "implicit", "jp2klossless", "jpeg_ls_lossless", "padded"):
        found = load(samples / f"MR_small_{name}.dcm").pool
        assert np.array_equal(found.items.values(0), plain), name
    assert len(load(samples / "image_dfl.dcm")) == 1  # deflated


def test_names_in_messages_are_the_last_part():
    assert shown("DOE_JANE/a/IM1.dcm#3") == "IM1.dcm#3"


class Blind:
    """A learner that says nothing of any image: enough to open a study."""

    provides = frozenset({"embed"})
    eats = "raw"

    def fit(self, items, targets, **rest):
        return self

    def predict(self, items, needs):
        return {"embed": np.zeros((len(items), 1))}


def test_a_simulation_that_shows_tags_has_its_test_part_all_the_same(tmp_path):
    for number, part in enumerate(("train", "test")):
        scan(tmp_path / f"{part}.dcm", np.stack([RAMP, RAMP.T]), uid=f"1.2.3.{number}")
    for given in ({}, {"show": "StudyDate"}):
        (found,), test = read_data([str(tmp_path)], None, given)
        assert len(found) == len(test) == 2
        assert [set(row) for row in test.pool.records] == [set(row) for row in found.pool.records]
        assert ("StudyDate" in test.pool.records[0]) == bool(given)


def test_tags_that_were_asked_for_are_shown_and_no_others(tmp_path):
    scan(tmp_path / "one" / "a.dcm", RAMP)
    scan(tmp_path / "two" / "b.dcm", np.stack([RAMP, RAMP.T]), uid="1.2.3.5")
    plain, data = load(tmp_path / "one"), load(tmp_path / "one", show="PatientName, StudyDate")
    assert dict(plain.pool.records[0]) == {"Modality": "CT"}
    assert dict(data.pool.records[0]) == {"Modality": "CT", "PatientName": NAME, "StudyDate": "20260101"}
    assert data.pool.ids == plain.pool.ids
    note = "1 DICOM images; their PatientName, StudyDate is shown and exported, as was asked for"
    assert data.pool.about["notes"][0] == note
    grown = load(tmp_path / "two", like=parse([dump(data.pool)])).pool  # what joins the pool is shown alike
    assert [row["PatientName"] for row in grown.records] == [NAME, NAME]
    with pytest.raises(
        BadData, match="show: no tag of DICOM headers is called 'PatientNam': did you mean 'PatientName'"
    ):
        load(tmp_path / "one", show="PatientNam")
    with pytest.raises(BadData, match="show names tags of DICOM headers: 'iris' holds no DICOM files"):
        load("iris", show="PatientName")
