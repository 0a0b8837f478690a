"""Photograph every screen of the labelling app, light and dark, into docs/screens.

Run: python -m tests.e2e.screens [NAME …]        or: make screens
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

sys.path.insert(0, str(Path(__file__).parent))

import screens_map
import screens_review
from app_data import MOODS, PEOPLE, PLACES, mood_of, write_reviews, write_sentences
from app_flow import wait_for_suggestion
from app_page import Person, Scheme, open_browser
from app_server import AppServer, querist
from screens_hand import candidates, phone

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OUT = Path(__file__).parents[2] / "docs" / "screens"
SHARED = Path(__file__).parents[3] / "shared" / "data"
SMEARS, MICROGRAPHS = SHARED / "medical_bccd", SHARED / "cryoem_bgal_10017"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
GUIDELINES = """# Which mood
- **good**: the guest would come again
- **bad**: the guest would not
- **mixed**: neither, or one thing good and another bad

Irony counts as what is meant. When two moods are equally strong, press `U`."""
CELLS = ("benign", "malignant", "artefact")
TOPICS = ("food", "staff", "room", "music", "price")

Take = Callable[[Person], None]


def main(wanted: list[str]) -> None:
    """Take the pictures whose names are wanted, or all."""
    OUT.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for scene in (*SCENES, *screens_review.SCENES, *screens_map.SCENES):
            with tempfile.TemporaryDirectory() as folder:
                scene(Camera(browser, wanted), Path(folder))


class Camera:
    """Takes pictures of a person's window in both schemes."""

    def __init__(self, browser: Browser, wanted: list[str]) -> None:
        self.browser, self.wanted = browser, wanted

    def wants(self, *names: str) -> bool:
        return not self.wanted or any(name in self.wanted for name in names)

    def take(self, server: AppServer, name: str, hash: str, pose: Take, **options: object) -> None:
        """Open a screen, bring it into a pose, take its picture; light, then dark."""
        if not self.wants(name):
            return
        for scheme in SCHEMES:
            if server.arguments[0] != "--root":
                server.url = querist(server.folder, "label", server.arguments[0], "--url", "--who", "ann").strip()
            elif scheme == "dark":
                server.stop()
                server.start()
            person = Person(self.browser, server, scheme, device_scale_factor=2, **options).open(hash)
            pose(person)
            person.page.wait_for_timeout(400)
            path = OUT / f"{name}-{scheme}.png"
            person.page.screenshot(path=path, full_page=hash == "#/status" or hash == "#/new")
            shrink(path)
            person.context.close()
            print(f"docs/screens/{name}-{scheme}.png", flush=True)


def shrink(path: Path) -> None:
    """Store a picture of few colours with a palette: half the bytes, the same to the eye."""
    picture = Image.open(path).convert("RGB")
    if "image" not in path.name or "particles" in path.name:
        picture = picture.quantize(128 if "particles" in path.name else 256, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[AppServer]:
    server = AppServer(folder, arguments).start()
    try:
        yield server
    except Exception:
        print(server.log, file=sys.stderr)
        raise
    finally:
        server.stop()


def answered(person: Person, n: int, respond: Callable[[Person], None]) -> None:
    """Answer n items, then wait for the model that learns from them and for an item that it has a suggestion for."""
    person.wait_for_item()
    for _ in range(n):
        before = str(person.page.get_attribute(".stage", "data-item"))
        respond(person)
        person.wait_for_next(before)
    ready = "() => /model v([2-9]|\\d\\d), .*ago/.test(document.querySelector('.facts')?.textContent)"
    person.page.wait_for_function(ready, timeout=240_000)
    person.page.wait_for_timeout(800)


def labelled(camera: Camera, server: AppServer, n: int, respond: Callable[[Person], None]) -> None:
    """Let a person label for a while before the pictures."""
    person = Person(camera.browser, server).open()
    answered(person, n, respond)
    person.wait_until_sent()
    # Leaving the page gives its items back: the pictures then show what the last model chose.
    person.page.goto("about:blank")
    person.context.close()


def on_item(person: Person) -> None:
    """Go to an item that the model has a suggestion for."""
    person.wait_for_item()
    wait_for_suggestion(person)


def by_mood(person: Person) -> None:
    person.press(str(list(MOODS).index(mood_of(person.text)) + 1))


def pressed(*keys: str, wait: str = "body") -> Take:
    """Bring the labelling screen into a pose by keys."""

    def pose(person: Person) -> None:
        on_item(person)
        for key in keys:
            person.press(key)
        person.page.wait_for_selector(wait)

    return pose


def texts(camera: Camera, folder: Path) -> None:
    names = ("label-text", "why", "guidelines", "help", "comment", "hidden", "offline", "status", "narrow", "elsewhere")
    if not camera.wants(*names):
        return
    write_reviews(folder / "reviews.csv", 240)
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "12")
    with served(folder, "reviews.querist") as server:
        labelled(camera, server, 30, by_mood)
        camera.take(server, "label-text", "#/", pressed())
        camera.take(server, "why", "#/", pressed("w", wait=".aside .pairs"))
        camera.take(server, "guidelines", "#/", _with_guidelines)
        camera.take(server, "help", "#/", pressed("?", wait=".help"))
        camera.take(server, "comment", "#/", _with_comment)
        camera.take(server, "hidden", "#/", pressed("h"))
        camera.take(server, "narrow", "#/", pressed(), viewport={"width": 390, "height": 780})
        camera.take(server, "status", "#/status", lambda person: person.page.wait_for_selector(".exchange"))
        camera.take(server, "offline", "#/", _offline)


