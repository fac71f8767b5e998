"""Holdfast with its web page on a free port."""

import time
from typing import cast

import httpx
import pyotp
from playwright.sync_api import BrowserContext

from ..system.house import Holdfast, free_port


class Site(Holdfast):
    """One folder, the Holdfast that runs in it, and its page."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        web = self.port
        while web == self.port:  # the kernel may choose the same one twice
            web = free_port()
        self.settings["webUI"] = {"enabled": True, "port": web}
        self.address = f"http://127.0.0.1:{web}/"
        """Where the page is."""

    def answers(self) -> bool:
        """Whether the page is served, too."""
        try:
            return super().answers() and httpx.get(self.address, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def let_in(self, context: BrowserContext) -> None:
        """Give the browser the cookie of a session of its own; quicker than the form."""
        answer = context.request.post(
            f"{self.address}api/login?cookie=true", headers={"Username": "admin", "Password": self.password}
        )
        assert answer.ok, answer.text()
        self._secrets |= {self.password, *(cookie["value"] for cookie in context.cookies())}

    def turn_on_factor(self) -> pyotp.TOTP:
        """Turn on the second factor of the first account; return what shows its codes."""
        self.log_in()
        given = self.remote.post("/account/factor", json={"password": self.password}).raise_for_status()
        device = pyotp.TOTP(cast("str", given.json()["secret"]))
        # A code is good once: this is the one before that of now.
        code = device.at(int(time.time()) - device.interval)
        self.remote.post("/account/factor/confirm", json={"code": code}).raise_for_status()
        return device
