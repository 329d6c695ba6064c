"""Sphinx extension: the list of references is labelled as the text cites, by author and year."""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle


class Labels(BaseLabelStyle):
    """``Liu et al., 2025``; with one or two authors their names, without a year none."""

    def format_labels(self, sorted_entries):
        for entry in sorted_entries:
            people = entry.persons.get("author", [])
            names = [" ".join([*one.prelast_names, *one.last_names]) for one in people]
            names = [name.strip("{}") for name in names]
            shown = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
            yield ", ".join(filter(None, (shown, entry.fields.get("year"))))


class AuthorYear(Style):
    """As pybtex's plain style, with those labels."""

    default_label_style = Labels


def setup(app):
    register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
