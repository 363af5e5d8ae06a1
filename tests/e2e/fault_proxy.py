"""A TCP proxy on 127.0.0.1 that breaks the network on command.

    with FaultProxy(postgres.port) as proxy:
        windlass("--store", f"postgres://postgres@127.0.0.1:{proxy.port}/postgres")
        proxy.delay(0.05)           # half of the extra round trip, in seconds
        proxy.stall(DOWN)           # the server hears all, the client nothing
        proxy.resume()
        proxy.cut_after(100, DOWN)  # in the middle of an answer
        proxy.lie(b"true", b"fals") # what one end says reaches the other changed
        proxy.reset()               # RST to both ends of every connection
        proxy.refuse()              # nobody listens any more

A stalled direction keeps its bytes and delivers them on resume(), as TCP does
after a partition; one that is never resumed is a black hole. The kernel still
acknowledges what it receives, so keepalives do not notice: only a deadline
does. New connections are accepted while stalled, and get no further.

Runs in a thread of its own; every command has taken effect when it returns.
"""

import asyncio
import socket
import struct
import threading

UP = "up"      # from the client to the server
DOWN = "down"  # from the server to the client
BOTH = (UP, DOWN)

CHUNK = 64 * 1024
# Of one connection and direction; then the proxy reads no more, and the sender
# is held back as by a full socket.
CHUNKS_HELD = 64


class FaultProxy:
    """`target` is a port of 127.0.0.1. Listens on `port` from start() on."""

    def __init__(self, target):
        self.target = target
        self.port = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener = None
        self._links = set()
        self._delays = {UP: 0.0, DOWN: 0.0}
        self._flows = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        self._left = {UP: None, DOWN: None}  # bytes until the cut
        self._lies = {UP: (b"", b""), DOWN: (b"", b"")}
        self.accepted = 0  # connections so far

    def start(self):
        for flow in self._flows.values():
            flow.set()
        self._thread.start()
        self._run(self._listen())
        return self

    def close(self):
        if not self._thread.is_alive():
            return
        self._run(self._refuse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # --- commands; `directions` is UP, DOWN or BOTH

    def delay(self, seconds, directions=BOTH):
        """Bytes arrive this much later, in order, without a limit of rate."""
        self._set(self._delays, directions, seconds)

    def stall(self, directions=BOTH):
        self._call(lambda: [self._flows[d].clear() for d in each(directions)])

    def resume(self):
        """Ends a stall; what was held back is delivered."""
        self._call(lambda: [flow.set() for flow in self._flows.values()])

    def cut_after(self, count, directions=DOWN):
        """The connection over which the next `count` bytes have gone, counted
        over all connections, is reset. Happens once."""
        self._set(self._left, directions, count)

    def lie(self, truth, lie, directions=DOWN):
        """Puts one for the other, of the same length, where it came in one piece."""
        self._set(self._lies, directions, (truth, lie))

    def reset(self):
        """Resets every connection; new ones are welcome."""
        self._run(self._reset_everything())

    def refuse(self):
        """Resets every connection and stops listening."""
        self._run(self._refuse())

    def accept(self):
        """Listens again, on the same port."""
        self._run(self._listen())

    @property
    def open(self):
        """How many connections there are."""
        return len(self._links)

    # --- inside, on the loop's thread

    async def _listen(self):
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self.port or 0))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self):
        try:
            link = Link(self._listener.accept()[0])
        except OSError:
            return  # the client has gone already
        self.accepted += 1
        link.task = self._loop.create_task(self._serve(link))
        self._links.add(link)

    async def _serve(self, link):
        try:
            await self._loop.sock_connect(link.server, ("127.0.0.1", self.target))
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(UP, link.client, link.server, link))
                both.create_task(self._carry(DOWN, link.server, link.client, link))
        except* OSError:
            link.reset()
        link.close()
        self._links.discard(link)

    async def _carry(self, direction, source, sink, link):
        """Reading and sending are apart, so that delays do not add up."""
        held = asyncio.Queue(CHUNKS_HELD)

        async def read():
            chunk = b"begin"
            while chunk:
                chunk = await self._loop.sock_recv(source, CHUNK)
                await held.put((self._loop.time() + self._delays[direction], chunk))

        async with asyncio.TaskGroup() as both:
            both.create_task(read())
            both.create_task(self._send(direction, held, sink, link))

    async def _send(self, direction, held, sink, link):
        while True:
            due, chunk = await held.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._flows[direction].wait()
            if not chunk:
                sink.shutdown(socket.SHUT_WR)
                return
            truth, lie = self._lies[direction]
            chunk = chunk.replace(truth, lie) if truth else chunk
            left = self._left[direction]
            if left is None or len(chunk) < left:
                self._left[direction] = left and left - len(chunk)
                await self._loop.sock_sendall(sink, chunk)
                continue
            self._left[direction] = None
            await self._loop.sock_sendall(sink, chunk[:left])
            self._loop.create_task(self._reset([link]))
            return

    async def _refuse(self):
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        await self._reset_everything()

    async def _reset_everything(self):
        await self._reset(list(self._links))

    async def _reset(self, links):
        for link in links:
            link.task.cancel()
        await asyncio.gather(*(link.task for link in links), return_exceptions=True)
        for link in links:
            link.reset()
            self._links.discard(link)

    # --- between the threads

    def _set(self, values, directions, value):
        self._call(lambda: values.update({d: value for d in each(directions)}))

    def _call(self, action):
        async def call():
            action()
        self._run(call())

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


class Link:
    """One client's connection and its continuation to the server."""

    def __init__(self, client):
        self.client = client
        self.server = socket.socket()
        self.task = None
        for end in (self.client, self.server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self):
        """Without lingering, closing a socket sends RST instead of FIN."""
        for end in (self.client, self.server):
            if end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.client.close()
        self.server.close()


def each(directions):
    return (directions,) if isinstance(directions, str) else directions
