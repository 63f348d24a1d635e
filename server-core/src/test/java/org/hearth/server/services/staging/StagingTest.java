package org.hearth.server.services.staging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class StagingTest {
  private static final ServerName PEER = ServerName.parse("peer.test");
  private static final ServerName OTHER = ServerName.parse("other.test");
  private static final RoomVersion V11 = RoomVersions.of("11").orElseThrow();
  private static final byte[] ANSWER = "{\"pdus\":{}}".getBytes(UTF_8);

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  private Staging staging;
  private int transactions;

  @BeforeEach
  void open() {
    staging = with(StagingBounds.standard());
  }

  private Staging with(StagingBounds bounds) {
    return new Staging(stores.store(), InstantSource.system(), bounds);
  }

  private static StagingBounds bounds(int ofRoom, int ofOrigin, int all) {
    return new StagingBounds(ofRoom, ofOrigin, 16 << 20, all, 128 << 20, 2, 3);
  }

  private static Pdu event(String room, String text) {
    ServerName sender = ServerName.parse("sender.test");
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", "m.room.message");
    json.put("sender", "@bob:sender.test");
    json.put("room_id", room);
    json.putObject("content").put("body", text);
    json.put("origin_server_ts", 1);
    json.put("depth", 7);
    json.putArray("prev_events");
    json.putArray("auth_events");
    return Pdu.parse(EventSignatures.hashAndSign(json, V11, sender, TestKeys.of(sender)), V11);
  }

  private static List<Pdu> events(String room, int count) {
    return IntStream.range(0, count).mapToObj(i -> event(room, "number " + i)).toList();
  }

  private Staging.Taken stage(ServerName origin, List<Pdu> events) {
    return staging.stage(origin, "t" + transactions++, ANSWER, events);
  }

  private static List<EventId> ids(List<StagedEvent> events) {
    return events.stream().map(StagedEvent::event).toList();
  }

  private static List<EventId> idsOf(List<Pdu> events) {
    return events.stream().map(Pdu::eventId).toList();
  }

  @Test
  void whatIsStagedIsThereAfterARestartInItsOrder() {
    List<Pdu> first = events("!a:x", 3);
    List<Pdu> second = events("!b:x", 2);
    stage(PEER, first);
    stage(OTHER, second);
    List<EventId> all = new ArrayList<>(idsOf(first));
    all.addAll(idsOf(second));

    staging = with(StagingBounds.standard());

    assertThat(ids(staging.all())).isEqualTo(all);
    assertThat(staging.event(staging.all().getFirst()))
        .hasValueSatisfying(json -> assertThat(json).isEqualTo(first.getFirst().canonicalBytes()));
    // Later ones have higher numbers.
    Staging.Taken third = stage(PEER, events("!c:x", 1));
    assertThat(third.events().getFirst().number()).isGreaterThan(staging.all().get(4).number());
  }

  @Test
  void whatIsDoneIsGone() {
    Staging.Taken taken = stage(PEER, events("!a:x", 3));

    staging.done(taken.events().subList(0, 2));

    assertThat(staging.all()).containsExactly(taken.events().get(2));
    assertThat(staging.of(PEER)).isEqualTo(1);
    stage(OTHER, List.of()); // Committed after that.
    assertThat(with(StagingBounds.standard()).all()).containsExactly(taken.events().get(2));
    staging.done(taken.events());
    assertThat(staging.all()).isEmpty();
    assertThat(staging.of(PEER)).isZero();
  }

  @Test
  void whatIsDoneLeavesRoomAlsoWhenTheStoreTakesNothing() {
    Staging.Taken taken = stage(PEER, events("!a:x", 3));
    stores.store().close();

    assertThatThrownBy(() -> staging.done(taken.events())).isInstanceOf(StorageException.class);

    assertThat(staging.of(PEER)).isZero();
    stores.reopen();
    assertThat(with(StagingBounds.standard()).all()).isEqualTo(taken.events());
  }

  @Test
  void anEventOfTheSameServerIsStagedOnceAndOfAnotherOnceMore() {
    List<Pdu> events = events("!a:x", 1);
    stage(PEER, events);

    assertThat(stage(PEER, events).events()).isEmpty();
    assertThat(ids(stage(OTHER, events).events())).isEqualTo(idsOf(events));
  }

  @Test
  void ofARoomTheNewestAreKept() {
    staging = with(bounds(10, 1_000, 1_000));
    List<Pdu> events = events("!a:x", 12);
    stage(PEER, events("!b:x", 5));
    stage(PEER, events.subList(0, 8));

    Staging.Taken taken = stage(OTHER, events.subList(8, 12));

    assertThat(ids(taken.displaced())).isEqualTo(idsOf(events.subList(0, 2)));
    assertThat(ids(taken.events())).isEqualTo(idsOf(events.subList(8, 12)));
    assertThat(staging.all()).hasSize(15);
    assertThat(with(bounds(10, 1_000, 1_000)).all()).isEqualTo(staging.all());
  }

  @Test
  void moreThanItsShareOfAServerIsRefused() {
    staging = with(bounds(100, 10, 1_000));
    stage(PEER, events("!a:x", 8));

    assertThatThrownBy(() -> stage(PEER, events("!b:x", 3)))
        .isInstanceOfSatisfying(
            MatrixException.class, e -> assertThat(e.is(Errcode.LIMIT_EXCEEDED)).isTrue());
    assertThat(staging.all()).hasSize(8);
    assertThat(stage(OTHER, events("!b:x", 3)).events()).hasSize(3);
    staging.done(staging.all().subList(0, 5));
    assertThat(stage(PEER, events("!b:x", 3)).events()).hasSize(3);
  }

  @Test
  void whoHasStagedTheMostMakesRoomForOthers() {
    staging = with(bounds(100, 100, 20));
    Staging.Taken most = stage(PEER, events("!a:x", 15));
    stage(OTHER, events("!b:x", 4));

    Staging.Taken taken = stage(OTHER, events("!c:x", 4));

    assertThat(taken.displaced()).isEqualTo(most.events().subList(0, 3));
    assertThat(staging.all()).hasSize(20);
  }

  @Test
  void answersAreRememberedOfTheNewestTransactions() {
    staging = with(bounds(100, 100, 100));
    for (String id : List.of("one", "two", "three")) {
      staging.stage(PEER, id, id.getBytes(UTF_8), List.of());
    }

    assertThat(staging.answer(PEER, "one")).isEmpty();
    assertThat(staging.answer(PEER, "three")).contains("three".getBytes(UTF_8));
    assertThat(staging.answer(OTHER, "three")).isEmpty();
    staging = with(bounds(100, 100, 100));
    staging.stage(PEER, "four", ANSWER, List.of());
    assertThat(staging.answer(PEER, "two")).isEmpty();
    assertThat(staging.answer(PEER, "three")).isPresent();
  }

  @Test
  void answersAreRememberedOfTheServersThatWereHeardOfLast() {
    staging = with(bounds(100, 100, 100));
    for (String name : List.of("a.test", "b.test", "c.test", "a.test", "d.test")) {
      staging.stage(ServerName.parse(name), "t" + transactions++, ANSWER, List.of());
    }

    assertThat(staging.answer(ServerName.parse("b.test"), "t1")).isEmpty();
    assertThat(staging.answer(ServerName.parse("a.test"), "t0")).isPresent();
    assertThat(staging.answer(ServerName.parse("d.test"), "t4")).isPresent();
  }

  private static ServerName sub(int number) {
    return ServerName.parse("a%d.evil.test".formatted(number));
  }

  @Test
  void ofARoomTheEventsGoOfWhoHasTheMostThereUnderWhateverNames() {
    staging = with(bounds(10, 1_000, 1_000));
    Staging.Taken first = stage(OTHER, events("!a:x", 3));

    List<StagedEvent> displaced = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      displaced.addAll(stage(sub(i), events("!a:x", 3)).displaced());
    }

    assertThat(displaced).hasSize(8).allMatch(each -> each.origin().site().equals("evil.test"));
    assertThat(staging.all()).containsAll(first.events());
  }

  @Test
  void whereAllIsFullTheEventsGoOfWhoHasTheMostUnderWhateverNames() {
    staging = with(bounds(100, 100, 20));
    Staging.Taken first =
        stage(OTHER, List.of(event("!b:x", "x".repeat(10_000)), event("!b:x", "x".repeat(9_000))));

    List<StagedEvent> displaced = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      displaced.addAll(stage(sub(i), events("!c%d:x".formatted(i), 3)).displaced());
    }

    assertThat(displaced).hasSize(6).allMatch(each -> each.origin().site().equals("evil.test"));
    assertThat(staging.all()).hasSize(20).containsAll(first.events());
  }
}
