// Two people talk through Hearth with matrix-js-sdk, as two real clients would; the server is killed and started
// again in the middle.
//
//   node conversation.mjs BASE_URL
//
// Says what it does as lines on standard output. "RESTART" asks whoever runs it to kill and restart the server and
// to answer with a line on standard input. Ends with "DONE n" after n checks, or with an exit code of 1.
import * as sdk from "matrix-js-sdk";
import assert from "node:assert/strict";
import { baseUrl, check, done, message, next, register, serverIsBack, start } from "./client.mjs";

const alice = await register("alice");
const bob = await register("bob");
await start(alice);
await start(bob);

const { room_id: roomId } = await alice.createRoom({ preset: "private_chat", name: "Kitchen", topic: "What is for dinner" });
check(roomId.startsWith("!"), "alice creates a room");

const invited = next(bob, sdk.RoomEvent.MyMembership, (room, membership) => room.roomId === roomId && membership === "invite", "bob's invite");
await alice.invite(roomId, bob.getUserId());
await invited;
check(true, "bob is invited");

const seenJoining = next(alice, sdk.RoomMemberEvent.Membership, (event, member) => member.userId === bob.getUserId() && member.membership === "join", "bob's join at alice");
await bob.joinRoom(roomId);
await seenJoining;
check(true, "bob joins and alice sees it");

let arrives = message(bob, roomId, "Soup?");
const soup = await alice.sendTextMessage(roomId, "Soup?");
const [received] = await arrives;
check(received.getId() === soup.event_id, "bob receives alice's message");

arrives = message(alice, roomId, "Yes please");
await bob.sendTextMessage(roomId, "Yes please");
await arrives;
check(true, "alice receives bob's answer");

const edited = next(bob, sdk.RoomEvent.Timeline, (event) => event.getRelation()?.rel_type === "m.replace", "the edit");
await alice.sendEvent(roomId, "m.room.message", {
  msgtype: "m.text",
  body: "* Tomato soup?",
  "m.new_content": { msgtype: "m.text", body: "Tomato soup?" },
  "m.relates_to": { rel_type: "m.replace", event_id: soup.event_id },
});
await edited;
check(bob.getRoom(roomId).findEventById(soup.event_id).getContent().body === "Tomato soup?", "bob sees the edit");

const reacted = next(alice, sdk.RoomEvent.Timeline, (event) => event.getType() === "m.reaction", "the reaction");
await bob.sendEvent(roomId, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: soup.event_id, key: "👍" } });
const [reaction] = await reacted;
check(reaction.getRelation().key === "👍", "alice sees the reaction");

const secret = await alice.sendTextMessage(roomId, "The door code is 1234");
const redacted = next(bob, sdk.RoomEvent.Redaction, (event) => event.event.redacts === secret.event_id || event.getContent().redacts === secret.event_id, "the redaction");
await alice.redactEvent(roomId, secret.event_id, undefined, { reason: "not here" });
await redacted;
const fetched = await bob.fetchRoomEvent(roomId, secret.event_id);
check(Object.keys(fetched.content).length === 0 && fetched.unsigned?.redacted_because, "a redacted event has no content");

for (let i = 1; i <= 40; i++) {
  await alice.sendTextMessage(roomId, `line ${i}`);
}

await serverIsBack();

arrives = message(bob, roomId, "Are you back?");
await alice.sendTextMessage(roomId, "Are you back?");
await arrives;
check(true, "the sessions go on after the restart");

const room = bob.getRoom(roomId);
const whoami = await bob.whoami();
check(whoami.user_id === bob.getUserId(), "bob's access token outlives the restart");

const fresh = sdk.createClient({ baseUrl, accessToken: bob.getAccessToken(), userId: bob.getUserId(), deviceId: bob.getDeviceId() });
await start(fresh);
const again = fresh.getRoom(roomId);
const bodies = () => again.getLiveTimeline().getEvents().filter((e) => e.getType() === "m.room.message").map((e) => e.getContent().body);
check(bodies().at(-1) === "Are you back?", "a fresh sync has the newest message");
let pages = 0;
while (await fresh.paginateEventTimeline(again.getLiveTimeline(), { backwards: true, limit: 10 })) {
  if (++pages > 50) break;
}
const all = bodies();
for (let i = 1; i <= 40; i++) {
  assert.equal(all.filter((body) => body === `line ${i}`).length, 1, `line ${i} is there once`);
}
check(all.includes("Yes please") && pages <= 50, `the whole history is there after paginating back (${pages} pages)`);
check(again.getLiveTimeline().getEvents()[0].getType() === "m.room.create", "pagination ends at the room's creation");
check(room.name === "Kitchen" || again.name === "Kitchen", "the room has its name");
check((await fresh.getJoinedRoomMembers(roomId)).joined[alice.getUserId()] !== undefined, "alice is a joined member");

await bob.leave(roomId);
await assert.rejects(bob.sendTextMessage(roomId, "too late"), (error) => error.errcode === "M_FORBIDDEN");
check(true, "who left cannot send");

for (const client of [alice, bob, fresh]) client.stopClient();
await alice.logout(true);
await assert.rejects(alice.whoami(), (error) => error.errcode === "M_UNKNOWN_TOKEN" || error.errcode === "M_MISSING_TOKEN");
check(true, "a logged out token is refused");
done();
