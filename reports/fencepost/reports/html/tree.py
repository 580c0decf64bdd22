"""Elements of a page. A text is always escaped; markup comes from elements only."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

from fencepost.reports.visible import visible

Content = Element | str | None | Iterable["Element | str | None"]

_AS_WRITTEN = {"class_": "class", "for_": "for", "type_": "type", "view_box": "viewBox", "text_anchor": "text-anchor"}


def h(tag: str, *content: Content, **attributes: str | float | None) -> Element:
    """An element with its content. None is left out, as content and as attribute; `aria_label` becomes `aria-label`.

    Texts and attributes are made visible: unprintable characters become escapes.
    """
    element = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            element.set(_AS_WRITTEN.get(name, name.replace("_", "-")), visible(_number(value)))
    for one in content:
        if one is None or isinstance(one, str | Element):
            _append(element, one)
        else:
            for part in one:
                _append(element, part)
    return element


def _number(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _append(parent: Element, one: Element | str | None) -> None:
    if isinstance(one, Element):
        parent.append(one)
    elif one and len(parent):
        parent[-1].tail = (parent[-1].tail or "") + visible(one)
    elif one:
        parent.text = (parent.text or "") + visible(one)


def raw(tag: str, text: str) -> Element:
    """A `style` or `script` of the kit's own, unescaped."""
    element = Element(tag)
    element.text = text
    return element


def document(root: Element) -> str:
    """The whole page as text."""
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"
