"""From the config to the plan: what the supervisor is told, and that is per program only."""

from supervisor import InvalidSpec, Plan, ReadyPolicy, ScrollbackPolicy, ServiceSpec

from .config import Config, ConfigError, Server


def compile_plan(config: Config) -> Plan:
    """Return the plan for a config, in the order of the file; raises `ConfigError`."""
    return Plan(tuple(compile_service(name, server) for name, server in config.servers.items()))


def compile_service(name: str, server: Server) -> ServiceSpec:
    """Return what the plan says of one server; raises `ConfigError`."""
    try:
        return ServiceSpec(
            name=name,
            command=server.command,
            directory=server.directory,
            environment=server.environment,
            autostart=server.enabled,
            stop=server.stop,
            restart=server.restart,
            execution=server.execution,
            limits=server.limits,
            terminal=server.terminal,
            scrollback=ScrollbackPolicy(lines=server.scrollback_lines, bytes=server.scrollback_bytes),
            boot=server.boot,
            leftovers=server.leftovers,
            after=server.order.after,
            requires=server.order.requires,
            ready=ReadyPolicy(server.health.ready, server.health.start_timeout, server.health.watchdog),
        )
    except InvalidSpec as exc:  # what the config let through by mistake
        raise ConfigError("config", 0, 0, f"servers.{name}", str(exc)) from exc
