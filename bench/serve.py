"""A FastAPI server around PyPI's `kenlm`: POST /score of one sentence. Argument: a KenLM model. Prints its address once it listens."""
import socket
import sys

import kenlm
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

model = kenlm.Model(sys.argv[1])
app = FastAPI()


class Request(BaseModel):
    sentence: str


@app.post("/score")
async def score(request: Request):
    tokens = request.sentence.split() + ["</s>"]
    scores = list(model.full_scores(request.sentence))
    total = sum(score for score, _, _ in scores)
    return {
        "model": "kenlm",
        "tokens": tokens,
        "log10Probs": [score for score, _, _ in scores],
        "matched": [length for _, length, _ in scores],
        "oov": [oov for _, _, oov in scores],
        "log10Prob": total,
        "perplexity": 10 ** (-total / len(tokens)),
    }


listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
# asyncio sets this option only for sockets that it makes; without it each answer waits 40 ms for the client's acknowledgement.
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
