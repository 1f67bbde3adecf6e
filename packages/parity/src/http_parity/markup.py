"""Two HTML or XML documents and where they differ, by the path of the element."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from xml.etree import ElementTree  # expat 2.4.1 and later stops entity bombs

from selectolax.lexbor import LexborHTMLParser, LexborNode

from http_parity.differences import ABSENT, Difference


@dataclass
class Element:
    """An element; a child that is text is a str, and a comment an element named `comment()`."""

    name: str
    attributes: dict[str, str]
    children: list["Element | str"]


def read_html(body: bytes) -> Element | None:
    """The document as a browser would build it (the HTML standard's parser)."""
    root = LexborHTMLParser(body.decode("utf-8", "replace")).root
    if root is None:
        return None
    whole = root.parent or root
    return Element("", {}, _html_children(whole))


def _html_children(node: LexborNode) -> list[Element | str]:
    found: list[Element | str] = []
    child = node.child
    while child is not None:
        if child.is_text_node:
            found.append(child.text_content or "")
        elif child.is_comment_node:
            found.append(Element("comment()", {}, [child.comment_content or ""]))
        elif child.tag == "-doctype":
            found.append(Element("doctype()", {}, [child.html or ""]))
        else:
            name = child.tag or ""
            attributes = {key: value or "" for key, value in child.attributes.items()}
            # What a template holds is no child of it: its source stands for it.
            inside: list[Element | str] = (
                [child.html or ""] if name == "template" else _html_children(child)
            )
            found.append(Element(name, attributes, inside))
        child = child.next
    return found


def read_xml(body: bytes) -> Element | None:
    """The document, names as `{namespace}name`; None where it is not well-formed."""
    builder = ElementTree.TreeBuilder(insert_comments=True, insert_pis=True)
    parser = ElementTree.XMLParser(target=builder)  # noqa: S314 # see the import
    try:
        parser.feed(body)
        root = parser.close()
    except (ElementTree.ParseError, LookupError, ValueError):
        return None
    return Element("", {}, [_xml_element(root)])


def _xml_element(node: "ElementTree.Element[str]") -> Element:
    children: list[Element | str] = [node.text] if node.text else []
    for child in node:
        children.append(_xml_element(child))
        if child.tail:
            children.append(child.tail)
    # A comment and a processing instruction have a function for a name.
    name = node.tag if isinstance(node.tag, str) else f"{getattr(node.tag, '__name__', '')}()"
    return Element(name.lower() if name.endswith("()") else name, dict(node.attrib), children)


def differences(a: Element, b: Element) -> Iterator[Difference]:
    """Every difference of the two documents, outermost first."""
    yield from _elements("", a, b)


def _elements(at: str, a: Element, b: Element) -> Iterator[Difference]:
    for name in [*a.attributes, *(name for name in b.attributes if name not in a.attributes)]:
        left, right = a.attributes.get(name, ABSENT), b.attributes.get(name, ABSENT)
        if left is ABSENT or right is ABSENT:
            yield Difference("body", f"{at}/@{name}", left, right, "absent")
        elif left != right:
            yield Difference("body", f"{at}/@{name}", left, right)
    orders = list(a.attributes), list(b.attributes)
    if orders[0] != orders[1] and set(orders[0]) == set(orders[1]):
        yield Difference("body", at, *orders, "attribute order")
    if _names(a) == _names(b):
        pairs = zip(a.children, b.children, strict=True)
    elif _names(a, blank=False) == _names(b, blank=False):
        yield Difference("body", at, _source(a), _source(b), "whitespace")
        pairs = zip(_without_blank(a), _without_blank(b), strict=True)
    else:
        yield from _unlike(at, a, b)
        return
    seen: Counter[str] = Counter()
    total = Counter(child.name for child in a.children if isinstance(child, Element))
    for one, other in pairs:
        if isinstance(one, Element) and isinstance(other, Element):
            seen[one.name] += 1
            place = f"[{seen[one.name]}]" if total[one.name] > 1 else ""
            yield from _elements(f"{at}/{one.name}{place}", one, other)
        elif one != other:
            blank = str(one).split() == str(other).split()
            yield Difference("body", f"{at}/text()", one, other, "whitespace" if blank else "text")


def _unlike(at: str, a: Element, b: Element) -> Iterator[Difference]:
    """Children of other names: what is there on one side only, in the order of the documents."""
    lefts, rights = _without_blank(a), _without_blank(b)
    while lefts and rights and _name(lefts[0]) == _name(rights[0]):
        one, other = lefts.pop(0), rights.pop(0)
        if isinstance(one, Element) and isinstance(other, Element):
            yield from _elements(f"{at}/{one.name}", one, other)
        elif one != other:
            yield Difference("body", f"{at}/text()", one, other, "text")
    while lefts and rights and _name(lefts[-1]) == _name(rights[-1]) and lefts[-1] == rights[-1]:
        lefts.pop()
        rights.pop()
    for left, right in zip_longest(lefts, rights):
        if left is None:
            yield Difference("body", f"{at}/{_name(right)}", ABSENT, _source(right), "absent")
        elif right is None:
            yield Difference("body", f"{at}/{_name(left)}", _source(left), ABSENT, "absent")
        else:
            yield Difference("body", f"{at}/{_name(left)}", _source(left), _source(right))


def _names(element: Element, *, blank: bool = True) -> list[str]:
    children = element.children if blank else _without_blank(element)
    return [_name(child) for child in children]


def _name(child: Element | str) -> str:
    return child.name if isinstance(child, Element) else "text()"


def _without_blank(element: Element) -> list[Element | str]:
    return [
        child for child in element.children if isinstance(child, Element) or not child.isspace()
    ]


def _source(child: Element | str) -> str:
    if isinstance(child, str):
        return child
    attributes = "".join(f' {name}="{value}"' for name, value in child.attributes.items())
    inside = "".join(_source(item) for item in child.children)
    if not child.name:
        return inside
    return f"<{child.name}{attributes}>{inside}</{child.name}>"
