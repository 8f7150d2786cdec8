"""`patcher lint` and checkpatch.pl on the mail of public lists, held against what people said of it.

    python bench/lint_lists.py sample ARCHIVE... --accepted N --replies N --seed S -o DIR
    python bench/lint_lists.py run DIR [--checkpatch FILE] [--tree DIR]
    python bench/lint_lists.py table DIR JUDGED...

An archive is a git repository with one mail a commit, in the file `m` (`linux-mailinglist-archives/LIST.0`).

`sample` draws, of each archive, N patches that were accepted (a maintainer answers "applied", "queued" or the like to
them or to their cover letter), and N replies to patches of somebody else. DIR/sample.jsonl has a line for each, with
message ids; DIR/series one mailbox for each version of a series that has one of them; DIR/replies the replies.
`run` writes what both programs say of the patches that were drawn, and lint of their cover letters, to DIR/said.jsonl.
Without --checkpatch, what checkpatch.pl said before is kept.
`table` counts, by files of judgements: lines of JSON of two forms,

    {"list": LIST, "patch": ID, "rule": RULE, "finding": DIGEST, "right": true, "why": TEXT}
    {"list": LIST, "patch": ID, "reply": ID, "kind": TEXT, "what": TEXT, "rules": [RULE...], "checkpatch": [TYPE...]}

of a finding on an accepted patch (by a digest of its message, which may name people), and of a complaint by a reviewer,
with what says the same: rules, or `RULE: PATTERN` where the message matters. Judgements hold message ids and words of
who judged, no mail.
Exit codes: 0 done, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from patcher.mail.decode import decode  # noqa: E402 - the checkout's own
from patcher.mail.mbox import split  # noqa: E402
from patcher.mail.model import RawMail  # noqa: E402
from patcher.mail.parse import parse_subject  # noqa: E402

_PATCH = re.compile(r"\[[^\]]*\bPATCH", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(?:re|aw|sv|fwd?|antw):", re.IGNORECASE)
_ACCEPTED = re.compile(
    r"(?:(?:thanks|thank you|ok|okay|now|both|all|whole|the|this|series|patch(?:es)?|[\d/,&-]+|and|i|i've|have|has|been"
    r"|looks good|nice|great|good|so|it's|is|are)\b[\s,!.:;-]*)*(?:applied|queued|pushed|merged|picked up)\b(?!.*\?)",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"applied|queued|pushed|merged|picked up", re.IGNORECASE)  # most lines need no closer look
_SAID = re.compile(
    r"^(?P<file>[^:]+):\d+: (?P<level>ERROR|WARNING|CHECK):(?P<type>[A-Z_0-9]+): (?P<text>.*)$", re.MULTILINE
)
_MAINTAINS = 5  # threads in which somebody says "applied"
_BATCH = 200  # files for one checkpatch.pl


class Entry(NamedTuple):
    """What is kept of a mail: the commit that holds it, and who answers whom."""

    commit: str
    id: str
    parent: str
    root: str
    sender: str
    subject: str
    accepts: bool

    @property
    def is_patch(self) -> bool:
        return bool(_PATCH.search(self.subject)) and not _ANSWER.match(self.subject)

    @property
    def series(self) -> tuple[str, str, int, int]:
        """What mails of one version of one series have in common."""
        prefix = parse_subject(self.subject)[0]
        alone = prefix.total <= 1 and not prefix.number
        return self.id if alone else self.root, self.sender, prefix.version, prefix.total

    @property
    def is_cover(self) -> bool:
        prefix = parse_subject(self.subject)[0]
        return bool(prefix.total) and not prefix.number


def contents(archive: Path, commits: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Each commit with its mail. Those that hold none (a mail was deleted) are left out."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{commit}:m\n" for commit in commits).encode())
        asked.seek(0)
        command: list[str | Path] = ["git", "-C", archive, "cat-file", "--batch"]
        with subprocess.Popen(command, stdin=asked, stdout=subprocess.PIPE) as process:
            assert process.stdout
            for commit in commits:
                head = process.stdout.readline().split()
                if head[-1] == b"missing":
                    continue
                yield commit, process.stdout.read(int(head[2]))
                process.stdout.read(1)


def read(archive: Path) -> list[Entry]:
    """All mails of an archive, the oldest first."""
    listing: list[str | Path] = ["git", "-C", archive, "rev-list", "--reverse", "HEAD"]
    commits = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for commit, content in contents(archive, commits):
        mail = decode(RawMail("", 1, content, "", False))
        parent = mail.in_reply_to or (mail.references or ("",))[-1]
        root = (mail.references or (parent,))[0] or mail.message_id
        found.append(
            Entry(commit, mail.message_id, parent, root, mail.sender.address.lower(), mail.subject, accepts(mail.text))
        )
    return found


def accepts(text: str) -> bool:
    """Whether a line of a reply that is no quote says that a patch was taken."""
    return any(_TAKEN.search(line) and _ACCEPTED.match(line) for line in text.splitlines())


def draw(entries: Sequence[Entry], accepted: int, replies: int, chance: random.Random) -> Iterator[dict[str, str]]:
    """Accepted patches and replies, as lines of sample.jsonl."""
    patches = {each.id: each for each in entries if each.is_patch}
    answers = [each for each in entries if not each.is_patch and each.parent in patches]
    taking: dict[str, set[str]] = defaultdict(set)
    for each in answers:
        if each.accepts:
            taking[each.sender].add(patches[each.parent].root)
    taken = {each.parent for each in answers if each.accepts and len(taking[each.sender]) >= _MAINTAINS}
    series = {patches[id_].series for id_ in taken if patches[id_].is_cover}
    those = [each for each in patches.values() if not each.is_cover and (each.id in taken or each.series in series)]
    for patch in chance.sample(those, min(accepted, len(those))):
        yield {"kind": "accepted", "patch": patch.id}
    others = [each for each in answers if each.sender != patches[each.parent].sender]
    for reply in chance.sample(others, min(replies, len(others))):
        yield {"kind": "reply", "patch": reply.parent, "reply": reply.id}


def sample(archives: Sequence[Path], accepted: int, replies: int, seed: int, out: Path) -> None:
    """Draw, and store mailboxes, replies and sample.jsonl."""
    for place in (out / "series", out / "replies"):
        place.mkdir(parents=True, exist_ok=True)
    rows = []
    for archive in archives:
        name = next(part for part in reversed(archive.resolve().parts) if "+" in part or part not in ("repo", "git"))
        name = name.rpartition("+")[2].partition(".")[0]
        entries = read(archive)
        by_id = {each.id: each for each in entries}
        mates: dict[tuple[str, str, int, int], list[Entry]] = defaultdict(list)
        for each in entries:
            if each.is_patch:
                mates[each.series].append(each)
        drawn = list(draw(entries, accepted, replies, random.Random(f"{seed} {name}")))
        numbers: dict[tuple[str, str, int, int], str] = {}
        for row in drawn:
            file = numbers.setdefault(by_id[row["patch"]].series, f"{name}-{len(numbers):04}.mbox")
            rows.append({"list": name, **row, "file": file})
        wanted = {each.commit for key in numbers for each in mates[key]}
        wanted |= {by_id[row["reply"]].commit for row in drawn if "reply" in row}
        mails = dict(contents(archive, sorted(wanted)))
        for key, file in numbers.items():
            unique = {each.id: mails[each.commit] for each in mates[key]}
            (out / "series" / file).write_bytes(b"".join(map(in_mailbox, unique.values())))
        for number, row in enumerate(each for each in drawn if "reply" in each):
            (out / "replies" / f"{name}-{number:04}.eml").write_bytes(mails[by_id[row["reply"]].commit])
        print(f"{name}: {len(entries)} mails, {len(drawn)} drawn, {len(numbers)} series")
    (out / "sample.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def in_mailbox(content: bytes) -> bytes:
    return (
        b"From list Thu Jan  1 00:00:00 1970\n"
        + re.sub(rb"^(>*From )", rb">\1", content, flags=re.M).rstrip(b"\n")
        + b"\n\n"
    )


def digest(message: str) -> str:
    """What stands for a finding's message in a judgement."""
    return hashlib.sha256(message.encode()).hexdigest()[:12]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def run(place: Path, checkpatch: Path | None, tree: Path | None) -> None:
    """Both programs on all series; what they say of drawn patches and their cover letters goes to said.jsonl."""
    drawn = {(row["file"], row["patch"]) for row in lines(place / "sample.jsonl")}
    mails: dict[str, tuple[str, bytes, bool]] = {}  # by lint's label: its id, content, and whether it is asked for
    for file in sorted((place / "series").iterdir()):
        with file.open("rb") as stream:
            here = list(split(stream, str(file)))
        for raw in here:
            mail = decode(raw)
            label = file.name if len(here) == 1 else f"{file.name}:{raw.line}"
            prefix = parse_subject(mail.subject)[0]
            asked = (file.name, mail.message_id) in drawn or (prefix.total > 0 and not prefix.number)
            mails[label] = mail.message_id, raw.content, asked
    said = place / "said.jsonl"
    kept = [row for row in lines(said) if row["by"] == "checkpatch"] if not checkpatch and said.exists() else []
    with said.open("w") as out:
        patches = {label: mail for label, mail in mails.items() if (label.partition(":")[0], mail[0]) in drawn}
        theirs = by_checkpatch(checkpatch, patches) if checkpatch else iter(kept)
        for row in (*by_lint(place / "series", tree), *theirs):
            id_, _, asked = mails[row["label"]]
            if asked:
                out.write(f"{json.dumps({'patch': id_, 'file': row['label'].partition(':')[0], **row})}\n")


