/** One's own account: who one is, what one may, one's password and second factor. */

import "./people.css";
import { account } from "../../api/account";
import { Choice } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { chooseTheme, theme, type Theme } from "../../theme";
import { Factor } from "./factor";
import { whatOf } from "./grantwords";
import { OwnPassword } from "./ownpassword";
import { Permitted } from "./permitted";

/** Draw it. */
export default function OwnAccount() {
  const who = account.value;
  if (who === null) return null;
  const [first, ...more] = who.rights ?? [];
  const servers = Object.entries(who.servers);
  const everywhere = who.permissions.filter((one) => one.startsWith("server."));
  // Told by server only where it differs from server to server.
  const differs = servers.filter(([, may]) => may.length !== everywhere.length);
  return (
    <>
      <div class="title">
        <Icon name="user" />
        <h1>{who.name}</h1>
        <span class={who.secondFactor ? "chip good" : "chip plain"}>
          {who.secondFactor ? t.accounts.factorOn : t.accounts.factorOff}
        </span>
      </div>
      <div class="cards own">
        <section class="card">
          <h2>{t.account.may}</h2>
          {first !== undefined && more.length === 0 ? (
            <Permitted grants={first} />
          ) : (
            <Permitted grants={who.permissions} />
          )}
          {differs.length > 0 && (
            <details>
              <summary>{t.account.byServer}</summary>
              <dl class="facts">
                {differs.map(([name, may]) => (
                  <Server key={name} name={name} may={may} />
                ))}
              </dl>
            </details>
          )}
        </section>
        <section class="card">
          <h2>{t.account.password}</h2>
          <OwnPassword name={who.name} />
        </section>
        <Factor />
        <section class="card">
          <h2>{t.account.page}</h2>
          <Choice<Theme>
            label={t.nav.theme}
            value={theme.value}
            options={(["system", "dark", "light"] as const).map((one) => [one, t.nav.themes[one]] as const)}
            onChange={chooseTheme}
          />
          <p>
            <a href={hashOf(["sessions"])}>{t.account.sessions}</a>
          </p>
          <p>
            <a href={hashOf(["keys"])}>{t.account.keys}</a>
          </p>
        </section>
      </div>
    </>
  );
}

function Server({ name, may }: { name: string; may: string[] }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{whatOf(may)}</dd>
    </>
  );
}
