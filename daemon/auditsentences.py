"""What the journal says of actions: a sentence for each; what was typed into a console is in none."""

from collections import defaultdict
from collections.abc import Mapping

SENTENCES = {
    "accounts.create": "{user} made the account {taggedUser}",
    "accounts.delete": "{user} deleted the account {taggedUser}",
    "accounts.factor.off": "{user} turned off the second factor of {taggedUser}",
    "accounts.factor.on": "{user} turned on the second factor of {taggedUser}",
    "accounts.factor.recovery": "{user} made new recovery codes for {taggedUser}",
    "accounts.update": "{user} changed the account {taggedUser}",
    "audit.view": "{user} read the audit log",
    "auth.login": "{user} logged in from {ip}",
    "auth.logout": "{user} logged out",
    "keys.create": "{user} made the API key {keyName}",
    "keys.delete": "{user} ended the API key {keyName} of {taggedUser}",
    "sessions.end": "{user} ended {count} sessions of {taggedUser}",
    "shares.create": "{user} shared a {kind} of {server}",
    "shares.delete": "{user} ended a share of a {kind} of {server}",
    "config.edit": "{user} changed the config",
    "config.reload": "{user} reloaded the config",
    "config.view": "{user} read the config",
    "notifications.test": "{user} tested the notifications of {target}",
    "jobs.cancel": "{user} stopped a job of {server}",
    "schedule.miss": "{user} missed {schedule} of {server}",
    "schedule.run": "{user} ran {schedule} of {server}",
    "schedule.skip": "{user} skipped {schedule} of {server}",
    "server.console.access": "{user} opened the console of {server}",
    "server.console.logs": "{user} read the logs of {server}",
    "server.console.input": "{user} typed into the console of {server}",
    "server.files.bulk": "{user} did several things with files of {server}",
    "server.files.changeMode": "{user} changed the mode of {path} of {server}",
    "server.files.compress": "{user} made the archive {archive} of files of {server}",
    "server.files.copy": "{user} copied {src} to {dest} in {server}",
    "server.files.createFolder": "{user} made the folder {path} in {server}",
    "server.files.decompress": "{user} extracted {archive} into {destPath} in {server}",
    "server.files.delete": "{user} deleted {path} of {server}",
    "server.files.discardUpload": "{user} gave up an upload to {server}",
    "server.files.download": "{user} downloaded {path} from {server}",
    "server.files.move": "{user} moved {src} to {dest} in {server}",
    "server.files.purge": "{user} deleted from the trash of {server} for good",
    "server.files.restore": "{user} put {path} of {server} back from the trash",
    "server.files.upload": "{user} uploaded {path} to {server}",
    "server.kill": "{user} killed {server}",
    "server.pause": "{user} paused {server}",
    "server.resume": "{user} let {server} go on",
    "server.restart": "{user} restarted {server}",
    "server.signal": "{user} sent {signal} to {server}",
    "server.start": "{user} started {server}",
    "server.stop": "{user} stopped {server}",
}
"""What the journal says of an action that was done; of any other, its name."""


def sentence(action: str, result: str, cause: str, words: Mapping[str, object]) -> str:
    """Return what there is to say; `words` are the fields of the entry, `user` among them."""
    known = defaultdict(lambda: "?", words)
    if result == "success":
        return SENTENCES.get(action, f"{{user}}: {action}").format_map(known)
    where = f" of {words['server']}" if "server" in words else f" from {words['ip']}"
    return f"{words['user']}: {action}{where} {'was ' if result == 'denied' else ''}{result}: {cause}"
