"""Holds the peer of the kiosk's bench: workstations and watchers on Django Channels over Redis, as its tutorial builds it.

Never keeps, signs or checks what the product does: one session, one token, no card, no journal. The bench starts it with
uvicorn in its own network namespace, beside a Redis that listens on a socket in a folder.
"""

import asyncio
import json
import os

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import JsonResponse
from django.urls import path
from redis import asyncio as redis

REDIS = f"unix://{os.environ['PEER_REDIS']}"
# `core` is the layer the documentation starts with; `pubsub` the one it offers for many sockets.
LAYER = {"core": "core.RedisChannelLayer", "pubsub": "pubsub.RedisPubSubChannelLayer"}[os.environ["PEER_LAYER"]]
TOKEN = os.environ["PEER_TOKEN"]
# The layer waits five seconds for a message at a time, and so long is the client's own patience unless it is told.
HOST = {"address": REDIS, "socket_timeout": None}

settings.configure(
    SECRET_KEY=TOKEN,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CHANNEL_LAYERS={"default": {"BACKEND": f"channels_redis.{LAYER}", "CONFIG": {"hosts": [HOST]}}},
)
django.setup()
store = redis.from_url(REDIS)


def frame(kind: str, data) -> str:
    return json.dumps({"type": kind, "data": data})


async def tell(session: int, text: str):
    """The text is made once for all who watch."""
    await get_channel_layer().group_send(f"session_{session}", {"type": "told", "text": text})


class Watcher(AsyncWebsocketConsumer):
    """Whoever watches a session, and the workstation at which it runs."""

    async def connect(self):
        if dict(self.scope["headers"]).get(b"authorization") != f"Bearer {TOKEN}".encode():
            await self.close()
            return
        self.session = self.scope["url_route"]["kwargs"].get("session")
        if self.session is not None:
            await self.channel_layer.group_add(f"session_{self.session}", self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        if getattr(self, "session", None) is not None:
            await self.channel_layer.group_discard(f"session_{self.session}", self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        asked = json.loads(text_data or "{}")
        if asked.get("type") == "heartbeat":
            await self.send(text_data=frame("lease", {"nonce": asked["data"]["nonce"]}))

    async def told(self, event):
        await self.send(text_data=event["text"])


async def healthz(_request):
    return JsonResponse({"redis": await store.ping()})


async def add_time(request, session: int):
    if request.method != "POST" or request.headers.get("authorization") != f"Bearer {TOKEN}":
        return JsonResponse({"code": "forbidden"}, status=403)
    delta_ms = int(json.loads(request.body)["ms"])
    granted_ms = await store.hincrby(f"session:{session}", "granted_ms", delta_ms)
    await tell(session, frame("time_added", {"delta_ms": delta_ms, "granted_ms": granted_ms}))
    return JsonResponse({"id": session, "granted_ms": granted_ms})


async def tick(session: int):
    """A time update a second to everybody who watches."""
    while True:
        await asyncio.sleep(1)
        used_ms = await store.hincrby(f"session:{session}", "used_ms", 1_000)
        granted_ms = int(await store.hget(f"session:{session}", "granted_ms") or 0)
        await tell(session, frame("time_update", {"remaining_ms": granted_ms - used_ms}))


async def lifespan(_scope, receive, send):
    """uvicorn's word that it begins and ends."""
    await receive()
    ticking = asyncio.create_task(tick(1))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    ticking.cancel()
    await send({"type": "lifespan.shutdown.complete"})


urlpatterns = [path("healthz", healthz), path("api/sessions/<int:session>/add_time", add_time)]
sockets = [path("ws/sessions/", Watcher.as_asgi()), path("ws/sessions/<int:session>", Watcher.as_asgi())]
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(sockets), "lifespan": lifespan})
