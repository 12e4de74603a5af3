"""The downloader against a server on this machine: digest, resume, refusals."""

import hashlib
import io
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ml.datasets import fetch as fetching
from ml.datasets import get
from ml.datasets.dataset import Download

BODY = bytes(range(256)) * 2000
SHA = f"sha256:{hashlib.sha256(BODY).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    """Serves `server.bodies`; breaks off after `server.break_after` bytes, once."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        body = self.server.bodies.get(self.path)
        if body is None:
            self.send_error(404)
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        stop, self.server.break_after = self.server.break_after, None
        self.wfile.write(body[start:stop])

    def log_message(self, *args):
        """Tests print nothing."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.bodies, server.asked, server.break_after = {"/a.bin": BODY}, [], None
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def source(server, digest=SHA, file="a.bin", path="/a.bin", member=""):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return replace(get("pima"), downloads=(Download(url, file, digest, member),))


def fetch(dataset, folder):
    screen = io.StringIO()
    return fetching.fetch(dataset, folder, screen=screen), screen.getvalue()


def test_a_file_comes_whole_with_a_bar_that_ends_at_100_per_cent(server, tmp_path):
    files, shown = fetch(source(server), tmp_path / "new")
    assert files == [tmp_path / "new" / "a.bin"]
    assert files[0].read_bytes() == BODY
    assert shown.endswith("██ 100% of 0.5 MB\n")


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    server.break_after = 300_000
    with pytest.raises(fetching.CannotFetch, match="Run the same command again"):
        fetch(source(server), tmp_path)
    files, _ = fetch(source(server), tmp_path)
    assert files[0].read_bytes() == BODY
    assert server.asked[1] == ("/a.bin", "bytes=300000-")
    assert not list(tmp_path.glob("*.part"))


def test_a_whole_file_is_not_fetched_again(server, tmp_path):
    fetch(source(server), tmp_path)
    _, shown = fetch(source(server), tmp_path)
    assert shown == "a.bin: already here\n"
    assert len(server.asked) == 1


def test_another_file_than_the_published_one_is_not_kept(server, tmp_path):
    server.bodies["/a.bin"] = b"other"
    with pytest.raises(fetching.CannotFetch, match="not the file that was published"):
        fetch(source(server), tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_a_published_digest_the_first_one_is_kept_and_holds(server, tmp_path):
    fetch(source(server, digest=""), tmp_path)
    (tmp_path / "a.bin").unlink()
    server.bodies["/a.bin"] = b"changed"
    with pytest.raises(fetching.CannotFetch, match="not the file that was published"):
        fetch(source(server, digest=""), tmp_path)


def test_an_md5_of_the_source_is_checked_too(server, tmp_path):
    md5 = f"md5:{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}"
    assert fetch(source(server, digest=md5), tmp_path)[0][0].is_file()


def test_the_named_file_is_taken_out_of_an_archive(server, tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("inner/table.csv", "a\n1\n")
    server.bodies["/t.zip"] = archive.getvalue()
    dataset = source(server, digest="", file="t.zip", path="/t.zip", member="table.csv")
    files, _ = fetch(dataset, tmp_path)
    assert files == [tmp_path / "table.csv"]
    assert files[0].read_text() == "a\n1\n"


def test_an_archive_without_the_file_is_told(server, tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("else.csv", "")
    server.bodies["/t.zip"] = archive.getvalue()
    dataset = source(server, digest="", file="t.zip", path="/t.zip", member="table.csv")
    with pytest.raises(fetching.CannotFetch, match=r"t.zip holds no table.csv"):
        fetch(dataset, tmp_path)


def test_an_absent_file_is_told_with_the_answer_of_the_server(server, tmp_path):
    with pytest.raises(fetching.CannotFetch, match="HTTP 404"):
        fetch(source(server, path="/none"), tmp_path)


def test_a_set_without_an_address_says_where_to_get_it(tmp_path):
    with pytest.raises(fetching.CannotFetch, match=r"no stable public address: Ask BioLINCC"):
        fetch(get("framingham"), tmp_path)


def test_only_https_is_asked(tmp_path):
    dataset = replace(get("pima"), downloads=(Download("ftp://example.org/a", "a"),))
    with pytest.raises(fetching.CannotFetch, match="not an https address"):
        fetch(dataset, tmp_path)