def by_lint(series: Path, tree: Path | None) -> Iterator[dict[str, str]]:
    """What lint finds in a directory of mailboxes, in one process."""
    where: list[str | Path] = ["--tree", tree] if tree else ["--no-tree"]
    command = [sys.executable, "-m", "patcher", "lint", "--strict", "--format", "json", *where, series]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if done.returncode not in (0, 1):
        raise SystemExit(f"patcher lint failed: {done.stderr.decode(errors='replace').strip()[:300]}")
    for found in json.loads(done.stdout)["findings"]:
        yield {"by": "lint", "label": found["patch"], **{key: found[key] for key in ("rule", "level", "message")}}


def by_checkpatch(script: Path, mails: Mapping[str, tuple[str, bytes, bool]]) -> Iterator[dict[str, str]]:
    """What checkpatch.pl finds in each mail."""
    asked = [(label, content) for label, (_, content, _) in mails.items()]
    command: list[str | Path] = [
        "perl",
        script.resolve(),
        "--no-tree",
        "--terse",
        "--no-summary",
        "--show-types",
        "--strict",
    ]
    with tempfile.TemporaryDirectory() as place:
        for number, (_, content) in enumerate(asked):
            Path(place, f"{number:06}").write_bytes(content)
        for start in range(0, len(asked), _BATCH):
            names = [f"{number:06}" for number in range(start, min(start + _BATCH, len(asked)))]
            done = subprocess.run([*command, *names], capture_output=True, check=False, cwd=place)
            for match in _SAID.finditer(done.stdout.decode("utf-8", "replace")):
                level = {"ERROR": "error", "WARNING": "warning", "CHECK": "note"}[match["level"]]
                label = asked[int(match["file"])][0]
                yield {
                    "by": "checkpatch",
                    "label": label,
                    "rule": match["type"],
                    "level": level,
                    "message": match["text"],
                }


