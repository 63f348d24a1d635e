package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.encoded;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How people on a Hearth and on another server find each other and each other's rooms, know of
/// each other, and keep to themselves what they say.
abstract class CommunityScenarios extends TwoServers {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsSaidEncryptedIsReadOverThere(boolean isKilled) throws Exception {
    ClientScript.play(
        "encrypted-across.mjs",
        List.of(
            hearth.address().toString(), other.address().toString(), isKilled ? "killed" : "quiet"),
        () -> {
          if (isKilled) {
            hearth.kill();
            hearth.restart();
          }
        });
  }

  @Test
  void whoIsThereIsKnownOnBothSides() {
    together("11");
    present(alice, bob);
    present(bob, alice);
  }

  private static void present(SyncedUser who, SyncedUser told) {
    String status = "here: " + UUID.randomUUID();
    var _ =
        who.http()
            .put(
                "/presence/" + encoded(who.id()) + "/status",
                object().put("presence", "online").put("status_msg", status))
            .granted();
    told.await(
        "the presence of " + who.id(),
        each -> hasPresence(each.path("presence").path("events"), who.id(), status));
  }

  private static boolean hasPresence(JsonNode events, String user, String status) {
    for (JsonNode each : events) {
      JsonNode content = each.path("content");
      if (each.path("sender").asText().equals(user)
          && content.path("presence").asText().equals("online")
          && content.path("status_msg").asText().equals(status)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void whoChangesTheirNameIsCalledSoOnBothSides() {
    SyncedUser carol = SyncedUser.on(hearth, "carol");
    SyncedUser dave = SyncedUser.on(other, "dave");
    String room = roomOf(carol, "11");
    dave.join(room, hearth);
    carol.awaitMembership(room, dave.id(), "join");

    rename(carol, dave, room, "Carol of Hearth");
    rename(dave, carol, room, "Dave from elsewhere");
  }

  private static void rename(SyncedUser who, SyncedUser told, String room, String name) {
    var _ =
        who.http()
            .put(
                "/profile/" + encoded(who.id()) + "/displayname", object().put("displayname", name))
            .granted();
    told.awaitEvent(
        room,
        who.id() + " is " + name,
        each ->
            each.path("type").asText().equals("m.room.member")
                && each.path("state_key").asText().equals(who.id())
                && each.path("content").path("displayname").asText().equals(name));
    JsonNode profile = told.http().get("/profile/" + encoded(who.id())).granted();
    assertThat(profile.path("displayname").asText()).isEqualTo(name);
  }

  @Test
  void aRoomThatIsUpgradedIsFollowedFromTheOtherServer() {
    upgrade(alice, bob);
    upgrade(bob, alice);
  }

  private void upgrade(SyncedUser owner, SyncedUser guest) {
    String room = roomOf(owner, "11");
    guest.join(room, of(owner));
    owner.awaitMembership(room, guest.id(), "join");

    String next =
        owner
            .http()
            .post(Crowd.path(room) + "/upgrade", object().put("new_version", "12"))
            .granted()
            .path("replacement_room")
            .textValue();
    JsonNode tombstone =
        guest.awaitEvent(
            room, "the tombstone", each -> each.path("type").asText().equals("m.room.tombstone"));
    assertThat(tombstone.path("content").path("replacement_room").asText()).isEqualTo(next);
    guest.join(next, of(owner));
    owner.awaitMembership(next, guest.id(), "join");
    assertThat(state(guest, next, "m.room.create").path("predecessor").path("room_id").asText())
        .isEqualTo(room);
    guest.say(next, "the new one is nice");
    owner.awaitMessage(next, "the new one is nice");
    owner.say(next, "is it not");
    guest.awaitMessage(next, "is it not");
  }

  private static JsonNode state(SyncedUser user, String room, String type) {
    return user.http().get(Crowd.path(room) + "/state/" + type).granted();
  }

  @Test
  void publicRoomsOfTheOtherServerAreListed() {
    String here = roomOf(alice, "11");
    publish(alice, here);
    String there = roomOf(bob, "11");
    publish(bob, there);

    assertThat(listed(alice, other)).contains(there).doesNotContain(here);
    assertThat(listed(bob, hearth)).contains(here).doesNotContain(there);
  }

  private static void publish(SyncedUser owner, String room) {
    var _ =
        owner
            .http()
            .put("/directory/list/room/" + encoded(room), object().put("visibility", "public"))
            .granted();
  }

  private static List<String> listed(SyncedUser user, FederatedServer of) {
    JsonNode answer =
        user.http().get("/publicRooms?limit=50&server=" + encoded(of.name())).granted();
    return texts(answer.path("chunk"), "room_id");
  }

  private static List<String> texts(JsonNode array, String field) {
    List<String> all = new ArrayList<>();
    array.forEach(each -> all.add(each.path(field).asText()));
    return all;
  }

  @Test
  void aSpaceShowsTheRoomsOfTheOtherServer() {
    showsInSpace(alice, bob);
    showsInSpace(bob, alice);
  }

  /// A space of the one's has a room of the other's that nobody of the one's server is in.
  private void showsInSpace(SyncedUser one, SyncedUser another) {
    String room = roomOf(another, "11");
    ObjectNode body = object().put("preset", "public_chat").put("name", "A space");
    body.putObject("creation_content").put("type", "m.space");
    String space = one.http().post("/createRoom", body).granted().path("room_id").textValue();
    ObjectNode child = object();
    child.putArray("via").add(of(another).name());
    var _ =
        one.http()
            .put(Crowd.path(space) + "/state/m.space.child/" + encoded(room), child)
            .granted();

    JsonNode hierarchy =
        one.http().getV1(Crowd.path(space) + "/hierarchy?limit=20").granted().path("rooms");

    assertThat(texts(hierarchy, "room_id")).containsExactly(space, room);
    assertThat(texts(hierarchy, "name")).containsExactly("A space", "A room of 11");
  }

  @Test
  void whoseBanIsLiftedComesBack() {
    liftBan(alice, bob);
    liftBan(bob, alice);
  }

  private void liftBan(SyncedUser owner, SyncedUser guest) {
    String room = roomOf(owner, "11");
    guest.join(room, of(owner));
    owner.awaitMembership(room, guest.id(), "join");
    owner.change(room, "ban", guest.id());
    guest.awaitLeft(room);
    assertThat(asksToJoin(guest, room, of(owner))).isEqualTo(403);

    owner.change(room, "unban", guest.id());

    until("the way back", () -> asksToJoin(guest, room, of(owner)) == 200);
    guest.say(room, "here again");
    owner.awaitMessage(room, "here again");
  }

  private static int asksToJoin(SyncedUser guest, String room, FederatedServer through) {
    String via = encoded(through.name());
    return guest
        .http()
        .post("/join/" + encoded(room) + "?server_name=" + via + "&via=" + via, object())
        .status();
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "11", "12"})
  void whoIsInTheLobbyIsLetIn(String version) {
    comesFromLobby(alice, bob, version);
    comesFromLobby(bob, alice, version);
  }

  /// The room lets in who is in the lobby; the owner's server vouches for that.
  private void comesFromLobby(SyncedUser owner, SyncedUser guest, String version) {
    String lobby = roomOf(owner, version);
    ObjectNode body = object().put("preset", "private_chat").put("room_version", version);
    ObjectNode rules = body.putArray("initial_state").addObject();
    rules.put("type", "m.room.join_rules").put("state_key", "");
    rules
        .putObject("content")
        .put("join_rule", "restricted")
        .putArray("allow")
        .addObject()
        .put("type", "m.room_membership")
        .put("room_id", lobby);
    String room = owner.http().post("/createRoom", body).granted().path("room_id").textValue();
    assertThat(asksToJoin(guest, room, of(owner))).isEqualTo(403);

    guest.join(lobby, of(owner));
    owner.awaitMembership(lobby, guest.id(), "join");
    guest.join(room, of(owner));

    owner.awaitMembership(room, guest.id(), "join");
    JsonNode member = state(guest, room, "m.room.member/" + encoded(guest.id()));
    assertThat(member.path("join_authorised_via_users_server").asText()).isEqualTo(owner.id());
    owner.say(room, "welcome inside");
    guest.awaitMessage(room, "welcome inside");
  }

  @Test
  void peopleOfTheOtherServerAreFound() {
    together("11");
    until("bob is found", () -> finds(alice, "bob", bob.id()));
    until("alice is found", () -> finds(bob, "alice", alice.id()));
  }

  private static boolean finds(SyncedUser user, String words, String wanted) {
    JsonNode found =
        user.http()
            .post("/user_directory/search", object().put("search_term", words).put("limit", 10))
            .granted();
    return texts(found.path("results"), "user_id").contains(wanted);
  }

  /// Waits until something is so that no `/sync` tells of.
  private static void until(String what, BooleanSupplier isSo) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!isSo.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new AssertionError(what + " did not come in time");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }
}
