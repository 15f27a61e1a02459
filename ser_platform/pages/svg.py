"""Small drawings for a page: SVG whose letters are text and whose colours are the page's.

As elements of the page they follow its scheme, dark or light, and are read out by screen readers.
Figures with axes that matplotlib draws better are in :mod:`ser_platform.pages.drawing`.
"""

from markupsafe import Markup, escape


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """``<name attribute="...">inside</name>``; all text is escaped.

    An underscore in the name of an attribute is a hyphen, one at its end is dropped: ``class_``.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
    )
    tag = Markup(name)  # nosec B704  # ours
    own = Markup(given)  # nosec B704  # escaped above
    return Markup("<{0}{1}>{2}</{0}>").format(tag, own, Markup().join(inside))


def _short(value: object) -> object:
    """Numbers to a tenth: the weight of a page is mostly coordinates."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
