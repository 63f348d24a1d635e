// A user of one server and a user of another talk in an encrypted room with matrix-js-sdk and its Rust cryptography:
// each server tells the other of devices that come and go, and passes on the keys; the first server may be killed and
// started again in the middle.
//
//   node encrypted-across.mjs BASE_URL BASE_URL_OF_THE_OTHER RUN
//
// RUN goes into the users' names. Speaks with whoever runs it as conversation.mjs does.
import * as sdk from "matrix-js-sdk";
import { check, done, logIn, next, register, serverIsBack } from "./client.mjs";
import { auth, knows, sayIn, startEncrypted, trusts, until, verify } from "./encryption.mjs";

const [otherUrl, run] = process.argv.slice(3);
const names = { alice: `alice-${run}`, bob: `bob-${run}` };
const there = { baseUrl: otherUrl };

/** The devices to which alice's phone has sent keys. */
const shared = new Set();

function watchedFetch(url, init) {
  if (String(url).includes("/sendToDevice/m.room.encrypted/")) {
    for (const [user, devices] of Object.entries(JSON.parse(init.body).messages)) {
      for (const device of Object.keys(devices)) shared.add(`${user} ${device}`);
    }
  }
  return fetch(url, init);
}

const alice = await startEncrypted(await register(names.alice, { fetchFn: watchedFetch }));
const bob = await startEncrypted(await register(names.bob, there));
check(alice.getDomain() !== bob.getDomain(), "alice and bob are users of two servers");
for (const client of [alice, bob]) {
  await client.getCrypto().bootstrapCrossSigning({ authUploadDeviceSigningKeys: (makeRequest) => makeRequest(null) });
}

const { room_id: roomId } = await alice.createRoom({
  preset: "private_chat",
  name: "Bridge",
  initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
});
const invited = next(bob, sdk.RoomEvent.MyMembership, (room, membership) => room.roomId === roomId && membership === "invite", "bob's invite");
await alice.invite(roomId, bob.getUserId());
await invited;
const joined = next(alice, sdk.RoomMemberEvent.Membership, (event, member) => member.userId === bob.getUserId() && member.membership === "join", "bob's join at alice");
await bob.joinRoom(roomId, { viaServers: [alice.getDomain()] });
await joined;
const say = (from, to, body) => sayIn(roomId, from, to, body);
await say(alice, [bob], "Can you read this over there?");
await say(bob, [alice], "I can");

await verify(alice, bob, () => alice.getCrypto().requestVerificationDM(bob.getUserId(), roomId));
await trusts(alice, bob.getUserId(), "alice has verified bob, whose keys are on the other server");
await trusts(bob, alice.getUserId(), "bob has verified alice");

const tablet = await startEncrypted(await logIn(names.bob, "tablet", there));
await until(() => knows(alice, bob.getUserId(), tablet.getDeviceId()), "alice learns of bob's tablet");
const forTablet = await say(alice, [bob, tablet], "Welcome, tablet");
await say(tablet, [alice, bob], "Hello from the tablet");

await serverIsBack();

const laptop = await startEncrypted(await logIn(names.alice, "laptop"));
for (const client of [bob, tablet]) {
  await until(() => knows(client, alice.getUserId(), laptop.getDeviceId()), "bob learns of alice's laptop");
}
await say(bob, [alice, laptop, tablet], "Welcome, laptop");
await say(laptop, [alice, bob, tablet], "Hello from the laptop");

/** Whether a device has the key of an event. */
async function opens(device, eventId) {
  const event = new sdk.MatrixEvent(await bob.fetchRoomEvent(roomId, eventId));
  await event.attemptDecryption(device.getCrypto());
  return !event.isDecryptionFailure();
}

const gone = tablet.getDeviceId();
await bob.deleteDevice(gone, {}).catch((error) => bob.deleteDevice(gone, { ...auth(names.bob), session: error.data.session }));
for (const client of [alice, laptop]) {
  await until(async () => !(await knows(client, bob.getUserId(), gone)), "alice learns that bob's tablet is gone");
}
shared.clear();
const withoutTablet = await say(alice, [bob, laptop], "Without the tablet");
check(shared.has(`${bob.getUserId()} ${bob.getDeviceId()}`), "alice gives bob's phone the new key");
check(!shared.has(`${bob.getUserId()} ${gone}`), "alice gives bob's tablet no key any more");
check(await opens(tablet, forTablet), "the tablet still opens what it was given the key of");
check(!(await opens(tablet, withoutTablet)), "the tablet does not open what was said after it was deleted");
await say(bob, [alice, laptop], "Just us");

const away = laptop.getDeviceId();
await laptop.logout(true);
await until(async () => !(await knows(bob, alice.getUserId(), away)), "bob learns that alice's laptop is gone");
await say(bob, [alice], "Good night");
for (const client of [alice, bob]) client.stopClient();
done();
