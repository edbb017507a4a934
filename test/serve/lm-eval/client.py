"""Asks a server as programs do, with OpenAI's client, and prints what it gets as JSON. Arguments: the address of the server."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="none", max_retries=0)
body = {"model": "pages", "prompt": "the model", "max_tokens": 12, "seed": 5, "logprobs": 2}
whole = client.completions.create(**body, echo=True)
streamed = "".join(chunk.choices[0].text for chunk in client.completions.create(**body, stream=True))
fault = {}
try:
    client.completions.create(model="nobody", prompt="the")
except openai.NotFoundError as error:
    fault = {"status": error.status_code, "code": error.code, "param": error.param}
refused = ""
try:
    client.completions.create(model="pages", prompt="the", frequency_penalty=1)
except openai.BadRequestError as error:
    refused = error.body["message"]
print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list()],
            "text": whole.choices[0].text,
            "logprobs": whole.choices[0].logprobs.token_logprobs,
            "streamed": streamed,
            "fault": fault,
            "refused": refused,
        }
    )
)
