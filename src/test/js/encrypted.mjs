// Two people with two devices each talk in an encrypted room through Hearth with matrix-js-sdk and its Rust
// cryptography: cross-signing, verification, key backup, a device that goes; the server is killed and started again
// in the middle.
//
//   node encrypted.mjs BASE_URL
//
// Speaks with whoever runs it as conversation.mjs does.
import * as sdk from "matrix-js-sdk";
import { check, done, logIn, next, register, serverIsBack } from "./client.mjs";
import { auth, knows, readable, sayIn, startEncrypted, trusts, until, verify } from "./encryption.mjs";

/** The keys to a user's secret storage, which the user's devices know. */
class Secrets {
  keys = new Map();

  callbacks() {
    return {
      getSecretStorageKey: async ({ keys }) => {
        const id = Object.keys(keys).find((each) => this.keys.has(each));
        return id === undefined ? null : [id, this.keys.get(id)];
      },
      cacheSecretStorageKey: (id, _info, key) => this.keys.set(id, key),
    };
  }
}

const secretsOf = { alice: new Secrets(), bob: new Secrets() };

function options(name) {
  return { cryptoCallbacks: secretsOf[name].callbacks() };
}

/** Says something in the room of the two. */
function say(from, to, body) {
  return sayIn(roomId, from, to, body);
}

const alice = await startEncrypted(await register("alice", options("alice")));
const bob = await startEncrypted(await register("bob", options("bob")));
for (const client of [alice, bob]) {
  const crypto = client.getCrypto();
  await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (makeRequest) => makeRequest(null) });
  await crypto.bootstrapSecretStorage({
    createSecretStorageKey: () => crypto.createRecoveryKeyFromPassphrase(),
    setupNewSecretStorage: true,
    setupNewKeyBackup: true,
  });
  check(await crypto.isCrossSigningReady(), `${client.getUserId()} has cross-signing keys`);
  check((await crypto.checkKeyBackupAndEnable()) !== null, `${client.getUserId()} has a key backup`);
}

const { room_id: roomId } = await alice.createRoom({
  preset: "private_chat",
  name: "Hall",
  initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
});
const invited = next(bob, sdk.RoomEvent.MyMembership, (room, membership) => room.roomId === roomId && membership === "invite", "bob's invite");
await alice.invite(roomId, bob.getUserId());
await invited;
const joined = next(alice, sdk.RoomMemberEvent.Membership, (event, member) => member.userId === bob.getUserId() && member.membership === "join", "bob's join at alice");
await bob.joinRoom(roomId);
await joined;
await say(alice, [bob], "The key is under the mat");
await say(bob, [alice], "Which mat?");
const [sent] = await readable(bob, roomId, "The key is under the mat");
check(sent.getWireType() === "m.room.encrypted" && !JSON.stringify(sent.getWireContent()).includes("mat"), "the server has no word of it");

await verify(alice, bob, () => alice.getCrypto().requestVerificationDM(bob.getUserId(), roomId));
await trusts(alice, bob.getUserId(), "alice has verified bob");

await serverIsBack();

await say(alice, [bob], "Are you back?");
await say(bob, [alice], "I am");
// The SDK uploads keys up to ten seconds after it has them, and later when the server was away.
const backedUp = () => alice.http.authedRequest("GET", "/room_keys/version", undefined, undefined, { prefix: "/_matrix/client/v3" });
await until(async () => (await backedUp()).count === 2, "the backup has the keys of what alice said and of what she read");

const laptop = await startEncrypted(await logIn("alice", "laptop", options("alice")));
await until(() => knows(alice, alice.getUserId(), laptop.getDeviceId()), "the phone learns of the laptop");
await verify(alice, laptop, () => alice.getCrypto().requestDeviceVerification(alice.getUserId(), laptop.getDeviceId()));
await laptop.getCrypto().bootstrapCrossSigning({});
check(await laptop.getCrypto().isCrossSigningReady(), "the laptop has the cross-signing keys from secret storage");
await laptop.getCrypto().loadSessionBackupPrivateKeyFromSecretStorage();
const backup = await laptop.getCrypto().checkKeyBackupAndEnable();
check(backup?.trustInfo.trusted, "the laptop trusts the backup");
await laptop.getCrypto().restoreKeyBackup();
const history = laptop.getRoom(roomId).getLiveTimeline();
while (await laptop.paginateEventTimeline(history, { backwards: true, limit: 30 })) {
  // until the beginning
}
for (const body of ["The key is under the mat", "Which mat?", "Are you back?", "I am"]) {
  await readable(laptop, roomId, body);
  check(true, `the laptop reads "${body}" from before it was there`);
}
await trusts(laptop, bob.getUserId(), "whom alice verified, her laptop trusts");

const tablet = await startEncrypted(await logIn("bob", "tablet", options("bob")));
await until(() => knows(alice, bob.getUserId(), tablet.getDeviceId()), "alice learns of bob's tablet");
await say(alice, [bob, tablet, laptop], "Soup is ready");
await say(tablet, [alice, bob, laptop], "On my way");

const gone = laptop.getDeviceId();
await alice.deleteDevice(gone, {}).catch((error) => alice.deleteDevice(gone, { ...auth("alice"), session: error.data.session }));
laptop.stopClient();
await until(async () => !(await knows(bob, alice.getUserId(), gone)), "bob learns that the laptop is gone");
await say(alice, [bob, tablet], "Without the laptop");

await serverIsBack();

await say(tablet, [alice, bob], "Good night");

// A message to somebody who is logged in nowhere: nothing has its key but the device that was left behind.
await alice.getCrypto().startDehydration();
const asleep = async () => {
  const devices = (await bob.getCrypto().getUserDeviceInfo([alice.getUserId()])).get(alice.getUserId());
  return [...(devices?.values() ?? [])].filter((each) => each.dehydrated);
};
await until(async () => (await asleep()).length === 1, "bob learns of the device that alice leaves behind");
const phone = alice.getDeviceId();
const userId = alice.getUserId();
await alice.logout(true);
await until(async () => !(await knows(bob, userId, phone)), "bob learns that alice is logged in nowhere");
check((await asleep()).length === 1, "what she has left behind is still there");
await bob.sendTextMessage(roomId, "While you were out");
const desktop = await startEncrypted(await logIn("alice", "desktop", options("alice")));
check(await desktop.getCrypto().userHasCrossSigningKeys(userId, true), "the desktop looks for alice's cross-signing keys");
await desktop.getCrypto().bootstrapCrossSigning({});
await desktop.getCrypto().startDehydration();
await readable(desktop, roomId, "While you were out");
check(true, "alice reads what was said while she was logged in nowhere");
for (const client of [bob, tablet, desktop]) client.stopClient();
done();
