import os
import socket
import stat
from pathlib import Path

import pytest

from daemon.config import ConfigError, ConfigFile, find_config
from daemon.hujson import MAX_BYTES

from ..fulldisk import full_disk

TEXT = b"\xef\xbb\xbf// a comment\r\n{\r\n  port: 1, /* another */\r\n}\r\n# the last one, without a newline"


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "config.hjson"
    path.write_bytes(b"port: 5 # old")
    return ConfigFile(str(path))


def error_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        ConfigFile(str(path)).load()
    return str(caught.value).removeprefix(f"{path}: ")


def test_what_is_written_is_read_byte_for_byte(file: ConfigFile) -> None:
    file.write(TEXT)
    assert file.read() == TEXT
    assert file.load().port == 1


def test_relative_paths_start_at_the_folder_of_the_file(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = os.path.dirname(file.path)
    assert file.load().logging.path == f"{folder}/logs"
    monkeypatch.chdir(folder)
    assert ConfigFile("config.hjson").load().logging.path == f"{folder}/logs"


def test_parse_looks_at_the_text_only(file: ConfigFile) -> None:
    assert file.parse(b"port: 6").port == 6
    assert file.load().port == 5


def test_a_mistake_names_the_file(file: ConfigFile) -> None:
    with pytest.raises(ConfigError) as caught:
        file.parse(b"{\nport: x\n}")
    error = caught.value
    assert str(error) == f"{file.path}:2:7: port: expected a whole number, got a string"
    assert (error.file, error.line, error.column, error.key) == (file.path, 2, 7, "port")
    assert error.reason == "expected a whole number, got a string"


def test_what_is_not_a_readable_file_is_refused(tmp_path: Path) -> None:
    assert error_of(tmp_path / "missing") == "cannot be read: No such file or directory"
    assert error_of(tmp_path) == "cannot be read: Is a directory"
    (tmp_path / "loop").symlink_to("loop")
    assert error_of(tmp_path / "loop") == "cannot be read: Too many levels of symbolic links"
    assert error_of(Path("/dev/zero")) == "is not a regular file"


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert error_of(tmp_path / "fifo") == "is not a regular file"


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert error_of(tmp_path / "socket") == "cannot be read: No such device or address"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_we_may_not_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0)
    assert error_of(tmp_path / "secret") == "cannot be read: Permission denied"


def test_a_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(100_000_000)
    assert error_of(tmp_path / "large") == f"is larger than {MAX_BYTES} bytes"


def test_a_write_keeps_the_mode(file: ConfigFile) -> None:
    os.chmod(file.path, 0o640)
    file.write(TEXT)
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_write_keeps_the_owner(file: ConfigFile) -> None:
    os.chown(file.path, 1234, 2345)
    file.write(TEXT)
    after = os.stat(file.path)
    assert (after.st_uid, after.st_gid) == (1234, 2345)


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = ConfigFile(str(tmp_path / "config.json"))
    file.write(TEXT)
    assert file.read() == TEXT
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600


def test_a_write_goes_through_a_symbolic_link(file: ConfigFile, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "link.json"
    link.symlink_to("../config.hjson")
    ConfigFile(str(link)).write(TEXT)
    assert link.is_symlink()
    assert file.read() == TEXT
    assert os.listdir(tmp_path / "etc") == ["link.json"]


def test_a_write_that_fails_changes_nothing_and_leaves_nothing(file: ConfigFile, tmp_path: Path) -> None:
    with full_disk(10), pytest.raises(OSError, match="File too large"):
        file.write(TEXT)
    assert file.read() == b"port: 5 # old"
    assert os.listdir(tmp_path) == ["config.hjson"]


def test_a_write_to_a_folder_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        ConfigFile(str(tmp_path / "folder")).write(TEXT)
    assert os.listdir(tmp_path) == ["folder"]


def test_a_reader_has_the_whole_old_text_or_the_whole_new_one(file: ConfigFile) -> None:
    with open(file.path, "rb") as reader:
        file.write(TEXT)
        assert reader.read() == b"port: 5 # old"
    assert file.read() == TEXT


def test_the_config_is_the_one_asked_for_or_the_hjson_or_the_json(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert find_config("elsewhere", folder) == "elsewhere"
    with pytest.raises(ConfigError) as caught:
        find_config(None, folder)
    assert str(caught.value) == f"{folder}: there is neither a config.hjson nor a config.json here"
    (tmp_path / "config.json").touch()
    assert find_config(None, folder) == f"{folder}/config.json"
    (tmp_path / "config.hjson").touch()
    assert find_config(None, folder) == f"{folder}/config.hjson"


def test_the_example_is_without_a_warning() -> None:
    example = Path(__file__).parents[2] / "config.example.hjson"
    config = ConfigFile(str(example)).load()
    assert config.servers
    assert config.warnings == ()
