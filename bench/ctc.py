"""Measures the beam search of pyctcdecode.

Input, as JSON: {matrices: [{labels, logits: [rows]}], arpa, widths, runs}. Output, as JSON: the seconds of each width, for all runs.
"""
import json
import logging
import sys
import time

import numpy as np
from pyctcdecode import build_ctcdecoder

logging.disable(logging.CRITICAL)
given = json.load(sys.stdin)
matrices = [np.array(one["logits"]) for one in given["matrices"]]
decoders = [build_ctcdecoder(one["labels"], kenlm_model_path=given["arpa"]) for one in given["matrices"]]
seconds = []
for width in given["widths"]:
    started = time.perf_counter()
    for _ in range(given["runs"]):
        for matrix, decoder in zip(matrices, decoders):
            decoder.decode_beams(matrix, beam_width=width)
    seconds.append(time.perf_counter() - started)
print(json.dumps(seconds))
