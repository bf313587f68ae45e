"""How Sphinx builds the site; `docs/site/build.py` puts the sources together first."""

import re

import spark

project = "Spark"
copyright = "the authors of Spark"
version = release = spark.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "Spark"
html_static_path = ["static"]
html_css_files = ["spark.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#a8440a", "color-brand-content": "#a8440a"},
    "dark_css_variables": {"color-brand-primary": "#ffa766", "color-brand-content": "#ffa766"},
    "top_of_page_buttons": [],
}
pygments_style = "friendly"
pygments_dark_style = "monokai"
myst_heading_anchors = 4
myst_enable_extensions = ["deflist", "colon_fence"]
# The pages show what a block prints as text, and shells as they are typed.
highlight_language = "none"
# A name in single backticks is a link where it is that of something described here.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Class attributes", "Attributes")]
toc_object_entries = False
suppress_warnings = ["myst.xref_ambiguous"]


def set_in(lines):
    """Paragraphs of a docstring that are set in are equations: they keep their shape."""
    out = []
    for number, line in enumerate(lines):
        begins = re.match(r"\s{4,}\S", line) and (number == 0 or not lines[number - 1].strip())
        section = any(re.match(r"\S.*:$", earlier) for earlier in last_paragraph(lines[:number]))
        if begins and not section:
            out += ["::", ""]
        out.append(line)
    return out


def last_paragraph(lines):
    """The lines at the margin since the last one that was empty and had text at the margin before it."""
    for line in reversed(lines):
        if line.strip() and not line.startswith(" "):
            return [line]
    return []


def given_back(lines):
    """What a function gives back is a text: a colon in it divides no type from it."""
    out, inside, begun = [], False, False
    for line in lines:
        if line == "Returns:":
            inside, begun = True, False
            continue
        inside = inside and (not line or line.startswith(" "))
        if inside and line and not begun:
            begun, line = True, f":returns: {line.strip()}"
        out.append(line)
    return out


def linked(line):
    """A source's DOI leads to it."""
    return re.sub(r"doi:(10\.\d{4,}/[^\s,;]+[^\s,;.)])", r"`doi:\1 <https://doi.org/\1>`__", line)


def process_docstring(app, what, name, obj, options, lines):
    """Before sections are read."""
    lines[:] = [line if line.startswith("    ") else linked(line) for line in given_back(set_in(lines))]


def process_signature(app, what, name, obj, options, signature, return_annotation):
    """The arguments of a config are the fields of the table below it."""
    if what == "class" and isinstance(obj, type) and issubclass(obj, spark.Config):
        return "(**fields)", return_annotation
    return None


def setup(app):
    """What is done to docstrings and signatures."""
    app.connect("autodoc-process-docstring", process_docstring, priority=400)
    app.connect("autodoc-process-signature", process_signature)
