"""How Sphinx makes the site: ``python -m sphinx -W -n docs build/site``. Nothing is fetched; no code of a page runs."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "pcodec-numcodecs"
author = "the authors of pcodec-numcodecs"
copyright = "2026, the authors of pcodec-numcodecs"
version = release = installed("pcodec-numcodecs")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "light_and_dark",
]
exclude_patterns = ["zarr-extensions/**/*.zarr", "**/.ipynb_checkpoints"]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # python docs/examples/execute.py runs them
nb_merge_streams = True

default_role = "autolink"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autoclass_content = "class"
numpydoc_show_class_members = False
nitpicky = True
# A word in a docstring may happen to be the name of a module elsewhere; those that are ours become links.
nitpick_ignore_regex = [("py:obj", ".*")]

html_theme = "pydata_sphinx_theme"
html_title = "pcodec-numcodecs"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/mark.svg"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "pcodec-numcodecs", "image_light": "_static/mark.svg", "image_dark": "_static/mark.svg"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "getting-started": [], "changelog": [], "contributing": []}
copybutton_exclude = ".linenos, .gp, .go"
