package org.hearth.server.writers.federationsend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.services.staging.ArrivingRooms;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Events that come while a user of this server joins their room.
@Timeout(60)
class ArrivingEventsTest {
  private static final UserId OURS = UserId.parse("@dave:hearth.test");

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private TestInternet internet;
  private Outbound outbound;
  private RunningRooms rooms;
  private Staging staging;
  private FederationSend.Needs needs;
  private Judging judging;

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    outbound = internet.outbound(InstantSource.system());
    rooms = new RunningRooms(stores.store());
    staging = new Staging(stores.store(), InstantSource.system());
    FederationClient client =
        new FederationClient(
            outbound,
            new FederationClient.Identity(
                RunningRooms.SERVER, () -> TestKeys.of(RunningRooms.SERVER)),
            _ -> true,
            stores.store(),
            InstantSource.system(),
            new Random(7));
    PeerEvents events =
        new PeerEvents(
            client,
            _ ->
                CompletableFuture.completedFuture((server, _) ->
                    Optional.of(
                        new PublishedKey.Current(
                            TestKeys.of(server).verifyKey(), Long.MAX_VALUE))));
    needs =
        new FederationSend.Needs(
            RunningRooms.SERVER,
            rooms.queries(),
            rooms.peerQueries(),
            rooms.server().client("Tests"),
            events,
            staging,
            InstantSource.system());
    judging = new Judging(needs);
  }

  @AfterEach
  void stop() throws Exception {
    rooms.close();
    outbound.close();
    internet.close();
  }

  private PduIntake intake(Pdu event) {
    PduIntake intake = new PduIntake(needs, BOB.server());
    intake.take(event.json());
    return intake;
  }

  private ArrivingRooms.Arrival arriving(RoomVersion version) {
    return staging.arriving().begin(room.roomId(), version);
  }

  private StagedPdu staged(Pdu event) {
    Staging.Taken taken =
        staging.stage(BOB.server(), "one", "{}".getBytes(UTF_8), intake(event).taken().values());
    return new StagedPdu(taken.events().getFirst());
  }

  private Judged judge(StagedPdu staged) throws InterruptedException {
    return judging.judge(room.roomId(), List.of(staged));
  }

  @Test
  void anEventOfARoomThatIsOnItsWayWaitsForIt() throws Exception {
    Pdu join = room.join(OURS).add();
    List<Pdu> state = List.copyOf(room.events());
    Pdu message = room.message(BOB, "m.room.message", "{}").after(join).add();
    assertThat(intake(message).taken()).isEmpty();
    StagedPdu staged;
    try (ArrivingRooms.Arrival _ = arriving(RoomVersions.V11)) {
      staged = staged(message);
      Judged early = judge(staged);
      assertThat(early.open()).containsExactly(staged);
      assertThat(early.unavailable()).isTrue();
      assertThat(rooms.live(state).of(join.eventId())).isNotNull();
    }

    Judged judged = judge(staged);

    assertThat(judged.done()).containsExactly(staged);
    assertThat(rooms.queries().event(message.eventId())).isPresent();
  }

  @Test
  void whereTheRoomDoesNotComeItsEventsGo() throws Exception {
    Pdu message = room.message(BOB, "m.room.message", "{}").add();
    StagedPdu staged;
    try (ArrivingRooms.Arrival _ = arriving(RoomVersions.V11)) {
      staged = staged(message);
    }

    assertThat(judge(staged).done()).containsExactly(staged);
    assertThat(intake(message).taken()).isEmpty();
  }

  @Test
  void whoIsNotAllowedInTheRoomWasNotAllowedBefore() throws Exception {
    Pdu join = room.join(OURS).add();
    Pdu message = room.message(BOB, "m.room.message", "{}").add();
    String acl = "{\"allow\":[\"*\"],\"deny\":[\"b.example\"]}";
    room.state(ALICE, "m.room.server_acl", "", acl).after(join).add();
    StagedPdu staged;
    try (ArrivingRooms.Arrival _ = arriving(RoomVersions.V11)) {
      staged = staged(message);
      rooms.live(room.events().stream().filter(each -> !each.equals(message)).toList());
    }

    assertThat(judge(staged).done()).containsExactly(staged);
    assertThat(rooms.queries().event(message.eventId())).isEmpty();
    assertThat(staging.rejections().of(BOB.server())).hasSize(1);
  }

  @Test
  void anEventIsNoneWhereTheRoomHasAnotherVersionThanItWasSaidToHave() throws Exception {
    room.join(OURS).add();
    List<Pdu> state = List.copyOf(room.events());
    Pdu message = room.message(BOB, "m.room.message", "{}").add();
    StagedPdu staged;
    try (ArrivingRooms.Arrival _ = arriving(RoomVersions.V3)) {
      staged = staged(retold(message));
      rooms.live(state);
    }

    assertThat(judge(staged).done()).containsExactly(staged);
    assertThat(rooms.queries().status(staged.id())).isEmpty();
  }

  /// Without references, whose form differs.
  private static Pdu retold(Pdu message) {
    ObjectNode json = message.json().deepCopy();
    json.putArray("prev_events");
    json.putArray("auth_events");
    return Pdu.parse(json, RoomVersions.V3);
  }
}