def _with_guidelines(person: Person) -> None:
    on_item(person)
    person.press("g")
    person.page.wait_for_selector(".aside")
    person.page.wait_for_timeout(300)
    write = person.page.get_by_role("button", name="Write guidelines")
    if write.is_visible():
        write.click()
        person.page.locator(".editor textarea").fill(GUIDELINES)
        person.page.get_by_role("button", name="Save").click()
    person.page.wait_for_selector(".aside strong")


def _with_comment(person: Person) -> None:
    on_item(person)
    person.press("f")
    person.press("c")
    person.page.locator(".comment input").fill("two dishes, two moods")


def _offline(person: Person) -> None:
    on_item(person)
    person.context.set_offline(True)
    for _ in range(3):
        by_mood(person)
        person.page.wait_for_timeout(120)
    person.page.get_by_text("The server cannot be reached").wait_for()


def images(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-image"):
        return
    write_cells(folder / "cells")
    querist(folder, "new", "cells.querist", "cells", "--labels", ",".join(CELLS), "--batch", "12")
    with served(folder, "cells.querist") as server:
        labelled(camera, server, 24, _by_cell)
        camera.take(server, "label-image", "#/", _on_image)


def _by_cell(person: Person) -> None:
    number = int(Path(str(person.page.get_attribute(".stage", "data-item"))).stem)
    person.press(str(number % 3 + 1))


def _on_image(person: Person) -> None:
    on_item(person)
    person.page.wait_for_function("() => [...document.querySelectorAll('.stage img')].every((image) => image.complete)")


def write_cells(folder: Path, n: int = 90) -> None:
    """Draw what looks like stained cells: round ones, crowded ones, and scratches."""
    folder.mkdir()
    for number in range(n):
        draw = random.Random(number)
        image = Image.new("RGB", (560, 560), (226, 214, 224))
        for _ in range((7, 16, 4)[number % 3]):
            _draw_cell(image, draw, number % 3)
        image = image.filter(ImageFilter.GaussianBlur(1.6))
        grain = Image.effect_noise(image.size, 14).convert("RGB")
        Image.blend(image, grain, 0.09).save(folder / f"{number:03d}.png")


def _draw_cell(image: Image.Image, draw: random.Random, kind: int) -> None:
    pen = ImageDraw.Draw(image)
    x, y, r = draw.randint(40, 520), draw.randint(40, 520), draw.randint(34, 52)
    if kind == 2:
        pen.line(
            (x, y, x + draw.randint(80, 260), y + draw.randint(-60, 60)), fill=(150, 140, 150), width=draw.randint(2, 7)
        )
    pen.ellipse((x - r, y - r, x + r, y + r), fill=(206, 170, 200), outline=(180, 140, 178), width=2)
    core = round(r * (0.42 if kind == 0 else draw.uniform(0.55, 0.8)))
    dx, dy = draw.randint(-8, 8), draw.randint(-8, 8)
    pen.ellipse((x + dx - core, y + dy - core, x + dx + core, y + dy + core), fill=(112 - 20 * kind, 74, 142))


def spans(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-spans"):
        return
    data = write_sentences(folder / "people.jsonl", 80)
    # Without emoji, for which a bare machine has no font.
    data.write_text(data.read_text(encoding="utf-8").replace("🎈 ", "").replace(" 🎉", ""), encoding="utf-8")
    querist(folder, "new", "people.querist", "people.jsonl", "--task", "spans", "--labels", "PER,LOC", "--batch", "10")
    with served(folder, "people.querist") as server:
        labelled(camera, server, 14, _mark)
        camera.take(server, "label-spans", "#/", _marked)


def _mark(person: Person) -> None:
    text = person.page.locator(".stage .view-text").inner_text()
    person.press("h") if person.count(".says-label") else None
    for key, names in (("1", PEOPLE), ("2", PLACES)):
        _select(person, text, next(name for name in names if name in text))
        person.press(key)
    person.press("Enter")


def _select(person: Person, text: str, name: str) -> None:
    person.press("Home")
    for _ in text[: text.index(name)].split():
        person.press("ArrowRight")
    for _ in name.split()[1:]:
        person.press("Shift+ArrowRight")


def _marked(person: Person) -> None:
    on_item(person)


def sets(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-multilabel"):
        return
    write_reviews(folder / "reviews.csv", 120)
    task = ("--task", "multilabel", "--labels", ",".join(TOPICS), "--batch", "8")
    querist(folder, "new", "topics.querist", "reviews.csv", *task)
    with served(folder, "topics.querist") as server:
        labelled(camera, server, 12, _topics)
        camera.take(server, "label-multilabel", "#/", pressed("2", "3"))


def _topics(person: Person) -> None:
    text = person.text
    words = (("soup", "bread", "coffee"), ("staff", "service"), ("room", "table", "garden", "view"), ("music",))
    for key, group in enumerate(words, start=1):
        if any(word in text for word in group):
            person.press(str(key))
    person.press("Enter")


def records(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-record"):
        return
    draw = random.Random(0)
    rows = ["id,age,blood pressure,cholesterol,max heart rate,chest pain"]
    for number in range(80):
        pain = draw.choice(["typical", "atypical", "none"])
        values = (draw.randint(35, 78), draw.randint(105, 170), draw.randint(160, 330), draw.randint(95, 190))
        rows.append(f"p{number:03d},{','.join(map(str, values))},{pain}")
    (folder / "patients.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    querist(folder, "new", "patients.querist", "patients.csv", "--labels", "healthy,at risk", "--batch", "8")
    with served(folder, "patients.querist") as server:
        labelled(camera, server, 12, lambda person: person.press(draw.choice("12")))
        camera.take(server, "label-record", "#/", pressed())


def new(camera: Camera, folder: Path) -> None:
    if not camera.wants("new", "new-preview"):
        return
    (folder / "data").mkdir()
    write_reviews(folder / "data" / "reviews.csv", 240)
    write_cells(folder / "data" / "cells", 4)
    with served(folder, "--root", str(folder / "data")) as server:
        camera.take(server, "new", "#/new", lambda person: person.page.wait_for_selector(".browse li"))
        server.stop()
        server.start()
        camera.take(server, "new-preview", "#/new", _chosen)


def _chosen(person: Person) -> None:
    person.page.get_by_role("button", name="reviews.csv").click()
    person.page.get_by_text("Choose other data").wait_for()
    person.page.get_by_label("Classes, one a line").fill("\n".join(MOODS))
    person.page.get_by_text("Ready.").wait_for()


def boxes(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-image-boxes") or not found(SMEARS):
        return
    for part, ending, n in (("JPEGImages", ".jpg", 36), ("Annotations", ".xml", 24)):
        (folder / "smears" / part).mkdir(parents=True)
        for path in sorted((SMEARS / part).glob(f"*{ending}"))[:n]:
            shutil.copyfile(path, folder / "smears" / part / path.name)
    made = ("--task", "boxes", "--learner", "detector(size=(160,120),steps=160)", "--batch", "3", "--audit", "0")
    querist(folder, "new", "smears.querist", "smears", *made)
    with served(folder, "smears.querist") as server:
        labelled(camera, server, 3, lambda person: person.press("Enter"))
        camera.take(server, "label-image-boxes", "#/", _with_a_box)


def _with_a_box(person: Person) -> None:
    """In the light picture take over what the model says, and choose a box."""
    _on_image(person)
    if not _is_dark(person):
        for key in ("a", "Tab", "Tab"):
            person.press(key)


def particles(camera: Camera, folder: Path) -> None:
    if not camera.wants("label-image-particles") or not found(MICROGRAPHS):
        return
    (folder / "bgal").mkdir()
    for at, path in enumerate(sorted((MICROGRAPHS / "micrographs").glob("*.mrc"))[:8]):
        shutil.copyfile(path, folder / "bgal" / path.name)
        for picks in (MICROGRAPHS / "coordinates").glob(f"{path.stem}*.star") if at < 4 else ():
            shutil.copyfile(picks, folder / "bgal" / picks.name)
    task = ("--task", "particles(diameter=34)", "--learner", "template(diameter=34)")
    querist(folder, "new", "bgal.querist", "bgal", *task, "--batch", "1", "--audit", "0")
    with served(folder, "bgal.querist") as server:
        labelled(camera, server, 1, lambda person: person.press("Enter"))
        camera.take(server, "label-image-particles", "#/", _on_ice)


def _on_ice(person: Person) -> None:
    """Look closer; in the light picture take over what the model says, and mark what is seen as searched."""
    _on_image(person)
    person.press("+")
    if not _is_dark(person):
        for key in ("a", "v", "-", "Tab"):
            person.press(key)


def _is_dark(person: Person) -> bool:
    return bool(person.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"))


def found(folder: Path) -> bool:
    """Say whether real data are there; without them their picture stays as it is."""
    if not folder.is_dir():
        print(f"NO DATA at {folder}: its picture stays as it is", file=sys.stderr)
    return folder.is_dir()


def done(camera: Camera, folder: Path) -> None:
    if not camera.wants("done"):
        return
    write_reviews(folder / "reviews.csv", 12)
    querist(folder, "new", "reviews.querist", "reviews.csv", "--labels", ",".join(MOODS), "--batch", "50")
    with served(folder, "reviews.querist") as server:
        person = Person(camera.browser, server).open()
        person.wait_for_item()
        for _ in range(11):
            person.answer("1")
        person.press("1")
        person.wait_until_sent()
        person.context.close()
        camera.take(server, "done", "#/", lambda person: person.page.get_by_text("Every item has an answer").wait_for())


SCENES = (texts, images, boxes, particles, spans, sets, records, new, done, phone, candidates)

if __name__ == "__main__":
    main(sys.argv[1:])