def table(place: Path, judged: Sequence[Path]) -> None:
    """By rule and by kind of complaint, as tables of Markdown."""
    said = lines(place / "said.jsonl")
    drawn = lines(place / "sample.jsonl")
    rows = [row for file in judged for row in lines(file)]
    accepted(said, [row for row in drawn if row["kind"] == "accepted"], [row for row in rows if "right" in row])
    complaints(said, drawn, [row for row in rows if "kind" in row])


def accepted(said: Sequence[dict[str, Any]], drawn: Sequence[dict[str, str]], rows: Sequence[dict[str, Any]]) -> None:
    """Per rule: how often it fires on accepted patches, and how often it is right. What is said of a cover letter is
    not counted."""
    right = {(row["patch"], row["rule"], row["finding"]): row["right"] for row in rows}
    patches = {row["patch"] for row in drawn}
    counts: dict[tuple[str, str], Counter[bool | None]] = defaultdict(Counter)
    for row in {(each["patch"], each["rule"], each["message"]): each for each in said if each["by"] == "lint"}.values():
        if row["patch"] in patches:
            known = right.get((row["patch"], row["rule"], digest(row["message"])))
            counts[row["level"], row["rule"]][known] += 1
    for level in ("error", "warning"):
        counts[level, "**all**"] = sum((count for (of, _), count in counts.items() if of == level), Counter())
    print(
        f"{len(patches)} accepted patches\n\n| rule | level | fired | right | wrong | not judged |\n"
        + "| --- " * 6
        + "|"
    )
    for (level, rule), count in sorted(counts.items(), key=lambda each: (each[0][0], -each[1].total())):
        print(f"| {rule} | {level} | {count.total()} | {count[True]} | {count[False]} | {count[None]} |")


