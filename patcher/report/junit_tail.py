"""What all JUnit reports share: XML that a CI system can read, whatever the text."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, indent, tostring

from patcher.escape import safe

# What XML 1.0 has no way to write, not even as a reference.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Text for an element or attribute, with what drives a terminal written out."""
    return _NOT_XML.sub("\ufffd", safe(text))


def document(root: Element) -> str:
    """The element as an indented document."""
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
