// A small client in a page: what people do with the larger ones, by the same calls of matrix-js-sdk.
import * as sdk from "matrix-js-sdk";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";

const baseUrl = new URLSearchParams(location.search).get("server");
const $ = (id) => document.getElementById(id);
let client;
let current;
let target;
const threads = new Map();
const pictures = new Map();

window.faults = [];
window.addEventListener("unhandledrejection", (event) => window.faults.push(String(event.reason?.stack ?? event.reason)));

// --- signing in and out

$("signed-out").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const login = await sdk.createClient({ baseUrl }).loginRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: $("user").value },
      password: $("password").value,
      initial_device_display_name: "a browser",
    });
    await signedIn(login);
  } catch (fault) {
    $("fault").textContent = fault.message;
  }
});

async function signedIn(login) {
  client = sdk.createClient({
    baseUrl,
    accessToken: login.access_token,
    userId: login.user_id,
    deviceId: login.device_id,
    timelineSupport: true,
  });
  await client.initRustCrypto({ useIndexedDB: false });
  for (const each of [
    sdk.ClientEvent.Sync,
    sdk.RoomEvent.Timeline,
    sdk.RoomEvent.LocalEchoUpdated,
    sdk.RoomEvent.MyMembership,
    sdk.RoomEvent.Name,
    sdk.RoomEvent.Receipt,
    sdk.RoomMemberEvent.Typing,
    sdk.MatrixEventEvent.Decrypted,
    sdk.ThreadEvent.New,
    sdk.ThreadEvent.Update,
    CryptoEvent.DevicesUpdated,
  ]) {
    client.on(each, draw);
  }
  await client.startClient({ initialSyncLimit: 30, lazyLoadMembers: true, threadSupport: true });
  $("me").textContent = login.user_id;
  show(true);
}

$("sign-out").addEventListener("click", async () => {
  await client.logout(true);
  client.removeAllListeners();
  window.left = client.getAccessToken();
  client = current = target = undefined;
  show(false);
});

function show(isIn) {
  $("signed-out").hidden = isIn;
  $("rooms").hidden = !isIn;
  $("room").hidden = !isIn || !current;
  draw();
}

// --- rooms

$("new-encrypted").addEventListener("click", () => newRoom([{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }]));
$("new-open").addEventListener("click", () => newRoom([]));

async function newRoom(initialState) {
  const { room_id: id } = await client.createRoom({ preset: "private_chat", name: $("new-name").value, initial_state: initialState });
  open(id);
}

function open(id) {
  current = id;
  target = undefined;
  $("room").hidden = false;
  draw();
}

$("invite").addEventListener("click", () => client.invite(current, $("whom").value));
$("join").addEventListener("click", () => client.joinRoom(current));

// --- saying something

$("text").addEventListener("input", () => client.sendTyping(current, $("text").value !== "", 20_000));
$("send").addEventListener("click", async () => {
  const content = { msgtype: "m.text", body: $("text").value };
  $("text").value = "";
  if (target?.how === "reply") {
    content["m.relates_to"] = { "m.in_reply_to": { event_id: target.event } };
  } else if (target?.how === "thread") {
    content["m.relates_to"] = { rel_type: "m.thread", event_id: target.event, is_falling_back: true, "m.in_reply_to": { event_id: target.event } };
  }
  target = undefined;
  await client.sendTyping(current, false, 0);
  await client.sendEvent(current, "m.room.message", content);
  draw();
});

// "a picture of an encrypted room is encrypted": https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
$("picture").addEventListener("change", async () => {
  const [file] = $("picture").files;
  const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
  const counter = new Uint8Array(16);
  crypto.getRandomValues(counter.subarray(0, 8));
  const bytes = await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, key, await file.arrayBuffer());
  const { content_uri: url } = await client.uploadContent(new Blob([bytes]), { type: "application/octet-stream", includeFilename: false });
  const sha256 = base64(await crypto.subtle.digest("SHA-256", bytes));
  await client.sendEvent(current, "m.room.message", {
    msgtype: "m.image",
    body: file.name,
    info: { mimetype: file.type, size: file.size },
    file: { url, key: await crypto.subtle.exportKey("jwk", key), iv: base64(counter), hashes: { sha256 }, v: "v2" },
  });
});

$("avatar-file").addEventListener("change", async () => {
  const [file] = $("avatar-file").files;
  const { content_uri: url } = await client.uploadContent(file, { type: file.type });
  await client.setAvatarUrl(url);
  await showAvatar();
});

/** The thumbnail of one's own picture, as the server makes it. */
async function showAvatar() {
  const { avatar_url: mxc } = await client.getProfileInfo(client.getUserId());
  $("avatar").src = URL.createObjectURL(await download(client.mxcUrlToHttp(mxc, 32, 32, "crop", false, true, true)));
}

