package org.hearth.server.services.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.services.account.ServicesExtension.SERVER;
import static org.hearth.server.services.account.ServicesExtension.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.account.ServicesExtension;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("long")
class AliasesTest {
  private static final RoomAlias KITCHEN = RoomAlias.create("kitchen", SERVER);
  private static final String KITCHEN_PATH = path("#kitchen:hearth.test");

  @RegisterExtension private final ServicesExtension services = ServicesExtension.withRooms();

  private TestClient alice;
  private TestClient bob;
  private RoomId room;

  @BeforeEach
  void makeARoom() {
    alice = services.register("alice");
    bob = services.register("bob");
    room = services.roomWriter().create(user("alice"), "{}");
  }

  private static String path(String alias) {
    return "/_matrix/client/v3/directory/room/" + TestClient.encoded(alias);
  }

  private String toRoom() {
    return "{'room_id': '%s'}".formatted(room);
  }

  private Directory directory() {
    return services.otherDirectory();
  }

  @Test
  void noOtherNetworkIsKnown() {
    assertThat(alice.get("/_matrix/client/v3/thirdparty/protocols").expect(200).json()).isEmpty();
  }

  @Test
  void aliasLeadsToItsRoom() throws InterruptedException {
    alice.put(KITCHEN_PATH, toRoom()).expect(200);
    assertThat(services.announced()).contains(new AccountOutput.AliasAdded(KITCHEN, room));
    services.restart();

    Answer answer = services.client().get(KITCHEN_PATH).expect(200);

    assertThat(answer.text("room_id")).isEqualTo(room.value());
    assertThat(answer.at("/servers/0").asText()).isEqualTo("hearth.test");
  }

  /// As when the process ends between the alias and the room of one request.
  @Test
  void aliasOfARoomThatWasNeverMadeIsFreeAfterARestart() throws InterruptedException {
    RoomId never = RoomId.parse("!never:hearth.test");
    alice.put(path("#other:hearth.test"), toRoom()).expect(200);
    services.directory().claim("kitchen", never, user("bob"));
    alice.put(KITCHEN_PATH, toRoom()).expect(409, "M_UNKNOWN");

    services.restart();
    long until = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (directory().resolve(KITCHEN).isPresent() && System.nanoTime() < until) {
      Thread.onSpinWait();
    }

    services.client().get(KITCHEN_PATH).expect(404, "M_NOT_FOUND");
    services.client().get(path("#other:hearth.test")).expect(200);
    assertThat(services.directory().claim("kitchen", room, user("alice"))).isEqualTo(KITCHEN);
  }

  @Test
  void aliasesThatAreGivenAtTheSameTimeKeepToTheLimitToo() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Answer>> all = new ArrayList<>();
      for (int i = 0; i < DirectoryService.MOST_ALIASES_OF_ROOM + 20; i++) {
        String alias = path("#number" + i + ":hearth.test");
        all.add(clients.submit(() -> alice.put(alias, toRoom())));
      }
      int given = 0;
      for (Future<Answer> each : all) {
        given += each.get().status() == 200 ? 1 : 0;
      }

