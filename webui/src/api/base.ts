/**
 * Where the API is, as seen from the page: below `api/`, or one up if the page is a guest on the API's port.
 *
 * All of it is relative, so that the page works behind a proxy that gives it a folder.
 */

/** Return the address below which all of the API is; it ends with a slash. */
export function apiBase(page: string): string {
  const here = new URL(page);
  here.hash = here.search = "";
  return new URL(here.pathname.endsWith("/ui/") ? "../" : "api/", here).href;
}

const BASE = apiBase(document.baseURI);

/** Values for a query; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Return the path of something of a server, such as `server/my%20bot/files`. */
export function serverPath(name: string, rest = ""): string {
  return `server/${encodeURIComponent(name)}${rest && `/${rest}`}`;
}

/** Return the address of a path of the API, such as `servers` or `server/x/file`, with a query. */
export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(path, BASE);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url.href;
}

/** The same for a WebSocket. */
export function socketUrl(path: string, query: Query = {}): string {
  return apiUrl(path, query).replace(/^http/, "ws");
}
