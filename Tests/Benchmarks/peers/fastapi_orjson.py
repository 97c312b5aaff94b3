"""FastAPI used for speed: orjson in and out, no models, the work inline on the event loop."""

import orjson
from fastapi import FastAPI, Request, Response

from recommender import Recommender

app = FastAPI(openapi_url=None)
recommender = Recommender()


def problem(message):
    return Response(orjson.dumps({"error": message}), 400, media_type="application/json")


@app.post("/v1/recommender")
async def rank(request: Request):
    try:
        body = orjson.loads(await request.body())
        customer_id, candidates = body["customer_id"], body["candidates"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return problem("customer_id and candidates are required")
    if not isinstance(customer_id, int) or not isinstance(candidates, list) or not 1 <= len(candidates) <= 100:
        return problem("1 to 100 candidates are required")
    return Response(orjson.dumps(recommender.rank(customer_id, candidates)), media_type="application/json")


@app.get("/ready")
async def ready():
    return Response()
