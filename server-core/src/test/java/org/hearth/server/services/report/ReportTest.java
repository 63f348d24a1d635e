package org.hearth.server.services.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.server.http.TestClient.encoded;

import java.util.List;
import java.util.OptionalLong;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.ReportSummary;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// What users report, and what becomes of it.
@WholeServer.Started
class ReportTest {
  private static final String V3 = "/_matrix/client/v3";

  private final WholeServer server;
  private final TestClient alice;
  private final TestClient bob;
  private final String room;
  private final String event;

  ReportTest(WholeServer server) {
    this.server = server;
    alice = server.register("alice");
    bob = server.register("bob");
    room = alice.post(V3 + "/createRoom", "{'preset':'public_chat'}").expect(200).text("room_id");
    event = say("rude");
  }

  private String say(String body) {
    return alice
        .put(
            V3 + "/rooms/" + encoded(room) + "/send/m.room.message/" + System.nanoTime(),
            "{'msgtype':'m.text','body':'" + body + "'}")
        .expect(200)
        .text("event_id");
  }

  private void join(TestClient who) {
    who.post(V3 + "/join/" + encoded(room), "{}").expect(200);
  }

  private String ofEvent(String reported) {
    return V3 + "/rooms/" + encoded(room) + "/report/" + encoded(reported);
  }

  private Admin admin() {
    return server.homeserver().admin().orElseThrow();
  }

  private List<ReportSummary> reports() {
    return admin().reports(OptionalLong.empty(), 100);
  }

  @Test
  void aMemberReportsAnEventAndTheOwnerIsTold() throws StartFailedException {
    join(bob);

    bob.post(ofEvent(event), "{'reason':'this makes me sad','score':-100}").expect(200);

    assertThat(reports()).hasSize(1);
    ReportSummary report = reports().getFirst();
    assertThat(report.reporter()).isEqualTo("@bob:hearth.test");
    assertThat(report.room()).contains(room);
    assertThat(report.event()).contains(event);
    assertThat(report.user()).contains("@alice:hearth.test");
    assertThat(report.reason()).isEqualTo("this makes me sad");
    server.stop();
    server.start();
    assertThat(reports()).containsExactly(report);
    assertThat(admin().activity(0, 100))
        .filteredOn(ActivityEntry::trouble)
        .singleElement()
        .satisfies(each -> {
          assertThat(each.text()).contains(event).contains("this makes me sad");
          assertThat(each.by()).startsWith("@bob:hearth.test from 127.0.0.1");
        });
  }

  @Test
  void whoIsNotInTheRoomIsToldTheSameAsOfWhatIsNotThere() {
    TestClient.Answer outside = bob.post(ofEvent(event), "{}").expect(404, "M_NOT_FOUND");
    join(bob);
    TestClient.Answer nothing = bob.post(ofEvent("$none"), "{}").expect(404, "M_NOT_FOUND");
    TestClient.Answer noId = bob.post(ofEvent("none"), "{}").expect(404, "M_NOT_FOUND");
    bob.post(V3 + "/rooms/" + encoded(room) + "/leave", "{}").expect(200);
    TestClient.Answer left = bob.post(ofEvent(event), "{}").expect(404, "M_NOT_FOUND");
    TestClient.Answer noRoom =
        bob.post(V3 + "/rooms/!none:hearth.test/report/" + encoded(event), "{}")
            .expect(404, "M_NOT_FOUND");

    assertThat(List.of(nothing.json(), noId.json(), left.json(), noRoom.json()))
        .containsOnly(outside.json());
    assertThat(reports()).isEmpty();
  }

  @Test
  void anEventThatIsHiddenFromTheReporterOrOfAnotherRoomIsNotFound() {
    String own = bob.post(V3 + "/createRoom", "{}").expect(200).text("room_id");
    bob.post(V3 + "/rooms/" + encoded(own) + "/report/" + encoded(event), "{}")
        .expect(404, "M_NOT_FOUND");
    alice
        .put(
            V3 + "/rooms/" + encoded(room) + "/state/m.room.history_visibility",
            "{'history_visibility':'joined'}")
        .expect(200);
    String hidden = say("before bob came");
    join(bob);

    bob.post(ofEvent(hidden), "{}").expect(404, "M_NOT_FOUND");
  }

  @Test
  void anybodyReportsARoomAndLearnsNothingOfWhichThereAre() {
    String target = V3 + "/rooms/%s/report";

    assertThat(bob.post(target.formatted(encoded(room)), "{'reason':'spam'}").expect(200).json())
        .isEqualTo(
            bob.post(target.formatted("!none:hearth.test"), "{'reason':'spam'}")
                .expect(200)
                .json());

    assertThat(reports()).extracting(ReportSummary::about).containsExactly("the room " + room);
    bob.post(target.formatted(encoded(room)), "{}").expect(400);
    bob.post(target.formatted("room"), "{'reason':''}").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void anybodyReportsAUserAndLearnsNothingOfWhomThereIs() {
    String target = V3 + "/users/%s/report";
    for (String user : List.of("@alice:hearth.test", "@nobody:hearth.test", "@eve:other.test")) {
      bob.post(target.formatted(encoded(user)), "{'reason':''}").expect(200);
    }

    assertThat(reports())
        .extracting(ReportSummary::about)
        .containsExactly("the user @eve:other.test", "the user @alice:hearth.test");
    bob.post(target.formatted("alice"), "{'reason':''}").expect(400, "M_INVALID_PARAM");
    bob.post(target.formatted("@alice:hearth.test"), "{'reason':7}").expect(400, "M_BAD_JSON");
  }

  @Test
  void theSameReportedAgainReplacesTheReport() {
    String target = V3 + "/users/@alice:hearth.test/report";
    bob.post(target, "{'reason':'once'}").expect(200);
    bob.post(target, "{'reason':'twice'}").expect(200);
    alice.post(target, "{'reason':'myself'}").expect(200);

    assertThat(reports()).extracting(ReportSummary::reason).containsExactly("myself", "twice");
  }

  @Test
  void aReasonOfAnyLengthIsKeptUpToItsBound() {
    String target = V3 + "/users/@alice:hearth.test/report";

    bob.post(target, "{'reason':'%s'}".formatted("a" + "😀".repeat(8_000))).expect(200);

    assertThat(reports().getFirst().reason()).hasSizeLessThanOrEqualTo(2_000).endsWith("😀…");
  }

  @Test
  void theOwnerDismissesAReport() {
    bob.post(V3 + "/users/@alice:hearth.test/report", "{'reason':'x'}").expect(200);
    long number = reports().getFirst().number();

    admin().dismissReport(number);

    assertThat(reports()).isEmpty();
    assertThatThrownBy(() -> admin().dismissReport(number))
        .isInstanceOf(AdminException.class)
        .hasMessage("There is no report " + number + ".");
  }
}
