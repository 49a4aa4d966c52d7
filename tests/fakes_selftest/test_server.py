"""The common base of the HTTP fakes: connections, bodies, troubles and restarts."""

import http.client
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer


class Echo(FakeServer):
    """Answers the length of the body."""

    def answer(self, request: Request) -> Response:
        if request.path == "/bug":
            raise RuntimeError("a bug in the fake")
        return json_response({"length": len(request.body)})


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


def test_one_connection_serves_many_requests(echo: Echo) -> None:
    line = http.client.HTTPConnection("127.0.0.1", echo.port, timeout=5)
    sockets = []
    for _ in range(3):
        line.request("POST", "/a%20b?x=1&x=2", body=b"abc", headers={"X-Test": "é".encode("latin-1")})
        assert line.getresponse().read() == b'{"length": 3}'
        sockets.append(line.sock)
    line.close()
    assert len(set(sockets)) == 1
    request = echo.requests[0]
    assert (request.path, request.raw_path, request.query) == ("/a b", "/a%20b", {"x": "2"})
    assert (request.body, request.header("x-test")) == (b"abc", "é")


def test_chunked_bodies_are_put_together(echo: Echo) -> None:
    assert httpx2.post(echo.url, content=iter([b"abc", b"de"])).json() == {"length": 5}
    assert echo.requests[0].body == b"abcde"


def test_head_has_no_body(echo: Echo) -> None:
    with httpx2.Client(base_url=echo.url) as client:
        assert client.head("/").headers["content-length"] == "13"
        assert client.get("/").json() == {"length": 0}


def test_troubles_match_queue_and_run_out(echo: Echo) -> None:
    echo.behave(status=500, times=1, method="post", path="^/a$")
    echo.behave(status=503, retry_after=2.5, times=2)
    assert httpx2.get(f"{echo.url}/a").status_code == 503
    assert httpx2.post(f"{echo.url}/a").status_code == 500
    limited = httpx2.post(f"{echo.url}/a")
    assert (limited.status_code, limited.headers["retry-after"]) == (503, "2.5")
    assert httpx2.post(f"{echo.url}/a").status_code == 200
    echo.behave(status=500)
    assert [httpx2.get(echo.url).status_code for _ in range(3)] == [500] * 3
    echo.recover()
    assert httpx2.get(echo.url).status_code == 200
    echo.reset()
    assert echo.requests == []
    with pytest.raises(ValueError, match="times"):
        echo.behave(status=500, times=0)


@pytest.mark.parametrize("moment", [True, "before", "during", "after", "half_answer"])
def test_lines_go_dead_at_every_moment(echo: Echo, moment: bool) -> None:
    echo.behave(drop_connection=moment, times=1)
    with pytest.raises(httpx2.TransportError):
        httpx2.post(echo.url, content=bytes(1_000_000))
    assert httpx2.post(echo.url, content=bytes(1_000_000)).json() == {"length": 1_000_000}
    assert len(echo.requests) == 2


def test_wrong_schema_and_garbage(echo: Echo) -> None:
    echo.behave(wrong_schema=["surprise"], times=1)
    echo.behave(garbage=True, status=502, times=1)
    assert httpx2.get(echo.url).json() == ["surprise"]
    broken = httpx2.get(echo.url)
    assert broken.status_code == 502
    with pytest.raises(ValueError):
        broken.json()


def test_a_restart_keeps_the_port_and_stop_waits_for_nobody(echo: Echo) -> None:
    with httpx2.Client(base_url=echo.url, timeout=5) as client:
        assert client.get("/").status_code == 200
        echo.behave(delay=600)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.get, "/slow")
            echo.wait_for_requests(2)
            echo.stop()
            with pytest.raises(httpx2.TransportError):
                waiting.result(5)
        with pytest.raises(httpx2.ConnectError):
            client.get("/")
        echo.recover()
        echo.start()
        assert client.get("/").status_code == 200
    echo.stop()
    echo.stop()


def test_a_bug_in_a_fake_is_seen(echo: Echo) -> None:
    response = httpx2.get(f"{echo.url}/bug")
    assert response.status_code == 500
    assert "a bug in the fake" in response.text


def test_many_at_once(echo: Echo) -> None:
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: httpx2.get(echo.url).status_code, range(64)))
    assert statuses == [200] * 64
    assert len(echo.requests) == 64


def test_tls() -> None:
    with Echo(tls=True) as echo:
        trusting = ssl.create_default_context(cafile=str(echo.ca_file))
        assert httpx2.get(echo.url, verify=trusting).status_code == 200
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(echo.url)
        assert httpx2.get(echo.url, verify=trusting).status_code == 200
