/**
 * Every text that a person sees, in English: to translate the page, translate this file.
 *
 * Each page has a section. What has a number or a name in it is a function, since languages order words differently.
 */

/** Return a count with its noun. */
function some(count: number, one: string, many: string): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

export const t = {
  product: "Holdfast",
  cancel: "Cancel",
  close: "Close",
  save: "Save",
  again: "Try again",
  loading: "Loading…",
  search: "Search",
  copy: "Copy",
  copied: "Copied.",
  yes: "yes",
  no: "no",
  more: "More",
  toasts: "Messages",
  skip: "Skip to the content",
  unsaved: "There are changes that are not saved. Leave this page all the same?",

  problem: {
    aborted: "Stopped.",
    out: "You are not logged in.",
    unreachable: "Holdfast does not answer. Is it running, and is the network up?",
    cut: "The answer was cut off.",
    newer: "This part of the page could not be loaded; Holdfast may have been upgraded. Reload the page.",
    status: (status: number) => `Something went wrong (${status}).`,
    notPermitted: "You are not permitted to see this.",
    noServer: (name: string) => `There is no server ${name}, or you may not see it.`,
    noPage: "There is no such page.",
  },

  time: {
    now: "just now",
    ago: (duration: string) => `${duration} ago`,
    in: (duration: string) => `in ${duration}`,
  },

  nav: {
    main: "Main",
    servers: "Servers",
    jobs: "Jobs",
    host: "Machine",
    accounts: "Accounts",
    keys: "API keys",
    shares: "Shares",
    sessions: "Sessions",
    audit: "Audit log",
    config: "Config",
    notifications: "Notifications",
    account: "Your account",
    administration: "Administration",
    logout: "Log out",
    menu: "Menu",
    theme: "Light or dark",
    themes: { system: "As the system", dark: "Dark", light: "Light" },
    cut: "The connection is cut; what you see may be old.",
    unsupervised: "The supervisor does not answer: nobody knows how the servers are.",
  },

  login: {
    title: "Log in",
    again: "Log in again",
    againWhy: "Your session has ended. Nothing on the page is lost: log in, and it goes on.",
    name: "Name",
    password: "Password",
    code: "Code of your second factor",
    codeHint: "Six digits from your app, or a recovery code",
    action: "Log in",
    other: "Log in as somebody else",
    wait: (seconds: number) => `Too many attempts. Wait ${some(seconds, "second", "seconds")}.`,
    lost: "Waiting for Holdfast…",
  },

  state: {
    stopped: "stopped",
    starting: "starting",
    running: "running",
    stopping: "stopping",
    backoff: "crashed, restarts",
    failed: "crashed",
    paused: "paused",
    unhealthy: "unhealthy",
  },

  servers: {
    title: "Servers",
    none: "There are no servers that you may see.",
    noneHint: "Servers are added in the config.",
    filter: "Filter",
    noneFound: "No server fits.",
    counts: (running: number, all: number) => `${running} of ${some(all, "server", "servers")} up`,
    name: "Name",
    state: "State",
    uptime: "Uptime",
    cpu: "CPU",
    memory: "Memory",
    actions: "Actions",
    start: "Start",
    stop: "Stop",
    restart: "Restart",
    kill: "Kill",
    console: "Console",
    files: "Files",
  },

  server: {
    tabs: "Pages of this server",
    overview: "Overview",
    console: "Console",
    files: "Files",
    logs: "Logs",
    schedules: "Schedules",
  },

  console: {},
  files: {},
  editor: {},
  logs: {},
  schedules: {},
  usage: {},
  host: {},
  jobs: {},
  accounts: {},
  keys: {},
  shares: {},
  sessions: {},
  audit: {},
  config: {},
  account: {},
  notifications: {},
};
