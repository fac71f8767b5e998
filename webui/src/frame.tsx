/** What stands around every page: where one can go, and what is wrong with all of it. */

import { signal } from "@preact/signals";
import { account, logOut, may, maySomewhere } from "./api/account";
import { useMessages } from "./live/messages";
import { connection } from "./live/stream";
import { store } from "./live/store";
import { Page } from "./pages";
import { Icon, type IconName } from "./parts/icon";
import { Button } from "./parts/button";
import { now } from "./parts/time";
import { hashOf, mayLeave, place } from "./route";
import { t } from "./strings";
import { chooseTheme, theme, type Theme } from "./theme";

/** Seconds after which it is told that the connection is cut: the daemon is back after less, as a rule. */
const PATIENCE = 2;

const drawer = signal(false);

/** Draw it. */
export function Frame() {
  useMessages();
  return (
    <div class="frame">
      <a class="skip" href="#content" onClick={skip}>
        {t.skip}
      </a>
      <header class="top">
        <Button kind="quiet" icon="menu" label={t.nav.menu} onClick={() => void (drawer.value = true)} />
        <Brand />
      </header>
      {drawer.value && <div class="shade" onClick={() => void (drawer.value = false)} />}
      <Side />
      <div class="main">
        <Alerts />
        <main class="content" id="content" tabIndex={-1}>
          <Page />
        </main>
      </div>
    </div>
  );
}

function skip(event: Event): void {
  // The hash is where we are; to jump within the page must not change it.
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Brand() {
  return (
    <a class="brand" href="#/">
      <img src="./favicon.svg" alt="" />
      {t.product}
    </a>
  );
}

function Side() {
  const jobs = store.jobs.value.filter((job) => job.state === "running" || job.state === "waiting").length;
  const close = () => void (drawer.value = false);
  return (
    <nav
      class={drawer.value ? "side shown" : "side"}
      aria-label={t.nav.main}
      onClick={(event) => {
        if ((event.target as Element).closest("a")) close();
      }}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <Brand />
      <Item to="" icon="server" text={t.nav.servers} />
      <Item to="jobs" icon="activity" text={t.nav.jobs} count={jobs} />
      {may("host.view") && <Item to="host" icon="settings" text={t.nav.host} />}
      <div class="group">{t.nav.administration}</div>
      {may("accounts.view") && <Item to="accounts" icon="users" text={t.nav.accounts} />}
      <Item to="keys" icon="key" text={t.nav.keys} />
      <Item to="shares" icon="link" text={t.nav.shares} />
      <Item to="sessions" icon="eye" text={t.nav.sessions} />
      {maySomewhere("audit.view") && <Item to="audit" icon="list" text={t.nav.audit} />}
      {may("config.view") && <Item to="config" icon="edit" text={t.nav.config} />}
      {may("notifications.view") && <Item to="notifications" icon="bell" text={t.nav.notifications} />}
      <div class="rest" />
      <Themes />
      <Item to="account" icon="user" text={account.value?.name ?? ""} hint={t.nav.account} />
      <button type="button" class="item" onClick={() => void (mayLeave() && logOut())}>
        <Icon name="logout" />
        <span>{t.nav.logout}</span>
      </button>
    </nav>
  );
}

function Item(props: { to: string; icon: IconName; text: string; count?: number; hint?: string }) {
  const [first = ""] = place.value.parts;
  const here = props.to === "" ? first === "" || first === "server" : first === props.to;
  return (
    <a
      class="item"
      href={hashOf(props.to === "" ? [] : [props.to])}
      aria-current={here ? "page" : undefined}
      title={props.hint}
    >
      <Icon name={props.icon} />
      <span class="clip">{props.text}</span>
      {props.count ? <span class="chip plain count">{props.count}</span> : null}
    </a>
  );
}

function Themes() {
  const choices: Theme[] = ["system", "dark", "light"];
  const next = choices[(choices.indexOf(theme.value) + 1) % choices.length] ?? "system";
  return (
    <button type="button" class="item" aria-label={t.nav.themeIs(t.nav.themes[theme.value])} title={t.nav.theme} onClick={() => chooseTheme(next)}>
      <Icon name={theme.value === "light" ? "sun" : "moon"} />
      <span>{t.nav.themes[theme.value]}</span>
    </button>
  );
}

function Alerts() {
  const { state, since } = connection.value;
  const cut = state === "cut" && now.value * 1000 - since > PATIENCE * 1000;
  return (
    <div class="alerts" role="status">
      {cut && <Notice text={t.nav.cut} />}
      {!cut && !store.supervised.value && <Notice text={t.nav.unsupervised} />}
    </div>
  );
}

function Notice({ text }: { text: string }) {
  return (
    <div class="notice">
      <Icon name="alert" />
      <span>{text}</span>
    </div>
  );
}

