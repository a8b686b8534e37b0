"""Tells the story: posts each scene's webhooks to the real door, signed as vendors sign, and waits for verdicts."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from playcaller.audience import Audience
from playcaller.story.posting import events_in, request
from playcaller.story.script import Post, Scene
from playcaller.terminal import Terminal

SCENE = 20.0
"""Seconds in which one scene's events have to be judged."""
SETTLE = 60.0
"""Seconds after the last scene in which everything has to be judged and delivered."""
BREATH = 0.3
"""Seconds between scenes, so that a person can follow."""


@dataclass(slots=True)
class Told:
    """How it went: webhooks the door took and refused, events they held, and whether all were settled in time."""

    taken: int = 0
    refused: int = 0
    events: int = 0
    settled: bool = False


class Teller:
    """Plays the vendors' part against one door. `secrets` holds one secret a source."""

    def __init__(self, door: str, secrets: Mapping[str, str], audience: Audience, terminal: Terminal) -> None:
        self._door, self._secrets = door.rstrip("/"), secrets
        self._audience, self._terminal = audience, terminal
        self._told = Told()
        self._asides: set[str] = set()

    async def tell(self, scenes: Sequence[Scene]) -> Told:
        """Post everything, scene by scene; each waits for its verdicts, unless it is told as an aside."""
        before = len(self._audience.judged)
        async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
            for scene in scenes:
                self._terminal.scene(scene.tell)
                await self._play(client, scene)
                await asyncio.sleep(BREATH)
        self._told.settled = await self._audience.until(
            lambda: len(self._audience.judged) - before >= self._told.events and self._audience.at_rest(),
            seconds=SETTLE,
        )
        return self._told

    async def _play(self, client: httpx.AsyncClient, scene: Scene) -> None:
        if scene.aside:
            self._asides.add(scene.aside)
        expected = self._judged()
        for post in scene.posts:
            expected += await self._post(client, post)
        if not scene.aside:
            await self._audience.until(lambda: self._judged() >= expected and self._audience.at_rest(), seconds=SCENE)

    def _judged(self) -> int:
        """Events judged so far, without those that nobody waits for yet."""
        return sum(one.what.partition(" ")[0] not in self._asides for one in self._audience.judged)

    async def send(self, client: httpx.AsyncClient, post: Post) -> httpx.Response:
        """Send one webhook to the door, signed as its vendor signs."""
        return await client.send(request(self._door, post, self._secrets.get(post.source, "")))

    async def _post(self, client: httpx.AsyncClient, post: Post) -> int:
        """Send one webhook; how many events the door took."""
        began = time.monotonic()
        try:
            answer = await self.send(client, post)
        except httpx.HTTPError as fault:
            self._told.refused += 1
            self._terminal.say(f"    {post.source}: no answer from the door ({type(fault).__name__})", "red")
            return 0
        self._terminal.posted(f"POST {answer.request.url.path}", answer.status_code, time.monotonic() - began)
        if not answer.is_success and not answer.has_redirect_location:
            self._told.refused += 1
            self._terminal.say(f"    {answer.text}", "red")
            return 0
        self._told.taken += 1
        self._told.events += events_in(post)
        return events_in(post)
