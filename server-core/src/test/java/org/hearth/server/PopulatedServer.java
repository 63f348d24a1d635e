package org.hearth.server;

import static org.hearth.server.http.TestClient.encoded;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.hearth.server.http.TestClient;

/// A whole server with people and rooms in it, on a clock that can be put forward.
///
/// | who | |
/// |---|---|
/// | alice | made `room` (version 12, alias `alias`) and `old-room` (version 11) |
/// | bob | is in `room`, and may only write |
/// | alice | has the versions `old-backup` and `backup` of a key backup |
/// | carol | made `private`, which nobody else is in |
/// | erin | is banned from `room` |
/// | frank | had an account |
/// | guest | has no password |
/// | root | administers the server |
/// | nobody, stranger, leaver, expired | have no token, an unknown one, one that has logged out, one that has expired |
public final class PopulatedServer implements AutoCloseable {
  static final String PASSWORD = WholeServer.PASSWORD;

  private final WholeServer server;
  private final Map<String, String> named = new HashMap<>();
  private final Map<String, String> tokens = new HashMap<>();
  private volatile Duration ahead = Duration.ZERO;

  public PopulatedServer(Path folder) {
    server =
        new WholeServer(
            folder,
            """
            federation: { mode: open, blocked: [ elsewhere.test ] }
            url-previews: { enabled: true }
            support: { contacts: [ { matrix-id: '@root:hearth.test' } ] }
            """,
            () -> Instant.now().plus(ahead));
  }

  public void start() throws StartFailedException {
    server.start();
  }

  void stop() {
    server.stop();
  }

  @Override
  public void close() {
    server.close();
  }

  Homeserver server() {
    return server.homeserver();
  }

  public int port() {
    return server.base().getPort();
  }

  /// A client of somebody who has a token.
  public TestClient client(String who) {
    return server.client().as(token(who));
  }

  /// The token of somebody; `nobody` has none.
  public String token(String who) {
    return Objects.requireNonNull(tokens.get(who), who);
  }

  /// What is known under that name.
  public String named(String name) {
    return Objects.requireNonNull(named.get(name), name);
  }

  /// Gives something a name.
  public void name(String name, String value) {
    named.put(name, value);
  }

  /// Brings people and rooms into a server that runs.
  public void populate() {
    for (String name : new String[] {"alice", "bob", "carol", "erin", "frank", "leaver"}) {
      register(name);
    }
    server.homeserver().admin().orElseThrow().createPerson("root", PASSWORD, true);
    tokens.put("root", logIn("root", "").text("access_token"));
    TestClient.Answer guest =
        server.client().post("/_matrix/client/v3/register?kind=guest", "{}").expect(200);
    tokens.put("guest", guest.text("access_token"));
    named.put("guest", guest.text("user_id"));
    tokens.put("nobody", "");
    tokens.put("stranger", "nonsense");
    tokens.put("expired", logIn("bob", ", 'refresh_token': true").text("access_token"));
    named.put("password", PASSWORD);
    named.put("alice-token", token("alice"));
    named.put("device", named("alice-device"));
    rooms();
    closeAccounts();
    ahead = Duration.ofDays(1);
  }

  private void rooms() {
    TestClient alice = client("alice");
    named.put("gone", "!gone:hearth.test");
    named.put("alias", "#hearth:hearth.test");
    named.put("other-alias", "#old:hearth.test");
    named.put("free-alias", "#free:hearth.test");
    named.put(
        "room",
        create(
            alice,
            "{'preset': 'public_chat', 'name': 'Hearth', 'room_alias_name': 'hearth',"
                + " 'power_level_content_override': {'events': {'org.guarded': 50}}}"));
    named.put("old-room", create(alice, "{'room_version': '11', 'room_alias_name': 'old'}"));
    named.put("private", create(client("carol"), "{}"));
    join("bob");
    join("erin");
    alice.post(rooms("room") + "/ban", "{'user_id': '@erin:hearth.test'}").expect(200);
    named.put("event", send(alice, "room"));
    client("bob")
        .put(
            rooms("room") + "/send/m.reaction/1",
            "{'m.relates_to': {'rel_type': 'm.annotation', 'event_id': '%s', 'key': '+1'}}"
                .formatted(named("event")))
        .expect(200);
    named.put("old-event", send(alice, "old-room"));
    named.put("private-event", send(client("carol"), "private"));
    named.put("old-backup", backup(alice));
    named.put("backup", backup(alice));
    named.put(
        "filter",
        alice
            .post("/_matrix/client/v3/user/@alice:hearth.test/filter", "{'presence': {'limit': 1}}")
            .expect(200)
            .text("filter_id"));
    alice
        .put("/_matrix/client/v3/pushrules/global/override/mine", "{'actions': ['notify']}")
        .expect(200);
  }

  private String backup(TestClient client) {
    return client
        .post("/_matrix/client/v3/room_keys/version", "{'algorithm': 'org.test', 'auth_data': {}}")
        .expect(200)
        .text("version");
  }

  private void closeAccounts() {
    WholeServer.closeAccount(client("frank"), "frank");
    client("leaver").post("/_matrix/client/v3/logout", "{}").expect(200);
  }

  /// Makes an account, and keeps its token.
  public void register(String name) {
    TestClient.Answer made = server.newAccount(name);
    tokens.put(name, made.text("access_token"));
    named.put(name, made.text("user_id"));
    named.put(name + "-device", made.text("device_id"));
  }

  public TestClient.Answer logIn(String name, String more) {
    return server
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': '"
                + name
                + "', 'password': '"
                + PASSWORD
                + "'"
                + more
                + "}")
        .expect(200);
  }

  private static String create(TestClient client, String wish) {
    return client.post("/_matrix/client/v3/createRoom", wish).expect(200).text("room_id");
  }

  private void join(String who) {
    client(who).post("/_matrix/client/v3/join/" + encoded(named("room")), "{}").expect(200);
  }

  /// Sends a message into a room, and returns its id.
  public String send(TestClient client, String room) {
    return client
        .put(
            rooms(room) + "/send/m.room.message/" + System.nanoTime(),
            "{'msgtype': 'm.text', 'body': 'Hello'}")
        .expect(200)
        .text("event_id");
  }

  private String rooms(String room) {
    return "/_matrix/client/v3/rooms/" + encoded(named(room));
  }
}
