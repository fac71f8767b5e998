"""`holdfast login` with a second factor, and over TLS with a certificate of one's own."""

import json
import subprocess

import pexpect
import pyotp
import pytest

from ..system.house import Holdfast, sleeper
from .typed import Typist

PASSWORD = "correct horse"


def recovery_codes(house: Holdfast, name: str) -> list[str]:
    """Turn the second factor of an account on; return its recovery codes."""
    who = {"username": name}
    secret = house.local.post("/account/factor", params=who, json={}).raise_for_status().json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    answer = house.local.post("/account/factor/confirm", params=who, json=code).raise_for_status()
    codes: list[str] = answer.json()["recovery"]
    return codes


def test_the_code_of_a_second_factor_is_asked_for(shell: Typist, running: Holdfast) -> None:
    shell("accounts", "create", "ann", "--password-stdin", typed=PASSWORD)
    codes = recovery_codes(running, "ann")
    url = f"http://127.0.0.1:{running.port}"
    said = shell("login", url, "-u", "ann", "--password-stdin", typed=PASSWORD, code=2)
    assert said.err == ("holdfast: there is no terminal to type a secret into: hand it over with --code\n")
    with shell.terminal("login", url, "--username", "ann") as child:
        child.expect_exact("Password of ann: ")
        child.sendline(PASSWORD)
        child.expect_exact("Code of the second factor: ")
        child.sendline("AAAA-AAAA-AAAA-AAAA")
        child.expect_exact("holdfast: The code of your second factor is wrong!")
        child.expect_exact("Code of the second factor: ")
        child.sendline(codes[0])
        child.expect_exact(f"logged in to {url} as ann (context 127.0.0.1)")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    said = shell("login", url, "-u", "ann", "--code", codes[1], "--password-stdin", "--json", typed=PASSWORD)
    assert json.loads(said.out) == {"context": "127.0.0.1", "url": url, "username": "ann"}
    told = json.loads(shell("sessions", "list", "--user", "ann", "--json").out)
    assert len(told) == 1, "the one before was ended"
    shell("accounts", "update", "ann", "--no-factor")
    assert json.loads(shell("accounts", "list", "--json").out)["ann"]["secondFactor"] is False
    shell("accounts", "delete", "ann")


def test_a_certificate_of_ones_own_is_trusted_by_the_context(house: Holdfast, typist: Typist) -> None:
    cert, key = house.path("own.crt"), house.path("own.key")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += [
        "-subj",
        "/CN=holdfast",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        cert,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    house.configure(web=sleeper())
    house.start()
    house.settings["https"] = {"enabled": True, "cert": cert, "key": key}
    typist("config", "edit", "-", typed=house.text(web=sleeper()))
    url = f"https://127.0.0.1:{house.port}"
    said = typist("version", "--url", url)
    assert "its certificate is not trusted: " in said.out
    key = typist("keys", "create", "away").out
    typist("context", "add", "own", url, "--ca", "own.crt", "--token-stdin", typed=key)
    assert list(json.loads(typist("list", "--json", "-C", "own").out)) == ["web"]
    assert list(json.loads(typist("list", "--json", "--url", url).out)) == ["web"]
