"""Counts n-grams from their definitions, as an independent check of the Spark job.

Usage: count.py TEXT FOLDER ORDER PATTERNS [--prune 0,0,1] [--limit N] [--at-least N] [--skip-blank]

Writes FOLDER/vocabulary.tsv (id, frequency, word) and FOLDER/PATTERN.tsv (context, nearest word first; word; count), sorted by number.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

UNK, BOS, EOS = 1, 2, 3


def sentences(path, skip_blank):
    text = Path(path).read_bytes()
    lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for line in lines:
        words = [word.decode("utf-8", "replace").encode() for word in re.split(rb"[\x00\t\x0b\x0c\r ]+", line) if word]
        if words or not skip_blank:
            yield words


def choose(frequency, limit, at_least):
    """Words by falling frequency, equally frequent ones by their bytes."""
    ranked = sorted((-count, word) for word, count in frequency.items() if word != b"<unk>" and count >= at_least)
    return [word for _, word in ranked][: limit or None]


def events(text, ids, order):
    """Each word with the words before it, nearest first; 0 before <s>."""
    for words in text:
        line = [0] * (order - 1) + [BOS] + [ids.get(word, UNK) for word in words] + [EOS]
        for at in range(order, len(line)):
            yield tuple(line[at - distance] for distance in range(order))


def table(text, pattern, order, threshold):
    distances = [d for d in range(1, len(pattern)) if pattern[len(pattern) - 1 - d] == "1"]
    span = len(pattern) - 1
    raw = Counter()
    longer = set()
    for event in text:
        if any(event[d] == 0 for d in distances):
            continue
        raw[tuple(event[d] for d in distances) + (event[0],)] += 1
        longer.add(event[: min(span + 1, order - 1) + 1])
    # The number of different words before an n-gram.
    before = Counter(tuple(event[d] for d in distances) + (event[0],) for event in longer)
    contiguous = len(distances) == span

    def count(row):
        whole = contiguous and (span == order - 1 or row[span - 1] == BOS)
        return raw[row] if whole else before[row]

    dropped = Counter()
    kept = []
    for row, frequency in raw.items():
        if frequency > threshold:
            kept.append(row + (count(row),))
        else:
            dropped[row[:-1]] += count(row)
    contexts = {row[:-2] for row in kept}
    return sorted(kept + [context + (0, n) for context, n in dropped.items() if context in contexts])


def main():
    parser = argparse.ArgumentParser()
    for name in ("text", "folder"):
        parser.add_argument(name)
    parser.add_argument("order", type=int)
    parser.add_argument("patterns", type=lambda text: text.split(","))
    parser.add_argument("--prune", type=lambda text: [int(part) for part in text.split(",")], default=[])
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--at-least", type=int, default=1)
    parser.add_argument("--skip-blank", action="store_true")
    given = parser.parse_args()
    folder = Path(given.folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = list(sentences(given.text, given.skip_blank))
    frequency = Counter(word for words in text for word in words)
    words = choose(frequency, given.limit, given.at_least)
    lost = sum(frequency.values()) - sum(frequency[word] for word in words)
    ids = {word: number for number, word in enumerate(words, 4)}
    entries = [(UNK, lost, b"<unk>"), (EOS, len(text), b"</s>")]
    entries += [(ids[word], frequency[word], word) for word in words]
    with open(folder / "vocabulary.tsv", "wb") as file:
        file.writelines(b"%d\t%d\t%s\n" % entry for entry in entries)
    found = list(events(text, ids, given.order))
    for pattern in given.patterns:
        threshold = given.prune[len(pattern) - 1] if given.prune else 0
        with open(folder / f"{pattern}.tsv", "w", encoding="ascii") as file:
            file.writelines("\t".join(map(str, row)) + "\n" for row in table(found, pattern, given.order, threshold))


main()