async function download(url) {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${client.getAccessToken()}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.blob();
}

async function picture(file, mimetype) {
  const bytes = await (await download(client.mxcUrlToHttp(file.url, undefined, undefined, undefined, false, true, true))).arrayBuffer();
  if (base64(await crypto.subtle.digest("SHA-256", bytes)) !== file.hashes.sha256) throw new Error("the picture is another one");
  const key = await crypto.subtle.importKey("jwk", file.key, { name: "AES-CTR" }, false, ["decrypt"]);
  const counter = Uint8Array.from(atob(file.iv), (each) => each.charCodeAt(0));
  return URL.createObjectURL(new Blob([await crypto.subtle.decrypt({ name: "AES-CTR", counter, length: 64 }, key, bytes)], { type: mimetype }));
}

function base64(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, "");
}

// --- search

$("search").addEventListener("click", async () => {
  const results = await client.searchRoomEvents({ term: $("words").value, filter: { rooms: [current] } });
  $("found").replaceChildren(...results.results.map((each) => text("li", each.context.getEvent().getContent().body)));
});

// --- what is seen

function text(tag, words, className) {
  const element = document.createElement(tag);
  element.textContent = words;
  if (className) element.className = className;
  return element;
}

function button(label, action, className) {
  const element = text("button", label, className);
  element.addEventListener("click", action);
  return element;
}

let drawing = false;
function draw() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    if (client) drawAll();
  });
}

function drawAll() {
  $("list").replaceChildren(
    ...client.getVisibleRooms().map((room) => {
      const unread = room.getUnreadNotificationCount();
      const element = button(`${room.name} (${room.getMyMembership()}${unread ? `, ${unread} new` : ""})`, () => open(room.roomId));
      element.dataset.room = room.name;
      return element;
    }),
  );
  const room = client.getRoom(current);
  if (!room) return;
  $("name").textContent = room.name;
  $("join").hidden = room.getMyMembership() !== "invite";
  $("target").textContent = target ? `${target.how} to ${target.body}` : "the room";
  const events = room.getLiveTimeline().getEvents().filter((each) => each.getType() === "m.room.message");
  $("timeline").replaceChildren(...events.flatMap((each) => [drawEvent(room, each), ...drawThread(room, each)]));
  const others = room.currentState.getMembers().filter((each) => each.typing && each.userId !== client.getUserId());
  $("typing").textContent = others.length ? `${others.map((each) => each.name).join(", ")} is typing` : "";
  const last = events.at(-1);
  $("read").textContent = last ? `read by ${room.getUsersReadUpTo(last).filter((each) => each !== client.getUserId()).sort().join(", ")}` : "";
}

function drawEvent(room, event) {
  const content = event.getContent();
  const line = text("div", "", "event");
  line.dataset.body = content.body;
  line.dataset.encrypted = event.isEncrypted();
  line.dataset.fault = event.isDecryptionFailure();
  line.dataset.id = event.getId();
  const quoted = event.replyEventId && room.findEventById(event.replyEventId);
  if (quoted && !event.isThreadRoot && !event.threadRootId) line.append(text("div", quoted.getContent().body, "quote"));
  line.append(text("b", event.sender?.name ?? event.getSender()), text("span", ` ${content.body} `));
  if (content.msgtype === "m.image") {
    const image = document.createElement("img");
    image.alt = content.body;
    line.append(image);
    if (!pictures.has(event.getId())) pictures.set(event.getId(), picture(content.file, content.info.mimetype));
    pictures.get(event.getId()).then((url) => (image.src = url));
  }
  const reactions = room.relations.getChildEventsForEvent(event.getId(), "m.annotation", "m.reaction")?.getSortedAnnotationsByKey() ?? [];
  for (const [key, by] of reactions) line.append(text("span", `${key} ${by.size}`, "reaction"));
  line.append(
    button("Reply", () => aim("reply", event), "reply"),
    button("Thread", () => aim("thread", event), "thread"),
    button("React", () => client.sendEvent(current, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: event.getId(), key: "👍" } }), "react"),
    button("Read", () => client.sendReadReceipt(event), "mark-read"),
  );
  return line;
}

function aim(how, event) {
  target = { how, event: event.getId(), body: event.getContent().body };
  draw();
}

function drawThread(room, root) {
  const thread = room.getThread(root.getId());
  threads.set(root.getId(), thread);
  return (thread?.events ?? [])
    .filter((each) => each.getId() !== root.getId() && each.getType() === "m.room.message")
    .map((each) => {
      const line = drawEvent(room, each);
      line.classList.add("in-thread");
      return line;
    });
}
