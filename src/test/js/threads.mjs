// Two people talk in threads through Hearth with matrix-js-sdk, which asks the server for them: a device that logs in
// later finds the list of threads, what was said in each, and what is unread; the server is killed and started again
// in the middle.
//
//   node threads.mjs BASE_URL
//
// Speaks with whoever runs it as conversation.mjs does.
import * as sdk from "matrix-js-sdk";
import { FeatureSupport, Thread, ThreadFilterType } from "matrix-js-sdk/lib/models/thread.js";
import { check, done, logIn, next, register, serverIsBack } from "./client.mjs";

const REPLIES = 30;

/** Starts a client that asks the server for threads. */
async function start(client) {
  const prepared = next(client, sdk.ClientEvent.Sync, (state) => state === "PREPARED", "the first sync");
  await client.startClient({ initialSyncLimit: 3, lazyLoadMembers: true, threadSupport: true });
  await prepared;
  return client;
}

/** Says something, in a thread if there is a root. */
async function say(client, body, root) {
  const content = { msgtype: "m.text", body };
  const { event_id: eventId } = root
    ? await client.sendMessage(roomId, root, content)
    : await client.sendMessage(roomId, content);
  return eventId;
}

/** Waits until a client has an event. */
function has(client, eventId) {
  const room = client.getRoom(roomId);
  const known = () => room.findEventById(eventId);
  return known() ? Promise.resolve() : next(client, sdk.ClientEvent.Event, () => known(), `${eventId} at ${client.getDeviceId()}`);
}

/** Waits until something is so, looking again at each sync. */
async function until(client, isSo, what) {
  while (!isSo()) {
    await next(client, sdk.ClientEvent.Sync, () => true, what);
  }
  check(true, what);
}

const alice = await start(await register("alice"));
// Bob only writes. A client that syncs loses track of what it sends to a thread that is new to it, if the sync tells of
// the message before its sending is answered (room.js, updatePendingEvent): that is between the client and itself. An edit
// of what a thread begins with is such a message.
const bob = await register("bob");
const quietAlice = await logIn("alice", "watch");
check(Thread.hasServerSideSupport === FeatureSupport.Stable, "the server has threads");
check(Thread.hasServerSideListSupport === FeatureSupport.Stable, "the server has lists of threads");
check(Thread.hasServerSideFwdPaginationSupport === FeatureSupport.Stable, "threads are read forwards, too");

const { room_id: roomId } = await alice.createRoom({ preset: "public_chat", name: "Kitchen" });
await bob.joinRoom(roomId);
const soup = await say(alice, "Soup?");
const alone = await say(alice, "Nobody answers this");
const bread = await say(bob, "Bread?");
await say(bob, "With butter", bread);
const replies = [];
for (let i = 1; i <= REPLIES; i++) {
  replies.push(await say(bob, `Spoon ${i}`, soup));
}
await quietAlice.sendEvent(roomId, "m.room.message", {
  msgtype: "m.text",
  body: "* Tomato soup?",
  "m.new_content": { msgtype: "m.text", body: "Tomato soup?" },
  "m.relates_to": { rel_type: "m.replace", event_id: soup },
});
const last = replies.at(-1);
await bob.sendEvent(roomId, "m.room.message", {
  msgtype: "m.text",
  body: "* The last spoon",
  "m.new_content": { msgtype: "m.text", body: "The last spoon" },
  "m.relates_to": { rel_type: "m.replace", event_id: last },
});
await has(alice, last);
for (let i = 0; i < 5; i++) await say(bob, `Something else ${i}`);

await serverIsBack();

// A device that has three events of the room.
const laptop = await start(await logIn("alice", "laptop"));
const room = laptop.getRoom(roomId);
check(room.findEventById(soup) === undefined, "the laptop does not know the beginning of the thread");
const [all, mine] = await room.createThreadsTimelineSets();
await room.fetchRoomThreads();
const told = (set) => set.getLiveTimeline().getEvents().map((event) => event.getId());
check(told(all).length === 2 && told(all).includes(soup) && told(all).includes(bread), "the list has the two threads");
check(!told(all).includes(alone), "and nothing that nobody replied to");
check(told(mine).length === 1 && told(mine)[0] === soup, "alice takes part in the one that she has begun");
const thread = room.getThread(soup);
check(thread !== null && thread.length === REPLIES, `the thread has ${REPLIES} replies`);
check(thread.rootEvent.getContent().body === "Tomato soup?", "its beginning is shown as it was edited");
check(thread.replyToEvent.getId() === last, "its latest reply is known");
check(thread.replyToEvent.getContent().body === "The last spoon", "as it was edited");
check(thread.hasCurrentUserParticipated, "alice takes part");
check(!room.getThread(bread).hasCurrentUserParticipated, "and not in the other");

// What was said, page by page; the client itself has asked for the latest page.
while (!thread.initialEventsFetched) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
while (await laptop.paginateEventTimeline(thread.liveTimeline, { backwards: true, limit: 10 })) {
  // until the beginning
}
const said = thread.timeline.map((event) => event.getId());
check(said[0] === soup, "the whole thread is read, its beginning first");
check(said.filter((each) => replies.includes(each)).join() === replies.join(), "in order, and each reply once");

// What is unread, thread by thread.
const unread = (client, root) => client.getRoom(roomId).getThreadUnreadNotificationCount(root, sdk.NotificationCountType.Total);
await until(laptop, () => unread(laptop, soup) === REPLIES && unread(laptop, bread) === 1, "both threads have unread replies");
await laptop.sendReadReceipt(room.findEventById(last));
await until(laptop, () => unread(laptop, soup) === 0 && unread(laptop, bread) === 1, "the one that was read has none");

// What happens from now on.
const answer = await say(quietAlice, "With a spoon of mine", bread);
await until(laptop, () => room.getThread(bread).length === 2, "a reply of another device comes in the thread");
await bob.redactEvent(roomId, last);
await until(laptop, () => thread.length === REPLIES - 1, "what is redacted counts no more");

const tablet = await start(await logIn("alice", "tablet"));
const later = tablet.getRoom(roomId);
const [, own] = await later.createThreadsTimelineSets();
await later.fetchRoomThreads();
check(told(own).length === 2, "the tablet finds two threads in which alice takes part");
check(later.getThread(soup).length === REPLIES - 1, "without what was redacted");
check(later.getThread(soup).replyToEvent.getId() === replies.at(-2), "the latest reply is the one before");
check(later.getThread(bread).replyToEvent.getId() === answer, "and alice's in the other");
const { chunk } = await tablet.createThreadListMessagesRequest(roomId, null, 1, sdk.Direction.Backward, ThreadFilterType.All);
check(chunk.length === 1 && chunk[0].event_id === bread, "the thread with the latest reply is the first one");
for (const client of [alice, laptop, tablet]) client.stopClient();
done();
