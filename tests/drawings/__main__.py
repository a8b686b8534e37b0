"""Draws the pictures of docs/ anew: `python -m tests.drawings`."""

from tests.drawings.gallery import FOLDER, pictures

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, svg in pictures().items():
        (FOLDER / name).write_text(svg, "utf-8")
