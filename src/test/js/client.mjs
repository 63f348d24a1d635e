// What the scripts here share: real clients of matrix-js-sdk, and waiting for what they see.
import * as sdk from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import assert from "node:assert/strict";
import readline from "node:readline";

logger.setLevel("error");
export const baseUrl = process.argv[2];
const DEADLINE_MILLIS = 30_000;
let checks = 0;

export function check(condition, what) {
  assert.ok(condition, what);
  checks++;
  console.log(`ok ${what}`);
}

/** Resolves with the first event of an emitter that satisfies the test, or fails at the deadline. */
export function next(emitter, name, test, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      emitter.removeListener(name, listener);
      reject(new Error(`did not see within ${DEADLINE_MILLIS} ms: ${what}`));
    }, DEADLINE_MILLIS);
    function listener(...values) {
      if (!test(...values)) return;
      clearTimeout(timer);
      emitter.removeListener(name, listener);
      resolve(values);
    }
    emitter.on(name, listener);
  });
}

/** Resolves as a promise does, or fails at the deadline. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${DEADLINE_MILLIS} ms: ${what}`)), DEADLINE_MILLIS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function message(client, roomId, body) {
  return next(
    client,
    sdk.RoomEvent.Timeline,
    (event, room, toStart) =>
      !toStart && room?.roomId === roomId && event.getType() === "m.room.message" && event.getContent().body === body &&
      event.getSender() !== client.getUserId(),
    `the message "${body}" at ${client.getUserId()}`,
  );
}

export function passwordOf(name) {
  return `a good password of ${name}`;
}

/** A new account; on the server of the first argument if the options name no other. */
export async function register(name, options = {}) {
  const anonymous = sdk.createClient({ baseUrl: options.baseUrl ?? baseUrl });
  const password = passwordOf(name);
  const registered = await anonymous.registerRequest({
    username: name,
    password,
    auth: { type: "m.login.dummy" },
    inhibit_login: true,
  });
  check(registered.user_id.startsWith(`@${name}:`), `${name} registers`);
  return logIn(name, "phone", options);
}

/** A device of a user who is registered. */
export async function logIn(name, device, options = {}) {
  const login = await sdk.createClient({ baseUrl: options.baseUrl ?? baseUrl }).loginRequest({
    type: "m.login.password",
    identifier: { type: "m.id.user", user: name },
    password: passwordOf(name),
    initial_device_display_name: `the ${device} of ${name}`,
  });
  check(login.user_id.startsWith(`@${name}:`), `${name} logs in with a ${device}`);
  return sdk.createClient({
    baseUrl,
    ...options,
    accessToken: login.access_token,
    userId: login.user_id,
    deviceId: login.device_id,
  });
}

export async function start(client) {
  const prepared = next(client, sdk.ClientEvent.Sync, (state) => state === "PREPARED", "the first sync");
  await client.startClient({ initialSyncLimit: 20, lazyLoadMembers: true });
  await prepared;
  check(true, `${client.getUserId()} syncs`);
}

export async function serverIsBack() {
  console.log("RESTART");
  const input = readline.createInterface({ input: process.stdin });
  await new Promise((resolve) => input.once("line", resolve));
  input.close();
}

/** Says that all went well, and ends. */
export function done() {
  console.log(`DONE ${checks}`);
  process.exit(0);
}
