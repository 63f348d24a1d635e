// What the scripts of encrypted rooms share.
import * as sdk from "matrix-js-sdk";
import { CryptoEvent, VerificationPhase, VerificationRequestEvent, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import { check, next, passwordOf, start, within } from "./client.mjs";

// The cryptography tells all that it does.
console.debug = () => {};
console.info = () => {};

/** Gives a client cryptography, and starts it. */
export async function startEncrypted(client) {
  await client.initRustCrypto({ useIndexedDB: false });
  await start(client);
  return client;
}

/** What proves that somebody is this user. */
export function auth(name) {
  return {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: name },
    password: passwordOf(name),
  };
}

/** Resolves when a message from somebody else can be read by this client. */
export function readable(client, roomId, body) {
  const isIt = (event) =>
    event.getRoomId() === roomId && event.getContent().body === body && !event.isDecryptionFailure();
  const known = client.getRoom(roomId)?.getLiveTimeline().getEvents().find(isIt);
  return known
    ? Promise.resolve([known])
    : next(client, sdk.MatrixEventEvent.Decrypted, isIt, `"${body}" decrypted at ${client.getDeviceId()}`);
}

/**
 * Says something, and waits until the other devices can read it.
 *
 * @return the event's id
 */
export async function sayIn(roomId, from, to, body) {
  const arrived = Promise.all(to.map((each) => readable(each, roomId, body)));
  const { event_id: eventId } = await from.sendTextMessage(roomId, body);
  const events = await arrived;
  check(
    events.every(([event]) => event.isEncrypted()),
    `"${body}" of ${from.getUserId()} is read by ${to.length} devices`,
  );
  return eventId;
}

/** Waits until a request has come to a phase. */
async function phase(request, wanted) {
  while (request.phase !== wanted) {
    if (request.phase === VerificationPhase.Cancelled) {
      throw new Error(`the verification was cancelled: ${request.cancellationCode}`);
    }
    await next(request, VerificationRequestEvent.Change, () => true, `the phase ${wanted} of the verification`);
  }
}

/** The SDK refers to these weakly: what nobody else holds is collected, and then never comes to its end. */
const underWay = new Set();

/** Compares emojis and confirms them. */
async function compare(verifier, shown) {
  underWay.add(verifier);
  verifier.on(VerifierEvent.ShowSas, async (sas) => {
    shown.push(sas.sas.emoji.map(([emoji]) => emoji).join(" "));
    await sas.confirm();
  });
  await within(verifier.verify(), `the verification of ${verifier.userId}`);
  underWay.delete(verifier);
}

/** Two devices verify each other by emojis. */
export async function verify(asking, asked, ask) {
  const received = next(asked, CryptoEvent.VerificationRequestReceived, () => true, "the request to verify");
  const request = await ask();
  const [other] = await received;
  await other.accept();
  await phase(request, VerificationPhase.Ready);
  const verifier = await request.startVerification("m.sas.v1");
  await phase(other, VerificationPhase.Started);
  const shown = [];
  await Promise.all([compare(verifier, shown), compare(other.verifier, shown)]);
  check(shown.length === 2 && shown[0] === shown[1], "both see the same emojis");
}

/** Waits until something is so that no event tells of. */
export async function until(isSo, what) {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) {
      check(true, what);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`did not see: ${what}`);
}

/** Waits until a client trusts a user: the signature is uploaded, told, and looked up again. */
export function trusts(client, userId, what) {
  return until(async () => (await client.getCrypto().getUserVerificationStatus(userId)).isCrossSigningVerified(), what);
}

/** Whether a client knows a device of a user. */
export async function knows(client, userId, deviceId) {
  return (await client.getCrypto().getUserDeviceInfo([userId])).get(userId)?.has(deviceId) ?? false;
}
