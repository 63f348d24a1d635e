// Two people talk with matrix-js-sdk by sliding sync instead of /sync, in the open and encrypted with its Rust
// cryptography: the list of rooms and its growing window, timelines, names, who types, receipts, direct rooms, messages
// to devices; the server is killed and started again in the middle, and the clients begin new connections.
//
//   node sliding.mjs BASE_URL
//
// Speaks with whoever runs it as conversation.mjs does.
import * as sdk from "matrix-js-sdk";
import { SlidingSync, SlidingSyncEvent, SlidingSyncState } from "matrix-js-sdk/lib/sliding-sync.js";
import { baseUrl, check, done, next, register, serverIsBack } from "./client.mjs";
import { until } from "./encryption.mjs";

const STATE = [
  ["m.room.create", ""],
  ["m.room.name", ""],
  ["m.room.encryption", ""],
  ["m.room.join_rules", ""],
  ["m.room.history_visibility", ""],
  ["m.room.member", "$ME"],
  ["m.room.member", "$LAZY"],
];

/** Starts a client that knows of its rooms by a window of the first `size`. */
async function slide(client, size) {
  await client.initRustCrypto({ useIndexedDB: false });
  const lists = new Map([["rooms", { ranges: [[0, size - 1]], timeline_limit: 5, required_state: STATE, filters: {} }]]);
  const sliding = new SlidingSync(baseUrl, lists, { required_state: STATE, timeline_limit: 20 }, client, 5_000);
  const prepared = next(client, sdk.ClientEvent.Sync, (state) => state === "PREPARED", "the first sliding sync");
  await client.startClient({ slidingSync: sliding });
  await prepared;
  check(true, `${client.getUserId()} syncs by a window of ${size} rooms`);
  return sliding;
}

function answered(sliding, test, what) {
  return next(sliding, SlidingSyncEvent.Lifecycle, (state, answer) => state === SlidingSyncState.Complete && test(answer), what);
}

/** The message in a client's timeline of a room, if it is there and can be read. */
function shown(client, roomId, body) {
  const events = client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
  return events.find((each) => each.getContent().body === body && !each.isDecryptionFailure());
}

/** Says something, and waits until the other sees it. */
async function sayIn(roomId, from, to, body) {
  await from.sendTextMessage(roomId, body);
  await until(() => shown(to, roomId, body), `"${body}" of ${from.getUserId()} is read by ${to.getUserId()}`);
  return shown(to, roomId, body);
}

const versions = await (await fetch(`${baseUrl}/_matrix/client/versions`)).json();
check(versions.unstable_features["org.matrix.simplified_msc3575"] === true, "sliding sync is announced");

const alice = await register("alice");
const bob = await register("bob");
const made = [];
for (const name of ["First", "Second", "Third"]) {
  const { room_id: roomId } = await alice.createRoom({ preset: "public_chat", name });
  await alice.sendTextMessage(roomId, `Welcome to ${name}`);
  made.push(roomId);
}
const [first, second, third] = made;

const ofAlice = await slide(alice, 2);
await until(() => alice.getRooms().length === 2, "alice sees the window");
check(alice.getRoom(third)?.name === "Third" && alice.getRoom(second)?.name === "Second", "the rooms with the latest messages come first, with their names");
check(!alice.getRoom(first), "the room below the window is not there");
check(ofAlice.getListData("rooms").joinedCount === 3, "the list counts all rooms");
const last = alice.getRoom(third).getLiveTimeline().getEvents().at(-1);
check(last.getContent().body === "Welcome to Third", "the timeline ends with the last message");

const grown = answered(ofAlice, (answer) => first in answer.rooms, "the room below the old window");
ofAlice.setListRanges("rooms", [[0, 19]]);
const [, answer] = await grown;
check(!(second in answer.rooms) && !(third in answer.rooms), "a larger window brings what is new in it only");
check(alice.getRoom(first)?.name === "First", "the room below is there now");

await slide(bob, 20);
await bob.joinRoom(first);
await until(() => bob.getRoom(first)?.getMyMembership() === "join" && bob.getRoom(first).name === "First", "bob's room");
await until(() => alice.getRoom(first).getJoinedMemberCount() === 2, "alice learns that bob has joined");

const event = await sayIn(first, bob, alice, "Hello alice");
check(event.sender?.name !== undefined, "a message comes with who sent it");
await until(() => alice.getRoom(first).getUnreadNotificationCount() === 1, "alice has one unread message");

const typing = next(alice, sdk.RoomMemberEvent.Typing, (_, member) => member.userId === bob.getUserId() && member.typing, "bob types");
await bob.sendTyping(first, true, 20_000);
await typing;
check(true, "alice sees that bob types");

const read = next(bob, sdk.RoomEvent.Receipt, (_, room) => room.roomId === first && room.hasUserReadEvent(alice.getUserId(), event.getId()), "alice's receipt");
await alice.sendReadReceipt(event);
await read;
check(true, "bob sees that alice has read");
await until(() => alice.getRoom(first).getUnreadNotificationCount() === 0, "alice has no unread message");

const marked = next(alice, sdk.ClientEvent.AccountData, (data) => data.getType() === "m.direct", "account data");
await alice.setAccountData("m.direct", { [bob.getUserId()]: [first] });
await marked;
check(true, "alice's account data comes");

const { room_id: secret } = await alice.createRoom({
  preset: "private_chat",
  name: "Secret",
  invite: [bob.getUserId()],
  initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
});
await until(() => bob.getRoom(secret)?.getMyMembership() === "invite", "bob's invitation");
await bob.joinRoom(secret);
await until(() => alice.getRoom(secret)?.getMember(bob.getUserId())?.membership === "join", "alice learns of bob in the encrypted room");
await until(() => bob.getRoom(secret)?.hasEncryptionStateEvent(), "bob's encrypted room");
const say = async (from, to, body) => check((await sayIn(secret, from, to, body)).isEncrypted(), "it was encrypted");
await say(alice, bob, "Can you read this?");
await say(bob, alice, "I can");

await serverIsBack();

await say(alice, bob, "Still there?");
await say(bob, alice, "Yes");
await sayIn(first, alice, bob, "In the open, too");

const gone = until(() => bob.getRoom(first)?.getMember(bob.getUserId())?.membership === "leave", "bob learns that he was removed");
await alice.kick(first, bob.getUserId());
await gone;
await alice.sendTextMessage(first, "Bob is gone");
await say(alice, bob, "Not from here");
check(!shown(bob, first, "Bob is gone"), "bob is told nothing of the room after he was removed");
for (const client of [alice, bob]) client.stopClient();
done();