def complaints(said: Sequence[dict[str, Any]], drawn: Sequence[dict[str, str]], rows: Sequence[dict[str, Any]]) -> None:
    """Per kind: how many complaints lint says, how many checkpatch.pl. What is said of a cover letter counts for all
    patches of its series."""
    file = {row["patch"]: row["file"] for row in drawn}
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for each in said:
        found[each["by"], each["patch"]].append((each["rule"], each["message"]))
        if each["patch"] not in file:  # a cover letter that was not drawn itself
            found[each["by"], each["file"]].append((each["rule"], each["message"]))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for by, names in (("lint", row["rules"]), ("checkpatch", row["checkpatch"])):
            here = found[by, row["patch"]] + found[by, file.get(row["patch"], "")]
            if any(_says(name, here) for name in names):
                counts[row["kind"]][by] += 1
                counts["**all**"][by] += 1
        counts[row["kind"]]["total"] += 1
        counts["**all**"]["total"] += 1
    print("\n| kind | complaints | lint | checkpatch |\n| --- | --- | --- | --- |")
    for kind, count in sorted(counts.items(), key=lambda each: -each[1]["total"]):
        print(f"| {kind} | {count['total']} | {count['lint']} | {count['checkpatch']} |")


def _says(name: str, found: Sequence[tuple[str, str]]) -> bool:
    rule, _, pattern = name.partition(": ")
    return any(each == rule and re.search(pattern, message) for each, message in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    drawing = what.add_parser("sample")
    drawing.add_argument("archives", type=Path, nargs="+")
    drawing.add_argument("--accepted", type=int, required=True, help="of each archive")
    drawing.add_argument("--replies", type=int, required=True, help="of each archive")
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("-o", dest="out", type=Path, required=True)
    running = what.add_parser("run")
    running.add_argument("place", type=Path)
    running.add_argument("--checkpatch", type=Path)
    running.add_argument("--tree", type=Path)
    counting = what.add_parser("table")
    counting.add_argument("place", type=Path)
    counting.add_argument("judged", type=Path, nargs="+")
    args = parser.parse_args()
    needed = args.archives if args.what == "sample" else [args.place / "sample.jsonl"]
    for file in (*needed, *(args.judged if args.what == "table" else [])):
        if not file.exists():
            print(f"{file} does not exist", file=sys.stderr)
            return 2
    if args.what == "sample":
        sample(args.archives, args.accepted, args.replies, args.seed, args.out)
    elif args.what == "run":
        run(args.place, args.checkpatch, args.tree)
    else:
        table(args.place, args.judged)
    return 0


if __name__ == "__main__":
    sys.exit(main())
