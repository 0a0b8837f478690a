"""How the documentation is built: Sphinx, MyST, furo; nothing is fetched from anywhere when a page is read."""

from __future__ import annotations

import querist

project = "querist"
author = "the querist authors"
version = release = querist.__version__
html_title = f"querist {release}"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
smartquotes = False  # --json must not become –json

highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "monokai"

_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["querist.css"]
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {
        "font-stack": _SANS,
        "font-stack--monospace": _MONO,
        "color-brand-primary": "#0072B2",
        "color-brand-content": "#0072B2",
        "color-brand-visited": "#0072B2",
        "color-background-primary": "#fbfbfa",
        "color-background-secondary": "#ffffff",
        "color-background-border": "#e4e4e1",
        "color-foreground-primary": "#1d1d1b",
        "color-foreground-muted": "#6a6a66",
    },
    "dark_css_variables": {
        "color-brand-primary": "#56B4E9",
        "color-brand-content": "#56B4E9",
        "color-brand-visited": "#56B4E9",
        "color-background-primary": "#161615",
        "color-background-secondary": "#1f1f1d",
        "color-background-border": "#343431",
        "color-foreground-primary": "#ececea",
        "color-foreground-muted": "#a3a39e",
    },
}
