/** What a new account or key may do: what is chosen here, or whatever the one may who makes it. */

import type { ComponentChildren } from "preact";
import { Choice } from "../../parts/field";
import { GrantForm, type Privileges } from "./grantform";

export interface Rights {
  mode: "some" | "mine";
  privileges: Privileges;
  /** Whether the form can be sent as it is. */
  complete: boolean;
}

export const NO_RIGHTS: Rights = { mode: "some", privileges: { roles: [], grants: [] }, complete: true };

/** Return what the API is told: without anything, it gives the rights of who asks. */
export function wishOf(rights: Rights): Privileges | Record<string, never> {
  return rights.mode === "mine" ? {} : rights.privileges;
}

/** Tell whether it can be sent. */
export function isComplete(rights: Rights): boolean {
  return rights.mode === "mine" || rights.complete;
}

/** Draw it; `some` and `mine` say what the two mean. */
export function RightsChoice(props: {
  label: string;
  some: string;
  mine: string;
  hint: ComponentChildren;
  rights: Rights;
  onChange: (rights: Rights) => void;
}) {
  const { rights, onChange } = props;
  return (
    <>
      <Choice
        label={props.label}
        value={rights.mode}
        options={[
          ["some", props.some],
          ["mine", props.mine],
        ]}
        onChange={(mode) => onChange({ ...rights, mode })}
        hint={props.hint}
      />
      {rights.mode === "some" && (
        <GrantForm
          of={rights.privileges}
          onChange={(privileges, complete) => onChange({ ...rights, privileges, complete })}
        />
      )}
    </>
  );
}
