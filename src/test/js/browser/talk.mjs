// Two people use Hearth in a browser: each clicks and types in a page of their own (page.html, app.mjs), and what is
// looked for is what they would see.
//
//   node talk.mjs BASE_URL CHROMIUM FOLDER
//
// FOLDER gets the built page and, if something fails, a picture of each page. Ends with "DONE n" after n checks.
import * as esbuild from "esbuild";
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import puppeteer from "puppeteer-core";

const [baseUrl, chromium, folder] = process.argv.slice(2);
const here = import.meta.dirname;
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm" };
const WAIT = { timeout: 30_000, polling: 100 };
// A picture of two by two points.
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEUlEQVR4nGP4z8DA8B+MgBgAHfAD/dPQfSYAAAAASUVORK5CYII=";
let checks = 0;

function check(condition, what) {
  assert.ok(condition, what);
  checks++;
  console.log(`ok ${what}`);
}

// --- the page

async function build() {
  const wasm = path.join(here, "..", "node_modules", "@matrix-org", "matrix-sdk-crypto-wasm", "pkg", "matrix_sdk_crypto_wasm_bg.wasm");
  await esbuild.build({
    entryPoints: [path.join(here, "app.mjs")],
    bundle: true,
    format: "esm",
    platform: "browser",
    define: { global: "globalThis" },
    outfile: path.join(folder, "app.js"),
    logLevel: "error",
  });
  await fs.mkdir(path.join(folder, "pkg"), { recursive: true });
  await fs.copyFile(wasm, path.join(folder, "pkg", path.basename(wasm)));
  await fs.copyFile(path.join(here, "page.html"), path.join(folder, "page.html"));
  await fs.writeFile(path.join(folder, "picture.png"), Buffer.from(PICTURE, "base64"));
}

function serve() {
  const server = http.createServer(async (request, response) => {
    const file = path.normalize(new URL(request.url, "http://page").pathname).slice(1);
    try {
      const body = await fs.readFile(path.join(folder, file));
      response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

// --- the people

async function register(name) {
  const body = { username: name, password: `a good password of ${name}`, auth: { type: "m.login.dummy" }, inhibit_login: true };
  const answer = await fetch(`${baseUrl}/_matrix/client/v3/register`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).user_id;
}

class Person {
  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  static async comes(browser, name, address) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.goto(`${address}/page.html?server=${encodeURIComponent(baseUrl)}`);
    return new Person(name, page);
  }

  async writes(field, words) {
    await this.page.$eval(field, (element) => (element.value = ""));
    await this.page.type(field, words);
  }

  click(what) {
    return this.page.$eval(what, (element) => element.click());
  }

  async says(words) {
    await this.writes("#text", words);
    await this.click("#send");
  }

  async signsIn() {
    await this.writes("#user", this.name);
    await this.writes("#password", `a good password of ${this.name}`);
    await this.click("#sign-in");
    await this.sees("#rooms:not([hidden])", `${this.name} signs in`);
  }

  async sees(selector, what) {
    await this.page.waitForSelector(selector, WAIT);
    check(true, what);
  }

  async reads(selector, words, what) {
    await this.page.waitForFunction((where, text) => document.querySelector(where)?.textContent.includes(text), WAIT, selector, words);
    check(true, what);
  }

  async gives(field, file) {
    await (await this.page.$(field)).uploadFile(path.join(folder, file));
  }
}

const event = (body) => `.event[data-body="${body}"][data-fault="false"]`;

async function talk(alice, bob, bobsId) {
  await alice.signsIn();
  await bob.signsIn();

  await alice.writes("#new-name", "Kitchen");
  await alice.click("#new-encrypted");
  await alice.reads("#name", "Kitchen", "alice makes an encrypted room");
  await alice.writes("#whom", bobsId);
  await alice.click("#invite");
  await bob.sees('[data-room="Kitchen"]', "bob sees the invitation");
  await bob.click('[data-room="Kitchen"]');
  await bob.sees("#join:not([hidden])", "bob looks at it");
  await bob.click("#join");
  await bob.sees("#join[hidden]", "bob joins");

  await bob.page.type("#text", "So");
  await alice.reads("#typing", "is typing", "alice sees that bob is typing");
  await bob.says("Soup?");
  await alice.sees(`${event("Soup?")}[data-encrypted="true"]`, "alice reads what bob said, which was encrypted");
  await alice.page.waitForFunction(() => document.getElementById("typing").textContent === "", WAIT);
  check(true, "bob is not typing any more");

  await alice.click(`${event("Soup?")} .reply`);
  await alice.says("Tomato soup");
  await bob.reads(`${event("Tomato soup")} .quote`, "Soup?", "bob sees what alice replies to");
  await bob.click(`${event("Tomato soup")} .react`);
  await alice.reads(`${event("Tomato soup")} .reaction`, "👍 1", "alice sees bob's reaction");

  await alice.click(`${event("Soup?")} .thread`);
  await alice.says("With basil");
  await bob.sees(`${event("With basil")}.in-thread`, "bob sees the thread");

  await alice.gives("#picture", "picture.png");
  await bob.page.waitForFunction(() => document.querySelector('img[alt="picture.png"]')?.naturalWidth === 2, WAIT);
  check(true, "bob sees alice's picture");
  await bob.click(`${event("picture.png")} .mark-read`);
  await alice.reads("#read", bobsId, "alice sees that bob has read it");

  await alice.gives("#avatar-file", "picture.png");
  await alice.page.waitForFunction(() => document.getElementById("avatar").naturalWidth > 0, WAIT);
  check(true, "alice sees the thumbnail of her own picture");

  await alice.writes("#new-name", "Garden");
  await alice.click("#new-open");
  await alice.reads("#name", "Garden", "alice makes an open room");
  await alice.says("The roses are in bloom");
  await alice.says("So are the tulips");
  await alice.sees(event("So are the tulips"), "alice speaks of flowers");
  const found = async () => {
    await alice.writes("#words", "roses");
    await alice.click("#search");
    return (await alice.page.$$eval("#found li", (all) => all.map((each) => each.textContent))).join() === "The roses are in bloom";
  };
  for (let tries = 0; !(await found()); tries++) {
    assert.ok(tries < 100, "alice finds the roses");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  check(true, "alice finds the roses, and nothing else");

  await bob.click("#sign-out");
  await bob.sees("#signed-out:not([hidden])", "bob signs out");
  const token = await bob.page.evaluate(() => window.left);
  const answer = await fetch(`${baseUrl}/_matrix/client/v3/account/whoami`, { headers: { Authorization: `Bearer ${token}` } });
  check(answer.status === 401, "bob's token is refused");
  for (const each of [alice, bob]) {
    assert.deepEqual(await each.page.evaluate(() => window.faults), [], `what went wrong in the page of ${each.name}`);
  }
}

await build();
const server = await serve();
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const people = [];
try {
  await register("alice");
  const bobsId = await register("bob");
  const address = `http://127.0.0.1:${server.address().port}`;
  for (const name of ["alice", "bob"]) people.push(await Person.comes(browser, name, address));
  await talk(...people, bobsId);
  console.log(`DONE ${checks}`);
} catch (fault) {
  for (const each of people) {
    await each.page.screenshot({ path: path.join(folder, `${each.name}.png`) });
    console.log(`what went wrong in the page of ${each.name}:`, await each.page.evaluate(() => window.faults));
  }
  throw fault;
} finally {
  await browser.close();
  server.close();
}
