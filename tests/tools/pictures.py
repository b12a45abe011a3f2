"""Takes the pictures of the pages that README shows, of the demo at a fixed time; run by ``make pictures``."""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))
from browser import executable, launched
from sites import INDEXED, demo_site

TESTS = Path(__file__).parent.parent
FOLDER = TESTS / "pictures"
# What each picture shows, and how much of the page, pixels.
PICTURES = {"overview": ("index.html", 1000), "kind": ("kind_formfac_4D.html", 800)}
WIDTH = 1280
AGE = timedelta(minutes=40)  # of what the pages tell, by the clock of whoever looks at them
LARGEST = 200_000  # bytes


def take(site: Path, browser: str) -> None:
    """Take all pictures."""
    with launched(browser) as chromium:
        for name, (page, height) in PICTURES.items():
            view = chromium.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light")
            view.clock.set_fixed_time(INDEXED[-1] + AGE)
            view.goto((site / page).as_uri(), wait_until="networkidle")
            path = FOLDER / f"{name}.png"
            view.screenshot(path=path, animations="disabled")
            view.context.close()
            sys.stdout.write(f"{path.relative_to(TESTS.parent)}: {path.stat().st_size:,} bytes\n")
            if path.stat().st_size > LARGEST:
                raise SystemExit(f"{path}: larger than {LARGEST:,} bytes")


def main() -> None:
    """Build the demo's pages and look at them."""
    browser = executable()
    if browser is None:
        raise SystemExit("No browser: install chromium, or name one in LATTEBOARD_CHROMIUM")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        take(demo_site(Path(folder) / "demo"), browser)


if __name__ == "__main__":
    main()
