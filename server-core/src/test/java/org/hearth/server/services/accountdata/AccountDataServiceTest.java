package org.hearth.server.services.accountdata;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.IntStream;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.services.account.ServicesExtension;
import org.hearth.server.store.RowChange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("long")
class AccountDataServiceTest {
  private static final String ALICE = "/_matrix/client/v3/user/@alice:hearth.test";
  private static final RoomId ROOM = new RoomId("!room:hearth.test");
  private static final String IN_ROOM = ALICE + "/rooms/" + ROOM;

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  @Test
  void globalDataIsKept() throws InterruptedException {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/account_data/org.test", "{'a': {'b': [1, 2.5, null]}}").expect(200);
    alice.put(ALICE + "/account_data/org.test", "{'a': 2}").expect(200);

    assertThat(alice.get(ALICE + "/account_data/org.test").expect(200).json().toString())
        .isEqualTo("{\"a\":2}");
    alice.get(ALICE + "/account_data/org.other").expect(404, "M_NOT_FOUND");
    alice.get(IN_ROOM + "/account_data/org.test").expect(404, "M_NOT_FOUND");
    assertThat(services.announced())
        .filteredOn(AccountOutput.AccountDataChanged.class::isInstance)
        .hasSize(2);
  }

  @Test
  void dataOfARoomIsKeptApart() {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/account_data/org.test", "{'global': true}").expect(200);
    alice.put(IN_ROOM + "/account_data/org.test", "{'room': true}").expect(200);

    assertThat(alice.get(IN_ROOM + "/account_data/org.test").expect(200).json().toString())
        .isEqualTo("{\"room\":true}");
    assertThat(alice.get(ALICE + "/account_data/org.test").expect(200).json().toString())
        .isEqualTo("{\"global\":true}");
    alice.put(ALICE + "/rooms/nonsense/account_data/x", "{}").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void changesAreFoundByPosition() throws InterruptedException {
    TestClient alice = services.register("alice");
    alice.put(ALICE + "/account_data/one", "{'v': 1}").expect(200);
    LogPosition afterOne = services.store().head();
    alice.put(IN_ROOM + "/account_data/two", "{'v': 1}").expect(200);
    LogPosition afterTwo = services.store().head();
    alice.put(ALICE + "/account_data/one", "{'v': 2}").expect(200);
    services.restart();
    LogPosition end = services.store().head();
    AccountDataQueries data = services.data();

    List<AccountDataItem> all = data.all(user("alice"), end);
    List<AccountDataItem> between = data.changed(user("alice"), afterOne, afterTwo);

    assertThat(all).extracting(AccountDataItem::type).containsExactly("two", "one");
    assertThat(all.get(1).content().path("v").asInt()).isEqualTo(2);
    assertThat(all.get(1).position()).isEqualTo(end);
    assertThat(between).extracting(AccountDataItem::room).containsExactly(ROOM);
    assertThat(data.changed(user("alice"), end, end)).isEmpty();
    assertThat(data.ofRoom(user("alice"), ROOM, end)).hasSize(1);
    assertThat(data.all(user("bob"), end)).isEmpty();
  }

  @Test
  void dataOfOthersIsForbidden() {
    services.register("alice");
    TestClient bob = services.register("bob");

    bob.put(ALICE + "/account_data/org.test", "{}").expect(403, "M_FORBIDDEN");
    bob.get(ALICE + "/account_data/org.test").expect(403, "M_FORBIDDEN");
    bob.get(IN_ROOM + "/account_data/org.test").expect(403, "M_FORBIDDEN");
    bob.get(IN_ROOM + "/tags").expect(403, "M_FORBIDDEN");
    services.client().get(ALICE + "/account_data/org.test").expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void whatTheServerControlsCannotBeSet() {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/account_data/m.push_rules", "{}").expect(405, "M_BAD_JSON");
    alice.put(IN_ROOM + "/account_data/m.fully_read", "{}").expect(405, "M_BAD_JSON");
  }

  @Test
  void sizesAreBounded() {
    TestClient alice = services.register("alice");
    String full = "{'x': '%s'}".formatted("y".repeat(65_536 - 8));

    alice.put(ALICE + "/account_data/most", full).expect(200);
    alice.put(ALICE + "/account_data/more", full.replace("'x'", "'xx'")).expect(413, "M_TOO_LARGE");
    for (int i = 1; i < 80; i++) {
      alice.put(ALICE + "/account_data/t" + i, full).expect(200);
    }
    alice.put(ALICE + "/account_data/last", full).expect(413, "M_TOO_LARGE");
    // What replaces something counts once.
    alice.put(ALICE + "/account_data/most", full).expect(200);
    alice.put(ALICE + "/account_data/" + "t".repeat(256), "{}").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void refusesWhatIsNoObject() {
    TestClient alice = services.register("alice");

    alice.put(ALICE + "/account_data/org.test", "[]").expect(400, "M_BAD_JSON");
    alice.put(ALICE + "/account_data/org.test", "nonsense").expect(400, "M_NOT_JSON");
    alice.put(ALICE + "/account_data/org.test", "{'a': 1, 'a': 2}").expect(400);
  }

  @Test
  void tagsComeAndGo() throws InterruptedException {
    TestClient alice = services.register("alice");
    String tags = IN_ROOM + "/tags";
    assertThat(alice.get(tags).expect(200).at("/tags")).isEmpty();

    alice.put(tags + "/m.favourite", "{'order': 0.25}").expect(200);
    alice.put(tags + "/u.Work%2FHome", "{}").expect(200);
    alice.put(tags + "/u.gone", "{}").expect(200);
    alice.delete(tags + "/u.gone").expect(200);
    alice.delete(tags + "/u.never").expect(200);

    Answer answer = alice.get(tags).expect(200);
    assertThat(answer.json().toString())
        .isEqualTo("{\"tags\":{\"m.favourite\":{\"order\":0.25},\"u.Work/Home\":{}}}");
    ObjectNode stored = services.data().ofRoom(user("alice"), ROOM, "m.tag").orElseThrow();
    assertThat(stored).isEqualTo(answer.json());
    assertThat(services.announced())
        .filteredOn(AccountOutput.AccountDataChanged.class::isInstance)
        .hasSize(4);
  }

  @Test
  void refusesWhatIsNoTag() {
    TestClient alice = services.register("alice");

    alice.put(IN_ROOM + "/tags/u.x", "{'order': 'first'}").expect(400, "M_BAD_JSON");
    alice.put(IN_ROOM + "/tags/" + "x".repeat(256), "{}").expect(400, "M_INVALID_PARAM");
    alice.put(ALICE + "/rooms/nonsense/tags/u.x", "{}").expect(400, "M_INVALID_PARAM");
  }

  /// Tags are kept in one item, in which each stands two levels deeper than in its request.
  @Test
  void refusesATagThatCouldNotBeReadAgain() {
    TestClient alice = services.register("alice");
    String tags = IN_ROOM + "/tags/";

    alice.put(tags + "u.deep", nested(MatrixJson.MAX_DEPTH - 2)).expect(200);
    alice.put(tags + "u.deeper", nested(MatrixJson.MAX_DEPTH - 1)).expect(400, "M_BAD_JSON");

    assertThat(alice.get(IN_ROOM + "/tags").expect(200).at("/tags")).hasSize(1);
    alice.put(tags + "u.other", "{}").expect(200);
    alice.delete(tags + "u.deep").expect(200);
  }

  /// As an earlier version could store it.
  @Test
  void aTagThatIsTooDeepIsStillReadAndDeleted() {
    TestClient alice = services.register("alice");
    String stored = "{'tags': {'u.deep': %s}}".formatted(nested(MatrixJson.MAX_DEPTH));
    services
        .store()
        .committer()
        .commit(
            "test",
            AccountData.set(
                user("alice"), ROOM, "m.tag", stored.replace('\'', '"').getBytes(UTF_8)),
            List.of());

    assertThat(alice.get(IN_ROOM + "/tags").expect(200).at("/tags")).hasSize(1);
    alice.delete(IN_ROOM + "/tags/u.deep").expect(200);
    assertThat(alice.get(IN_ROOM + "/tags").expect(200).at("/tags")).isEmpty();
  }

  /// An object of that many levels.
  private static String nested(int levels) {
    return "{'x':".repeat(levels - 1) + "{}" + "}".repeat(levels - 1);
  }

  @Test
  void itemsAreCounted() {
    TestClient alice = services.register("alice");
    List<RowChange> many =
        IntStream.range(0, AccountDataService.MOST_USER_ITEMS - 1)
            .mapToObj(i -> AccountData.set(user("alice"), ROOM, "t" + i, "{}".getBytes(UTF_8)))
            .flatMap(List::stream)
            .toList();
    services.store().committer().commit("test", many, List.of());

    alice.put(ALICE + "/account_data/last", "{}").expect(200);

    alice.put(ALICE + "/account_data/more", "{}").expect(413, "M_TOO_LARGE");
    alice.put(ALICE + "/account_data/last", "{'replaced': true}").expect(200);
    assertThat(services.data().keptWithout(user("alice"), null, "last"))
        .isEqualTo(
            new AccountData.Kept(
                AccountDataService.MOST_USER_ITEMS - 1,
                2 * (AccountDataService.MOST_USER_ITEMS - 1)));
  }
}
