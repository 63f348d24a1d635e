package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What people on a Hearth and on another server do in rooms with each other.
abstract class FederationScenarios extends TwoServers {
  @ParameterizedTest
  @ValueSource(strings = {"10", "11", "12"})
  void whoIsInvitedToTheOtherServerJoinsAndBothTalk(String version) {
    String room = roomOf(bob, version);
    bob.change(room, "invite", alice.id());
    alice.awaitInvite(room);
    assertThat(alice.join(room, other)).isEqualTo(room);
    bob.awaitMembership(room, alice.id(), "join");

    alice.say(room, "from here in " + version);
    bob.awaitMessage(room, "from here in " + version);
    bob.say(room, "from there in " + version);
    alice.awaitMessage(room, "from there in " + version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "11", "12"})
  void whoIsInvitedFromTheOtherServerJoinsAndBothTalk(String version) {
    String room = roomOf(alice, version);
    alice.change(room, "invite", bob.id());
    bob.awaitInvite(room);
    assertThat(bob.join(room, hearth)).isEqualTo(room);
    alice.awaitMembership(room, bob.id(), "join");

    bob.say(room, "from there in " + version);
    alice.awaitMessage(room, "from there in " + version);
    alice.say(room, "from here in " + version);
    bob.awaitMessage(room, "from here in " + version);
  }

  @Test
  void whoJoinsByAliasReadsWhatWasSaidBefore() {
    String alias = alias();
    String room = bob.makeRoom("11", alias);
    for (int i = 0; i < 30; i++) {
      bob.say(room, "before " + i);
    }

    assertThat(alice.join("#" + alias + ":" + other.name(), other)).isEqualTo(room);

    assertThat(history(alice, room)).contains("before 0", "before 29");
  }

  @Test
  void whoComesByAliasReadsWhatWasSaidBeforeHere() {
    String alias = alias();
    String room = alice.makeRoom("11", alias);
    for (int i = 0; i < 30; i++) {
      alice.say(room, "before " + i);
    }

    assertThat(bob.join("#" + alias + ":" + hearth.name(), hearth)).isEqualTo(room);

    assertThat(history(bob, room)).contains("before 0", "before 29");
  }

  /// All messages that paging back from the end gives.
  private static List<String> history(SyncedUser user, String room) {
    List<String> bodies = new ArrayList<>();
    String from = "";
    for (int page = 0; page < 50; page++) {
      JsonNode answer =
          user.http()
              .get(
                  "/rooms/"
                      + MatrixHttp.encoded(room)
                      + "/messages?dir=b&limit=20"
                      + (from.isEmpty() ? "" : "&from=" + MatrixHttp.encoded(from)))
              .granted();
      answer
          .path("chunk")
          .forEach(each -> {
            String body = each.path("content").path("body").asText();
            if (!body.isEmpty()) {
              bodies.add(body);
            }
          });
      if (!answer.has("end")) {
        return bodies;
      }
      from = answer.path("end").textValue();
    }
    return bodies;
  }

  @Test
  void whatIsEditedAndRedactedIsSoOnBothSides() {
    String room = together("11");
    String first = alice.say(room, "frist");
    bob.awaitMessage(room, "frist");

    ObjectNode edit = MatrixHttp.object().put("msgtype", "m.text").put("body", "* first");
    edit.putObject("m.new_content").put("msgtype", "m.text").put("body", "first");
    edit.putObject("m.relates_to").put("rel_type", "m.replace").put("event_id", first);
    alice.send(room, "m.room.message", edit);
    bob.awaitMessage(room, "* first");

    redact(bob, alice, room);
    redact(alice, bob, room);
  }

  /// One redacts what the other has read, after which this has no content on the other's server.
  private static void redact(SyncedUser one, SyncedUser reader, String room) {
    String body = "a slip of " + one.id();
    String wrong = one.say(room, body);
    reader.awaitMessage(room, body);
    String event = MatrixHttp.encoded(wrong);
    var _ =
        one.http()
            .put(Crowd.path(room) + "/redact/" + event + "/r1", MatrixHttp.object())
            .granted();
    reader.awaitEvent(
        room,
        "the redaction of " + wrong,
        each ->
            each.path("type").asText().equals("m.room.redaction")
                && each.path("sender").asText().equals(one.id()));
    JsonNode left = reader.http().get(Crowd.path(room) + "/event/" + event).granted();
    assertThat(left.path("content").isEmpty()).as(left.toString()).isTrue();
  }

  @Test
  void picturesGoBothWays() throws IOException {
    picture(alice, bob);
    picture(bob, alice);
  }

  /// One uploads it, the other gets it, whole and small.
  private static void picture(SyncedUser one, SyncedUser reader) throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    var _ = ImageIO.write(new BufferedImage(400, 300, BufferedImage.TYPE_INT_RGB), "png", png);
    String address = one.http().upload(png.toByteArray(), "image/png");

