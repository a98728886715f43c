"""The command says what went wrong in a line, completes itself, and talks to machines as well as to people."""

import errno
import os
import pty
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import zarr
from people_cases import QUIET, make_pco_array, make_tree, one_line_failure, run, run_json
from servers import BUCKET, CREDENTIAL, range_server, s3_server

from pcodec_numcodecs import PcoSerializer
from pcodec_numcodecs.cli import _COMMANDS, _parser, main

pytestmark = pytest.mark.filterwarnings(*QUIET)

NAMES = [module.__name__.rpartition(".")[2] for module in _COMMANDS]
READING = ("inspect", "verify", "explain", "compare", "recommend")
COMMAND = (sys.executable, "-m", "pcodec_numcodecs")


@pytest.mark.parametrize("name", NAMES)
def test_help_is_enough_to_use_it(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 5
    assert max(map(len, out.splitlines())) <= 130
    options = re.findall(r"^  (?:-\w, )?(--[\w-]+)(?: [A-Z0-9=.,_]+)?(?:\s{2,}|\n\s+)(\S.*)$", out, re.MULTILINE)
    assert {option for option, _ in options} >= {"--help"}
    assert all(len(told) > 10 for _, told in options)
    if name not in ("demo", "warmup", "completion"):
        assert f"pcodec-numcodecs {name} " in out  # an example
        assert {"--json", "--html", "--storage-option"} <= {option for option, _ in options}
    if name != "completion":
        assert "--json" in out


def test_all_commands_are_listed(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    for name in NAMES:
        assert re.search(rf"^    {name}\s+\w+ ", out, re.MULTILINE)


@pytest.mark.parametrize("name", READING)
class TestFailures:
    """One line on stderr, nothing on stdout, exit code 1."""

    def test_no_such_path(self, name, tmp_path, capsys):
        assert "no such file or directory" in one_line_failure(capsys, name, tmp_path / "nowhere.zarr")

    def test_not_a_store(self, name, tmp_path, capsys):
        (tmp_path / "file").write_text("text")
        assert "not a Zarr store: there is no zarr.json" in one_line_failure(capsys, name, tmp_path)

    def test_not_a_zip_file(self, name, tmp_path, capsys):
        (tmp_path / "a.zip").write_text("text")
        assert "cannot be read as a zip file" in one_line_failure(capsys, name, tmp_path / "a.zip")

    def test_nothing_at_a_path_in_a_zip_file(self, name, tmp_path, capsys):
        make_pco_array(tmp_path / "a.zarr")
        shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "a.zarr")
        assert "not a Zarr store" in one_line_failure(capsys, name, tmp_path / "a.zip/nope")

    def test_no_permission(self, name, tmp_path, capsys, monkeypatch):
        make_pco_array(tmp_path / "a.zarr")

        def refuse(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        monkeypatch.setattr(os, "listdir", refuse)
        assert "no permission to read it" in one_line_failure(capsys, name, tmp_path / "a.zarr")

    def test_metadata_that_are_no_json(self, name, tmp_path, capsys):
        make_pco_array(tmp_path / "a.zarr")
        (tmp_path / "a.zarr/zarr.json").write_text("{")
        assert "zarr.json: not JSON" in one_line_failure(capsys, name, tmp_path / "a.zarr")

    def test_no_such_scheme(self, name, capsys):
        assert "nonsense://" in one_line_failure(capsys, name, "nonsense://bucket/a.zarr")

    def test_no_server(self, name, capsys):
        assert "cannot be read" in one_line_failure(capsys, name, "http://127.0.0.1:1/a.zarr")


def test_a_report_that_cannot_be_written_is_one_line(tmp_path, capsys):
    make_pco_array(tmp_path / "a.zarr")
    line = one_line_failure(capsys, "inspect", tmp_path / "a.zarr", "--html", tmp_path / "nowhere/report.html")
    assert "No such file or directory" in line
    line = one_line_failure(capsys, "inspect", tmp_path / "a.zarr", "--plot", tmp_path / "plot.nonsense")
    assert "nonsense" in line


def test_a_plot_without_matplotlib_is_one_line(tmp_path, capsys, monkeypatch):
    make_pco_array(tmp_path / "a.zarr")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    line = one_line_failure(capsys, "inspect", tmp_path / "a.zarr", "--plot", tmp_path / "plot.png")
    assert "pip install 'pcodec-numcodecs[plot]'" in line


def test_an_unexpected_error_is_one_line_and_can_be_traced(tmp_path, capsys, monkeypatch):
    make_pco_array(tmp_path / "a.zarr")
    from pcodec_numcodecs import stores

    def fail(*arguments, **more):
        raise KeyError("some\nthing")

    monkeypatch.setattr(stores, "inspect", fail)
    assert "KeyError" in one_line_failure(capsys, "inspect", tmp_path / "a.zarr")
    with pytest.raises(KeyError):
        main(["inspect", str(tmp_path / "a.zarr"), "--traceback"])


@pytest.mark.parametrize(
    "arguments",
    [["inspect"], ["convert", "a"], ["inspect", "a", "--nope"], ["convert", "a", "b", "--level", "13"], ["nope"]],
)
def test_wrong_arguments_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_wrong_storage_options_end_with_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["inspect", "s3://a/b", "--storage-option", "anon"])
    assert "must be KEY=VALUE, got 'anon'" in capsys.readouterr().err


def test_json_of_every_command(tmp_path, capsys):
    make_tree(tmp_path / "tree.zarr")
    assert run_json(capsys, "inspect", tmp_path / "tree.zarr")[1]["groups"] == 2
    assert run_json(capsys, "verify", tmp_path / "tree.zarr")[1]["ok"] is True
    code, found = run_json(capsys, "convert", tmp_path / "tree.zarr", tmp_path / "new.zarr", "--level", "0")
    assert (code, found["resumed"]) == (0, False)
    assert run_json(capsys, "inspect", tmp_path / "new.zarr/field", "--chunk", "0.0")[1]["summary"]["kind"] == "frame"
    assert run_json(capsys, "explain", tmp_path / "new.zarr/field")[1]["tried"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough(tmp_path, unbuffered):
    make_tree(tmp_path / "tree.zarr")
    process = subprocess.Popen(
        [*COMMAND, "inspect", tmp_path / "tree.zarr"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


def on_a_terminal(*arguments):
    """Run the command on a terminal, its input, output and errors alike; return what appears."""
    primary, secondary = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdin=secondary, stdout=secondary, stderr=secondary, env=environment
    )
    os.close(secondary)
    seen = b""
    while True:
        try:
            part = os.read(primary, 1 << 16)
        except OSError:  # Linux's way to tell the end
            break
        if not part:
            break
        seen += part
    os.close(primary)
    assert process.wait(timeout=60) == 0
    return seen.decode()


def test_progress_and_colours_on_a_terminal_only(tmp_path):
    make_pco_array(tmp_path / "a.zarr")
    seen = on_a_terminal("inspect", tmp_path / "a.zarr")
    assert re.search(r"\r\[#{24}\] 1/1 ", seen)
    assert "\x1b[38;2;" in seen
    quiet = subprocess.run([*COMMAND, "inspect", tmp_path / "a.zarr"], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    assert "\x1b" not in quiet.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
class TestCompletion:
    @staticmethod
    def complete(*words):
        script = subprocess.run([*COMMAND, "completion", "bash"], capture_output=True, text=True, check=True).stdout
        quoted = " ".join(f"'{word}'" for word in words)
        probe = f'COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _pcodec_numcodecs; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", f"{script}\n{probe}"], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_commands_options_and_files(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "data.zarr").mkdir()
        assert self.complete("pcodec-numcodecs", "") == [*NAMES, "--help", "--version"]
        assert self.complete("pcodec-numcodecs", "ver") == ["verify"]
        assert self.complete("pcodec-numcodecs", "inspect", "--ch") == ["--chunk"]
        assert self.complete("pcodec-numcodecs", "inspect", "dat") == ["data.zarr"]
        assert self.complete("pcodec-numcodecs", "completion", "z") == ["zsh"]

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_every_option_is_known_to_every_shell(self, shell, capsys):
        code, out, _ = run(capsys, "completion", shell)
        assert code == 0
        for name in NAMES:
            assert name in out
        for option in ("--chunk", "--scheduler", "--zarr-format", "--codecs"):
            assert (f"-l {option[2:]} " if shell == "fish" else option) in out
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=out, text=True, check=True)


def test_the_parser_has_no_abbreviations_that_change_meaning():
    chosen = _parser().parse_args(["convert", "a", "b", "--storage-option", "anon=true", "--storage-option", "key=k"])
    assert dict(chosen.storage_option) == {"anon": True, "key": "k"}


class TestRemote:
    """Stores behind URLs, named as users name them."""

    def test_http(self, tmp_path, capsys):
        arrays = make_tree(tmp_path / "tree.zarr", consolidated=True)
        make_pco_array(tmp_path / "alone.zarr")
        with range_server(tmp_path) as server:
            code, found = run_json(capsys, "inspect", f"{server.url}/tree.zarr")
            assert code == 0
            assert {a["path"] for a in found["arrays"]} == arrays.keys()
            assert run_json(capsys, "verify", f"{server.url}/alone.zarr")[1]["ok"]
            code, found = run_json(capsys, "convert", f"{server.url}/tree.zarr", tmp_path / "new.zarr", "--level", "0")
            assert code == 0
            assert "not a Zarr store" in one_line_failure(capsys, "verify", f"{server.url}/nothing.zarr")
        new = zarr.open_group(tmp_path / "new.zarr", mode="r")
        assert all(new[name][...].tobytes() == cells.tobytes() for name, cells in arrays.items())

    def test_s3(self, tmp_path, capsys):
        arrays = make_tree(tmp_path / "tree.zarr")
        with s3_server() as server:
            options = []
            for option in (
                f"key={CREDENTIAL}",
                f"secret={CREDENTIAL}",
                f"endpoint_url={server.url}",
                'client_kwargs={"region_name": "us-east-1"}',
            ):
                options += ["--storage-option", option]
            url = f"s3://{BUCKET}/new.zarr"
            code, found = run_json(capsys, "convert", tmp_path / "tree.zarr", url, "--level", "0", *options)
            assert (code, found["resumed"]) == (0, False)
            code, found = run_json(capsys, "verify", url, *options)
            assert (code, found["ok"]) == (0, True)
            assert {a["path"] for a in found["arrays"]} == arrays.keys()
            # It is finished, so nothing may be written over it.
            line = one_line_failure(capsys, "convert", tmp_path / "tree.zarr", url, *options)
            assert "must be empty, or an unfinished conversion" in line
            code, _, errors = run(capsys, "inspect", f"{url}/field", "--chunk", "0.0", *options)
            assert (code, errors) == (0, [])

    def test_an_unfinished_store_is_marked_and_not_opened_by_mistake(self, tmp_path, capsys, monkeypatch):
        from zarr.storage import FsspecStore

        make_tree(tmp_path / "tree.zarr")
        written = FsspecStore.set
        left = 25

        async def limited(self, key, value, **more):
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            await written(self, key, value, **more)

        (tmp_path / "remote").mkdir()
        url = f"local://{tmp_path}/remote/new.zarr"
        options = ("--storage-option", "auto_mkdir=true")
        with monkeypatch.context() as patch:
            patch.setattr(FsspecStore, "set", limited)
            line = one_line_failure(capsys, "convert", tmp_path / "tree.zarr", url, "--level", "0", *options)
        assert "no space is left" in line
        assert (tmp_path / "remote/new.zarr/unfinished-conversion.json").exists()
        assert "not a Zarr store" in one_line_failure(capsys, "inspect", url)
        code, found = run_json(capsys, "convert", tmp_path / "tree.zarr", url, "--level", "0", *options)
        assert (code, found["resumed"]) == (0, True)
        assert not (tmp_path / "remote/new.zarr/unfinished-conversion.json").exists()
        assert run_json(capsys, "verify", tmp_path / "remote/new.zarr")[1]["ok"]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None or sys.platform != "linux",
    reason="mounts a small disk: needs root",
)
def test_a_disk_that_is_really_full(tmp_path, capsys):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        noise = np.random.default_rng(0).integers(0, 2**32, (40, 10_000), "u4")
        zarr.create_array(
            tmp_path / "src.zarr", data=noise, chunks=(1, 10_000), serializer=PcoSerializer(level=0), compressors=None
        )
        line = one_line_failure(capsys, "convert", tmp_path / "src.zarr", disk / "dst.zarr", "--level", "0")
        assert "no space is left on the device" in line
        assert [p.name for p in disk.iterdir()] == ["dst.zarr.unfinished"]
        assert "run the same command again" in line
        line = one_line_failure(capsys, "convert", tmp_path / "src.zarr", disk / "other.zip", "--level", "0")
        assert "no space is left on the device" in line
    finally:
        subprocess.run(["umount", disk], check=True)
