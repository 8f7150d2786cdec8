"""From a page to HTML. Whatever is put into a template is escaped twice over: what could drive a terminal or turn the
direction of text is written out, then HTML's own characters. No script or style runs but ours, named by its digest."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from patcher.escape import safe
from patcher.report.html.page import Page

_POLICY = "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def render(page: Page) -> str:
    """The page as one HTML document that needs nothing else."""
    environment = _environment()
    names = ["page", *(each.part for each in page.sections if each.part == "film")]
    style, script = ("".join(_shipped(environment, f"{name}.{kind}") for name in names) for kind in ("css", "js"))
    policy = _POLICY.format(style=_digest(style), script=_digest(script))
    text = environment.get_template("page.html").render(
        page=page, policy=policy, style=Markup(style), script=Markup(script)
    )
    return text if text.endswith("\n") else f"{text}\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined,
        finalize=_written_out, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, auto_reload=False,
    )  # fmt: skip


def _written_out(value: object) -> object:
    """What each expression of a template comes to. Only what is made in a template or here is markup already."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _shipped(environment: Environment, name: str) -> str:
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