    assertThat(reader.http().download(address)).isEqualTo(png.toByteArray());
    byte[] small = reader.http().thumbnail(address, 96);
    assertThat(ImageIO.read(new ByteArrayInputStream(small)).getWidth()).isEqualTo(96);
  }

  @Test
  void typingAndReceiptsGoBothWays() {
    String room = together("11");
    String of = "/rooms/" + MatrixHttp.encoded(room);
    var _ =
        alice
            .http()
            .put(
                of + "/typing/" + MatrixHttp.encoded(alice.id()),
                MatrixHttp.object().put("typing", true).put("timeout", 20_000))
            .granted();
    bob.awaitEphemeral(room, "m.typing", each -> each.toString().contains(alice.id()));
    var _ =
        bob.http()
            .put(
                of + "/typing/" + MatrixHttp.encoded(bob.id()),
                MatrixHttp.object().put("typing", true).put("timeout", 20_000))
            .granted();
    alice.awaitEphemeral(room, "m.typing", each -> each.toString().contains(bob.id()));

    String ofAlice = alice.say(room, "read me");
    bob.awaitMessage(room, "read me");
    read(bob, room, ofAlice);
    alice.awaitEphemeral(
        room, "m.receipt", each -> each.path(ofAlice).path("m.read").has(bob.id()));
    String ofBob = bob.say(room, "read me, too");
    alice.awaitMessage(room, "read me, too");
    read(alice, room, ofBob);
    bob.awaitEphemeral(room, "m.receipt", each -> each.path(ofBob).path("m.read").has(alice.id()));
  }

  private static void read(SyncedUser user, String room, String event) {
    var _ =
        user.http()
            .post(
                "/rooms/"
                    + MatrixHttp.encoded(room)
                    + "/receipt/m.read/"
                    + MatrixHttp.encoded(event),
                MatrixHttp.object())
            .granted();
  }

  @Test
  void anInviteIsRejectedAndTakenBack() {
    String room = roomOf(bob, "11");
    bob.change(room, "invite", alice.id());
    alice.awaitInvite(room);
    alice.leave(room);
    bob.awaitMembership(room, alice.id(), "leave");

    String second = roomOf(bob, "11");
    bob.change(second, "invite", alice.id());
    alice.awaitInvite(second);
    bob.change(second, "kick", alice.id());
    alice.awaitLeft(second);

    String third = roomOf(alice, "11");
    alice.change(third, "invite", bob.id());
    bob.awaitInvite(third);
    bob.leave(third);
    alice.awaitMembership(third, bob.id(), "leave");
  }

  @Test
  void whoIsKickedOrBannedIsToldSo() {
    String room = together("11");
    alice.change(room, "kick", bob.id());
    bob.awaitLeft(room);
    bob.join(room, hearth);

    String other = together("11");
    alice.change(other, "ban", bob.id());
    bob.awaitLeft(other);
    assertThat(
            bob.http()
                .post(
                    "/join/" + MatrixHttp.encoded(other) + "?via=" + hearth.name(),
                    MatrixHttp.object())
                .status())
        .isEqualTo(403);
  }

  @Test
  void whoKnocksIsLetIn() {
    knock(alice, bob, other);
    knock(bob, alice, hearth);
  }

  private void knock(SyncedUser guest, SyncedUser host, FederatedServer ofHost) {
    String room = roomOf(host, "11");
    var _ =
        host.http()
            .put(
                "/rooms/" + MatrixHttp.encoded(room) + "/state/m.room.join_rules/",
                MatrixHttp.object().put("join_rule", "knock"))
            .granted();
    var _ =
        guest
            .http()
            .post(
                "/knock/"
                    + MatrixHttp.encoded(room)
                    + "?server_name="
                    + ofHost.name()
                    + "&via="
                    + ofHost.name(),
                MatrixHttp.object())
            .granted();
    guest.await("the knock", each -> each.path("rooms").path("knock").has(room));
    host.awaitMembership(room, guest.id(), "knock");
    host.change(room, "invite", guest.id());
    guest.awaitInvite(room);
    guest.join(room, ofHost);
    host.awaitMembership(room, guest.id(), "join");
  }

  @Test
  void messagesToDevicesAndListsOfDevicesGoBothWays() {
    together("11");
    toDevice(alice, bob);
    toDevice(bob, alice);
    assertThat(bob.http().get("/profile/" + MatrixHttp.encoded(alice.id())).status())
        .isEqualTo(200);
    assertThat(alice.http().get("/profile/" + MatrixHttp.encoded(bob.id())).status())
        .isEqualTo(200);
  }

  private static void toDevice(SyncedUser from, SyncedUser to) {
    ObjectNode body = MatrixHttp.object();
    body.putObject("messages").putObject(to.id()).putObject("*").put("hello", from.id());
    var _ = from.http().put("/sendToDevice/org.hearth.hello/" + UUID.randomUUID(), body).granted();
    to.await(
        "a message to the device",
        each -> each.path("to_device").path("events").toString().contains("org.hearth.hello"));
  }

  @Test
  void whoWasAwayIsToldWhatWasSaidMeanwhile() throws Exception {
    String room = together("11");
    alice.say(room, "before");
    bob.awaitMessage(room, "before");

    other.kill();
    for (int i = 0; i < 60; i++) {
      alice.say(room, "while you were away " + i);
    }
    other.restart();
    // A sign of life, so that nobody waits for the end of a pause.
    bob.say(room, "here again");
    alice.awaitMessage(room, "here again");
    bob.awaitMessage(room, "while you were away 59");
    assertThat(history(bob, room)).contains("while you were away 0", "while you were away 30");

    hearth.kill();
    for (int i = 0; i < 60; i++) {
      bob.say(room, "and while you were " + i);
    }
    hearth.restart();
    alice.say(room, "here again, too");
    bob.awaitMessage(room, "here again, too");
    alice.awaitMessage(room, "and while you were 59");
    assertThat(history(alice, room)).contains("and while you were 0", "and while you were 30");
  }
}
