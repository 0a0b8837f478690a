"""An ONNX network as layers of PyTorch: the maps are those of the ONNX runtime, and a detector learns on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import querist
from querist.errors import BadInput, MissingExtra
from querist.learners import _extra
from querist.learners.detector import Detector
from querist.study import Study
from querist.tasks.boxes import Boxes

torch = pytest.importorskip("torch", reason="needs the extra torch")
onnx = pytest.importorskip("onnx", reason="needs the extra image")
runtime = pytest.importorskip("onnxruntime", reason="needs the extra image")

SIDE = 64
MODELS = Path("../shared/data/models")


def file_of(folder, nodes, weights, side=SIDE, *, channels=3, opset=14):
    """Write a network for images of 64 × 64 whose last node gives "out"."""
    graph = onnx.helper.make_graph(
        nodes, "drawn",
        [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["N", channels, side, side])],
        [onnx.helper.make_empty_tensor_value_info("out")],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=9)
    path = folder / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return str(path)


def node(operator, reads, gives, **settings):
    return onnx.helper.make_node(operator, reads, [gives], **settings)


@pytest.fixture
def mixed(tmp_path):
    """A network with every operator that is known, down to cells of 16 pixels, and a classifier behind."""
    draw = np.random.default_rng(0).normal
    nodes = [
        node("DequantizeLinear", ["w0_q", "w0_s", "w0_z"], "w0"),
        node("Conv", ["image", "w0", "b0"], "a", strides=[2, 2], pads=[0, 0, 1, 1]),
        node("BatchNormalization", ["a", "s", "b0", "m", "v"], "b"),
        node("HardSwish", ["b"], "c"),
        node("Conv", ["c", "w1"], "d", strides=[2, 2], auto_pad="SAME_UPPER", group=4),
        node("Clip", ["d", "low", "high"], "e"),
        node("GlobalAveragePool", ["e"], "f"),
        node("HardSigmoid", ["f"], "g"),
        node("Mul", ["e", "g"], "h"),
        node("ReduceMean", ["h"], "h1", axes=[2, 3]),
        node("Mul", ["h", "h1"], "h2"),
        node("LeakyRelu", ["h2"], "h3", alpha=0.1),
        node("Concat", ["h", "h3"], "h4", axis=1),
        node("MaxPool", ["h4"], "i", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 0, 0], ceil_mode=1),
        node("Conv", ["i", "w2"], "j", auto_pad="SAME_LOWER", strides=[2, 2]),
        node("Sigmoid", ["j"], "k"),
        node("Add", ["j", "k"], "l"),
        node("Relu", ["l"], "m1"),
        node("Identity", ["m1"], "last"),
        node("Flatten", ["last"], "flat"),
        node("ReduceSum", ["flat"], "out"),
    ]
    weights = {
        "w0_q": np.random.default_rng(1).integers(0, 255, (4, 3, 3, 3)).astype(np.uint8),
        **{"w0_s": np.float32(0.01), "w0_z": np.uint8(128)},
        **{"b0": draw(size=4), "s": draw(size=4), "m": draw(size=4), "v": np.exp(draw(size=4))},
        **{"w1": draw(size=(4, 1, 3, 3)), "w2": draw(size=(6, 8, 4, 4)), "low": -1.0, "high": 4.0},
    }
    typed = {name: np.asarray(v) if name.startswith("w0") else np.float32(v) for name, v in weights.items()}
    return file_of(tmp_path, nodes, typed)


def maps_of_the_runtime(path, names, images):
    model = onnx.load(path)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(list(names), {"image": images})


def test_maps_are_those_of_the_onnx_runtime(mixed):
    from querist.learners._backbone import Backbone

    backbone = Backbone(mixed)
    assert (backbone.strides, backbone.taps, backbone.widths) == ((2, 4, 8, 16), ("c", "h4", "i", "last"), (4, 8, 8, 6))
    images = np.random.default_rng(2).normal(size=(2, 3, SIDE, SIDE)).astype(np.float32)
    for wanted, got in zip(
        maps_of_the_runtime(mixed, backbone.taps, images), backbone(torch.from_numpy(images)), strict=True
    ):
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-4, atol=1e-5)
    assert not list(backbone.parameters()), "no weight of it is trained"


def test_maps_of_a_real_network_are_those_of_the_onnx_runtime():
    from querist.learners._backbone import Backbone

    path = MODELS / "mobilenet_v1_0.25_128.onnx"
    if not path.is_file():
        pytest.skip("needs ../shared/data/models")
    backbone = Backbone(str(path))
    assert (backbone.strides, backbone.widths) == ((2, 4, 8, 16, 32), (16, 32, 64, 128, 256))
    images = np.random.default_rng(3).normal(size=(1, 3, 128, 128)).astype(np.float32)
    found = backbone(torch.from_numpy(images))
    for wanted, got in zip(maps_of_the_runtime(str(path), backbone.taps, images), found, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [(96, 64), (90, 50)])
def test_the_pyramid_has_a_cell_for_every_four_pixels(mixed, size):
    from querist.learners._backbone import Pyramid

    wide, high = size
    cells, coarsest = Pyramid(mixed, stride=4)(torch.zeros(1, 3, high, wide))
    assert tuple(cells.shape) == (1, 64, -(-high // 4), -(-wide // 4))
    assert tuple(coarsest.shape) == (1, 6, -(-high // 16), -(-wide // 16))


@pytest.fixture
def discs(tmp_path):
    """Twelve pictures with a bright disc each, and their boxes."""
    folder, chance, labels = tmp_path / "discs", np.random.default_rng(0), []
    folder.mkdir()
    rows, columns = np.mgrid[:64, :96]
    for at in range(12):
        x, y = chance.uniform(12, 84), chance.uniform(12, 52)
        picture = chance.normal(110, 8, (64, 96))
        picture[np.hypot(columns + 0.5 - x, rows + 0.5 - y) < 10] += 90
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / f"{at:02}.png")
        labels.append([{"label": "disc", "box": [x - 10, y - 10, 20, 20]}])
    return querist.load(folder).pool.items, Boxes(("disc",)), labels


def test_a_detector_learns_on_the_maps_and_leaves_the_network_as_it_is(mixed, discs):
    items, task, labels = discs
    learner = Detector(size=(96, 64), encoder=mixed, steps=60, epochs=1, held_out=0.0)
    fit = {"classes": 1, "rng": np.random.default_rng(0)}
    model = learner.fit(items[:9], task.encode(labels[:9]), **fit)
    held = items[np.arange(9, 12)]
    found = task.metrics(task.encode(labels[9:]), model.predict(held, {"elements", "places"}))
    assert found["ap50"] > 0.9
    trained, fresh = model.centres.nets[0].trunk.backbone, learner._net(1).trunk.backbone
    assert all(torch.equal(a, b) for a, b in zip(trained.buffers(), fresh.buffers(), strict=True))
    embed = model.predict(held, {"embed"})["embed"]
    assert embed.shape == (3, 64 + 6), "joined maps, and the network's own coarsest map"


def test_repeats_to_the_bit_and_goes_on_from_a_model(mixed, discs):
    items, task, labels = discs
    learner = Detector(size=(96, 64), encoder=mixed, steps=6, epochs=1, warm_start=True, rate=1e-6)

    def state(seed, warm=None):
        rng = np.random.default_rng(seed)
        model = learner.fit(items[:6], task.encode(labels[:6]), classes=1, rng=rng, warm=warm)
        return model, model.centres.nets[0].state_dict()

    (first, begun), (_, again) = state(0), state(0)
    assert all(torch.equal(begun[name], again[name]) for name in begun)
    (_, going), (_, cold) = state(1, first), state(1)
    trained = [name for name, _ in first.centres.nets[0].named_parameters()]
    assert max((going[name] - begun[name]).abs().max() for name in trained) < 1e-4
    assert not all(torch.equal(going[name], begun[name]) for name in trained), "and it learns on"
    assert (cold["hidden.weight"] - begun["hidden.weight"]).abs().max() > 1e-2


def test_reads_limits_and_weights_as_older_networks_have_them(tmp_path):
    from querist.learners._backbone import Backbone

    weights = np.random.default_rng(4).normal(size=(3, 3, 16, 16)).astype(np.float16)
    nodes = [
        node("Clip", ["image"], "a", min=-0.5, max=1.0),
        node("Cast", ["half"], "w", to=onnx.TensorProto.FLOAT),
        node("Conv", ["a", "w"], "out", strides=[16, 16]),
    ]
    path = file_of(tmp_path, nodes, {"half": weights}, opset=9)
    images = np.random.default_rng(5).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    (wanted,) = maps_of_the_runtime(path, ["out"], images)
    np.testing.assert_allclose(Backbone(path)(torch.from_numpy(images))[0].numpy(), wanted, rtol=1e-4, atol=1e-4)
    nodes = [node("Conv", ["image", "half"], "out", strides=[16, 16])]
    half = Backbone(file_of(tmp_path, nodes, {"half": weights}))
    assert half(torch.from_numpy(images))[0].dtype == torch.float32


def test_a_study_finds_the_network_from_any_folder_and_trains_anew_where_it_was_replaced(
    mixed, discs, tmp_path, monkeypatch
):
    _, task, labels = discs
    monkeypatch.chdir(Path(mixed).parent)
    learner = f"detector(size=(96, 64), encoder={Path(mixed).name!r}, steps=2, epochs=1, warm_start=True)"
    with Study.create(tmp_path / "a.querist", tmp_path / "discs", task=task, learner=learner, seed=0) as study:
        for at in range(4):
            study.tell(f"{at:02}.png", labels[at])
        assert study.step().fresh
    monkeypatch.chdir(tmp_path.parent)
    with Study.open(tmp_path / "a.querist") as study:
        assert not study.step().fresh
    model = onnx.load(mixed)
    model.doc_string = "another"
    Path(mixed).write_bytes(model.SerializeToString())
    with Study.open(tmp_path / "a.querist") as study:
        assert study.step().fresh
        assert len(study.store.published().info["line"]) == 1, "it goes on from no model of the other network"
        study.tell("04.png", labels[4])
        study.step()
        assert len(study.store.published().info["line"]) == 2


def test_says_what_is_wrong_with_a_network(tmp_path, discs, monkeypatch):
    items, task, labels = discs
    with pytest.raises(BadInput, match=r"there is no encoder file 'nowhere.onnx': give the path of an .onnx file"):
        Detector(encoder="nowhere.onnx")
    with pytest.raises(BadInput, match="scale must be one of symmetric, unit, imagenet, none: got 'odd'"):
        Detector(scale="odd")

    def fit(path):
        return Detector(size=(96, 64), encoder=path, steps=1).fit(
            items, task.encode(labels), classes=1, rng=np.random.default_rng(0)
        )

    text = tmp_path / "text.onnx"
    text.write_text("no network")
    with pytest.raises(BadInput, match=r"text.onnx is not an ONNX network that can be read: "):
        fit(str(text))
    flat = file_of(tmp_path, [node("Flatten", ["image"], "out")], {})
    with pytest.raises(BadInput, match=r"no maps to find objects on: after cells of 1 pixels Flatten is not known; it"):
        fit(flat)
    halved = {"w": np.ones((3, 3, 2, 2), np.float32)}
    stem = [node("Conv", ["image", "w"], "a", strides=[2, 2]), node("Elu", ["a"], "out")]
    with pytest.raises(BadInput, match=r"after cells of 2 pixels Elu is not known; it must be a network of Add, Batch"):
        fit(file_of(tmp_path, stem, halved))
    with pytest.raises(BadInput, match=r"does not take images N × 3 × height × width of any size: Given groups=1"):
        fit(file_of(tmp_path, stem, {"w": np.ones((3, 1, 2, 2), np.float32)}, channels=1))
    unpadded = [node("Conv", ["image", "w"], "out", strides=[2, 2])]
    with pytest.raises(BadInput, match=r"do not halve the image: cells of 3 pixels; take a network whose convolutions"):
        fit(file_of(tmp_path, unpadded, {"w": np.ones((3, 3, 5, 5), np.float32)}))
    fine = file_of(
        tmp_path,
        [node("Conv", ["image", "w"], "a", strides=[2, 2]), node("Conv", ["a", "v"], "out", strides=[8, 8])],
        {"w": np.ones((3, 3, 2, 2), np.float32), "v": np.ones((3, 3, 8, 8), np.float32)},
    )
    with pytest.raises(BadInput, match=r"network.onnx has no map with cells 4 pixels apart: it has 2, 16"):
        fit(fine)
    monkeypatch.setattr(_extra, "import_module", _refuse)
    with pytest.raises(MissingExtra, match=r"querist\[image\]"):
        fit(fine)


def _refuse(package):
    if package == "onnx":
        raise ImportError(package)
