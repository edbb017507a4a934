"""Prints JSON: [name, tokens a second] of each library that is installed; argument: the training text, one sentence a line."""
import json
import sys
import time

lines = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
rows = []
try:
    import markovify

    for state_size in (2, 4):
        chain = markovify.Chain(lines, state_size)
        tokens = 0
        started = time.perf_counter()
        while time.perf_counter() - started < 3:
            tokens += len(chain.walk()) + 1
        rows.append([f"markovify, order {state_size + 1} (unsmoothed)", tokens / (time.perf_counter() - started)])
except ImportError:
    pass
try:
    from nltk.lm import KneserNeyInterpolated
    from nltk.lm.preprocessing import padded_everygram_pipeline

    # Order 3 and a fiftieth of the text: the time of a token grows with the text's size to the power of 1.6, to many minutes for all of it.
    grams, words = padded_everygram_pipeline(3, lines[::50])
    model = KneserNeyInterpolated(3)
    model.fit(grams, words)
    started = time.perf_counter()
    tokens = 0
    while tokens < 3 and time.perf_counter() - started < 60:
        model.generate(1, text_seed=["<s>"], random_seed=tokens)
        tokens += 1
    rows.append(["NLTK KneserNeyInterpolated, order 3, a fiftieth of the text", tokens / (time.perf_counter() - started)])
except ImportError:
    pass
print(json.dumps(rows))