      assertThat(given).isEqualTo(DirectoryService.MOST_ALIASES_OF_ROOM);
      assertThat(directory().aliases(room)).hasSize(given);
    }
  }

  @Test
  void aliasesOfAnyAlphabetAndWithSlashesWork() {
    String odd = path("#küche/süd %2F:hearth.test");

    alice.put(odd, toRoom()).expect(200);

    services.client().get(odd).expect(200);
  }

  @Test
  void aliasIsGivenOnce() {
    alice.put(KITCHEN_PATH, toRoom()).expect(200);

    alice.put(KITCHEN_PATH, toRoom()).expect(409, "M_UNKNOWN");
  }

  @Test
  void refusesWhatIsNoAlias() {
    alice.put(path("kitchen"), toRoom()).expect(400, "M_INVALID_PARAM");
    alice
        .put(path("#" + "x".repeat(255) + ":hearth.test"), toRoom())
        .expect(400, "M_INVALID_PARAM");
    alice.put(path("#kitchen:other.test"), toRoom()).expect(400, "M_INVALID_PARAM");
    alice.put(KITCHEN_PATH, "{}").expect(400, "M_MISSING_PARAM");
    alice.put(KITCHEN_PATH, "{'room_id': 'kitchen'}").expect(400, "M_INVALID_PARAM");
    services.client().get(KITCHEN_PATH).expect(404, "M_NOT_FOUND");
    services.client().get(path("#kitchen:other.test")).expect(404, "M_NOT_FOUND");
    services.client().put(KITCHEN_PATH, toRoom()).expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void onlyMembersNameARoom() {
    bob.put(KITCHEN_PATH, toRoom()).expect(403, "M_FORBIDDEN");
    alice.put(KITCHEN_PATH, "{'room_id': '!nowhere:hearth.test'}").expect(403, "M_FORBIDDEN");

    services.roomWriter().join(room, user("bob"));
    bob.put(KITCHEN_PATH, toRoom()).expect(200);
  }

  @Test
  void aliasIsRemovedByItsCreatorByPowerOrByAnAdministrator() {
    services.roomWriter().join(room, user("bob"));
    alice.put(KITCHEN_PATH, toRoom()).expect(200);
    bob.delete(KITCHEN_PATH).expect(403, "M_FORBIDDEN");
    alice.delete(KITCHEN_PATH).expect(200);
    alice.delete(KITCHEN_PATH).expect(404, "M_NOT_FOUND");

    bob.put(KITCHEN_PATH, toRoom()).expect(200);
    alice.delete(KITCHEN_PATH).expect(200);

    bob.put(KITCHEN_PATH, toRoom()).expect(200);
    TestClient owner = services.register("owner");
    owner.delete(KITCHEN_PATH).expect(403, "M_FORBIDDEN");
    services.accounts().setAdmin(user("owner"), true);
    owner.delete(KITCHEN_PATH).expect(200);
  }

  @Test
  void removedAliasLeavesTheCanonicalAlias() {
    alice.put(KITCHEN_PATH, toRoom()).expect(200);
    alice.put(path("#cellar:hearth.test"), toRoom()).expect(200);
    services
        .roomWriter()
        .set(
            room,
            user("alice"),
            EventTypes.CANONICAL_ALIAS,
            "{'alias': '#kitchen:hearth.test', 'alt_aliases': ['#cellar:hearth.test', '#kitchen:hearth.test']}");

    alice.delete(KITCHEN_PATH).expect(200);

    ObjectNode content =
        services
            .roomQueries()
            .currentState(room)
            .orElseThrow()
            .event(EventTypes.CANONICAL_ALIAS)
            .orElseThrow()
            .pdu()
            .content();
    assertThat(content).isEqualTo(json("{'alt_aliases': ['#cellar:hearth.test']}"));
  }

  @Test
  void membersListARoomsAliases() {
    alice.put(KITCHEN_PATH, toRoom()).expect(200);
    alice.put(path("#attic:hearth.test"), toRoom()).expect(200);
    String list = "/_matrix/client/v3/rooms/" + TestClient.encoded(room.value()) + "/aliases";

    assertThat(alice.get(list).expect(200).json().toString())
        .isEqualTo("{\"aliases\":[\"#attic:hearth.test\",\"#kitchen:hearth.test\"]}");
    bob.get(list).expect(403, "M_FORBIDDEN");
    services
        .roomWriter()
        .set(
            room,
            user("alice"),
            EventTypes.HISTORY_VISIBILITY,
            "{'history_visibility': 'world_readable'}");
    bob.get(list).expect(200);
  }

  @Test
  void canonicalAliasMustLeadToItsRoom() {
    alice.put(KITCHEN_PATH, toRoom()).expect(200);

    assertThatCode(() -> check("{'alias': '#kitchen:hearth.test'}", null))
        .doesNotThrowAnyException();
    assertThatCode(() -> check("{'alias': ''}", null)).doesNotThrowAnyException();
    assertThatCode(() -> check("{'alias': null, 'alt_aliases': []}", null))
        .doesNotThrowAnyException();
    assertThatCode(() ->
            check(
                "{'alias': '#gone:hearth.test', 'alt_aliases': ['nonsense']}",
                "{'alias': '#gone:hearth.test', 'alt_aliases': ['nonsense']}"))
        .doesNotThrowAnyException();
    refuses("{'alias': '#gone:hearth.test'}", "M_BAD_ALIAS");
    refuses("{'alt_aliases': ['#kitchen:hearth.test', '#gone:hearth.test']}", "M_BAD_ALIAS");
    refuses("{'alias': '#kitchen:other.test'}", "M_BAD_ALIAS");
    refuses("{'alias': 'kitchen'}", "M_INVALID_PARAM");
    refuses("{'alias': 3}", "M_INVALID_PARAM");
    refuses("{'alt_aliases': {}}", "M_INVALID_PARAM");
    refuses("{'alt_aliases': [1]}", "M_INVALID_PARAM");
  }

  private void check(String content, @Nullable String before) throws InterruptedException {
    directory().checkCanonicalAlias(room, json(content), before == null ? null : json(before));
  }

  private void refuses(String content, String errcode) {
    assertThatThrownBy(() -> check(content, null))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo(errcode));
  }

  @Test
  void roomThatIsBeingMadeClaimsItsAlias() {
    RoomId other = RoomId.parse("!new:hearth.test");
    RoomAlias alias = services.directory().claim("hall", other, user("alice"));

    assertThat(directory().resolve(alias)).isEqualTo(Optional.of(other));
    assertThatThrownBy(() -> services.directory().claim("hall", room, user("bob")))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_ROOM_IN_USE"));
    assertThatThrownBy(() -> services.directory().claim("a:b", room, user("bob")))
        .isInstanceOfSatisfying(
            MatrixException.class, each -> assertThat(each.errcode()).isEqualTo("M_INVALID_PARAM"));

    services.directory().release(alias);
    services.directory().release(alias);
    assertThat(directory().resolve(alias)).isEmpty();
  }

  private static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
