/** Passwords that nobody has thought of. */

/** Without what is mistaken for something else when it is read out or typed: no 0, o, 1, l, i. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP = 5;

/** Fills an array with random bytes, as `crypto.getRandomValues` does. */
type Random = (into: Uint8Array<ArrayBuffer>) => Uint8Array;

/** Return a password of 20 characters, some 99 bits, in groups that can be read out; every one is as likely. */
export function newPassword(random: Random = (into) => crypto.getRandomValues(into)): string {
  const groups: string[] = [];
  for (let group = 0; group < GROUPS; group += 1) groups.push(letters(GROUP, random));
  return groups.join("-");
}

function letters(count: number, random: Random): string {
  // A remainder of a byte would come up more often for the first letters: what is above the last multiple is thrown away.
  const limit = 256 - (256 % ALPHABET.length);
  const bytes = new Uint8Array(count * 2);
  let found = "";
  while (found.length < count) {
    for (const byte of random(bytes)) {
      if (byte < limit && found.length < count) found += ALPHABET[byte % ALPHABET.length] ?? "";
    }
  }
  return found;
}
