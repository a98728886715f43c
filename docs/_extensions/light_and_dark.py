"""Pictures for light and for dark pages: where `name-dark.svg` lies beside `name.svg`, a page gets both.

Pages name the light one alone, as ``![text](name.svg)``, so they can be read without the site as well.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class LightAndDark(SphinxTransform):
    """Put the dark picture behind the light one; the theme's classes show one of them."""

    default_priority = 5  # before Sphinx collects the files of images

    def apply(self, **_: Any) -> None:
        """Look at each image of a page."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for image in list(self.document.findall(nodes.image)):
            given = Path(image["uri"])
            dark = given.with_name(f"{given.stem}-dark{given.suffix}")
            if "://" in image["uri"] or image["classes"] or not (folder / dark).exists():
                continue
            other = image.deepcopy()
            other["uri"] = dark.as_posix()
            image["classes"].append("only-light")
            other["classes"].append("only-dark")
            image.parent.insert(image.parent.index(image) + 1, other)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_transform(LightAndDark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
