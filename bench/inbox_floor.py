"""The least that a webhook costs: read a JSON body, one insert, 202; no routing, no sign-in, no secrets.

python -m bench.inbox_floor CONNINFO serves on loopback until it is ended, and says on its first line at which port.
"""

from __future__ import annotations

import asyncio
import json
import sys

import psycopg
from aiohttp import web

#: As many as the inbox has.
CONNECTIONS = 4
TABLE = """
CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, payload jsonb NOT NULL)
"""


async def serve(conninfo: str) -> None:
    """Make the table anew, and take what comes."""
    idle: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await psycopg.AsyncConnection.connect(conninfo, autocommit=True))
    first = await idle.get()
    await first.execute("DROP TABLE IF EXISTS bare")
    await first.execute(TABLE.encode())
    idle.put_nowait(first)

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        key = json.loads(body)["EVENT_ID"]
        connection = await idle.get()
        try:
            await connection.execute(
                "INSERT INTO bare (key, payload) VALUES (%s, %s) ON CONFLICT DO NOTHING", (key, body.decode())
            )
        finally:
            idle.put_nowait(connection)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
