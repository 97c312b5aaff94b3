"""FastAPI as its documentation teaches it: pydantic models in and out, a plain function on the thread pool."""

from typing import Annotated

from fastapi import FastAPI, Response
from pydantic import BaseModel, Field

from recommender import Recommender

app = FastAPI()
recommender = Recommender()
UInt64 = Annotated[int, Field(ge=0, lt=2**64)]


class RankRequest(BaseModel):
    customer_id: UInt64
    candidates: Annotated[list[UInt64], Field(min_length=1, max_length=100)]


class RankResponse(BaseModel):
    items: list[int]
    scores: list[float]
    categories: list[int]
    prices: list[float]
    model: str


@app.post("/v1/recommender")
def rank(request: RankRequest) -> RankResponse:
    return RankResponse(**recommender.rank(request.customer_id, request.candidates))


@app.get("/ready")
async def ready():
    return Response()
