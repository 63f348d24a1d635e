package org.hearth.server.matrix.sign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.ContentHash;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventLinks;
import org.hearth.server.matrix.event.EventSigner;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LocalEventsTest {
  private static final ServerName SERVER = ServerName.parse("example.org");
  private static final UserId ALICE = UserId.parse("@alice:example.org");
  private static final SigningKey KEY = new SigningKey(KeyId.ed25519("auto"), seed());
  private static final long NOW = 1_700_000_000_000L;

  private final LocalEvents events = new LocalEvents(SERVER, KEY, new Random(7));

  static Stream<RoomVersion> versions() {
    return RoomVersions.all().stream();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void makesASignedEventInTheFormatOfTheVersion(RoomVersion version) {
    Pdu create = create(version);

    Pdu event =
        events.make(
            EventDraft.state(create.roomId(), ALICE, StateKey.of("m.room.name"), content("Hall")),
            after(create, version),
            version);

    assertThat(event.prevEvents()).containsExactly(create.eventId());
    assertThat(event.authEvents()).containsExactly(create.eventId());
    assertThat(event.roomId()).isEqualTo(create.roomId());
    assertThat(event.sender()).isEqualTo(ALICE);
    assertThat(event.isState("m.room.name", "")).isTrue();
    assertThat(event.depth()).isEqualTo(2);
    assertThat(event.originServerTs()).isEqualTo(NOW);
    assertThat(ContentHash.matches(event.json(), version)).isTrue();
    assertThat(
            EventSignatures.verify(
                event.json(), version, SERVER, _ -> Optional.of(KEY.verifyKey())))
        .isEqualTo(new SignatureVerdict.Valid(java.util.Set.of(KEY.id())));
    assertThat(Pdu.parse(event.canonicalBytes(), version).eventId()).isEqualTo(event.eventId());
    assertThat(event.json().has("event_id")).isEqualTo(!version.eventIds().isHash());
  }

  @Test
  void roomOfVersion12IsNamedAfterItsCreateEvent() {
    Pdu create = create(RoomVersions.V12);

    assertThat(create.json().has("room_id")).isFalse();
    assertThat(create.roomId()).isEqualTo(RoomId.ofCreateEvent(create.eventId()));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void putsWhatIsRedactedWhereTheVersionWantsIt(RoomVersion version) {
    Pdu create = create(version);
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("reason", "spam");

    Pdu redaction =
        events.make(
            EventDraft.redaction(create.roomId(), ALICE, create.eventId(), content),
            after(create, version),
            version);

    boolean inContent = Integer.parseInt(version.id()) >= 11;
    assertThat(redaction.redacts()).contains(create.eventId());
    assertThat(redaction.json().has("redacts")).isEqualTo(!inContent);
    assertThat(redaction.content().has("redacts")).isEqualTo(inContent);
    assertThat(redaction.content().path("reason").asText()).isEqualTo("spam");
    assertThat(content.has("redacts")).isFalse();
  }

  @Test
  void depthStaysAtTheLimit() {
    Pdu create = create(RoomVersions.V12);
    EventLinks deep = new EventLinks(List.of(create.eventId()), List.of(), (1L << 53) + 7, NOW);

    Pdu event =
        events.make(
            EventDraft.message(create.roomId(), ALICE, "m.room.message", content("x")),
            deep,
            RoomVersions.V12);

    assertThat(event.depth()).isEqualTo((1L << 53) - 1);
  }

  @Test
  void refusesWhatWouldBeNoEvent() {
    Pdu create = create(RoomVersions.V12);
    EventLinks links = after(create, RoomVersions.V12);

    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() ->
            events.make(
                EventDraft.message(create.roomId(), ALICE, "t", content("x".repeat(65_536))),
                links,
                RoomVersions.V12))
        .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_TOO_LARGE"));
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() ->
            events.make(
                EventDraft.message(create.roomId(), ALICE, "t".repeat(256), content("x")),
                links,
                RoomVersions.V12))
        .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_TOO_LARGE"));
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() ->
            events.make(
                EventDraft.message(
                    create.roomId(),
                    ALICE,
                    "t",
                    JsonNodeFactory.instance.objectNode().put("a", 1.5)),
                links,
                RoomVersions.V12))
        .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_BAD_JSON"));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void signsWhenTheJsonIsFirstAskedForAndNothingElseChanges(RoomVersion version) {
    Pdu create = create(version);

    assertThat(create.memoryBytes()).isPositive();
    assertThat(create.isSigned()).isFalse();
    assertThat(create.content().path("room_version").asText()).isEqualTo(version.id());
    byte[] hash = create.referenceHash();
    assertThat(create.isSigned()).isFalse();

    byte[] bytes = create.canonicalBytes();
    ObjectNode withoutHashAndSignature = create.json().deepCopy();
    withoutHashAndSignature.remove(List.of("hashes", "signatures"));

    assertThat(create.isSigned()).isTrue();
    assertThat(create.canonicalBytes()).isSameAs(bytes);
    assertThat(create.referenceHash()).isEqualTo(hash);
    assertThat(bytes)
        .isEqualTo(
            Pdu.parse(
                    EventSignatures.hashAndSign(withoutHashAndSignature, version, SERVER, KEY),
                    version)
                .canonicalBytes());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void signatureCountsForTheSizeBeforeItIsThere(RoomVersion version) {
    Pdu create = create(version);
    int without = message(create, "", version).canonicalBytes().length;

    Pdu largest = message(create, "x".repeat(65_536 - without), version);

    assertThat(largest.canonicalBytes()).hasSize(65_536);
    assertThatExceptionOfType(MatrixException.class)
        .isThrownBy(() -> message(create, "x".repeat(65_537 - without), version))
        .satisfies(e -> assertThat(e.errcode()).isEqualTo("M_TOO_LARGE"));
  }

  @Test
  void manyWhoAskAtOnceGetOneSignature() throws Exception {
    AtomicInteger signatures = new AtomicInteger();
    CountDownLatch signing = new CountDownLatch(1);
    CountDownLatch allAsk = new CountDownLatch(1);
    Pdu event =
        createSignedBy(_ -> {
          signatures.incrementAndGet();
          signing.countDown();
          assertThat(await(allAsk)).isTrue();
        });

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<byte[]> first = threads.submit(event::canonicalBytes);
      assertThat(await(signing)).isTrue();
      Future<byte[]> second = threads.submit(event::canonicalBytes);
      assertThat(event.isSigned()).isFalse();
      allAsk.countDown();

      assertThat(second.get()).isSameAs(first.get());
    }
    assertThat(signatures).hasValue(1);
  }

  @Test
  void failedSignatureLeavesTheEventUnsignedAndTheNextTriesAgain() {
    AtomicBoolean broken = new AtomicBoolean(true);
    Pdu event =
        createSignedBy(_ -> {
          if (broken.get()) {
            throw new IllegalStateException("no signature today");
          }
        });

    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(event::canonicalBytes);
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(event::json);
    assertThat(event.isSigned()).isFalse();
    broken.set(false);

    assertThat(event.json().has("signatures")).isTrue();
  }

  /// A create event whose signer first does that.
  private static Pdu createSignedBy(Consumer<byte[]> first) {
    EventSigner signer = LocalEvents.signer(SERVER, KEY);
    EventSigner slow =
        new EventSigner() {
          @Override
          public ObjectNode sign(byte[] essentialBytes) {
            first.accept(essentialBytes);
            return signer.sign(essentialBytes);
          }

          @Override
          public int signaturesBytes() {
            return signer.signaturesBytes();
          }
        };
    return create(RoomVersions.V12, new LocalEvents(SERVER, slow, new Random(7)));
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Pdu message(Pdu create, String text, RoomVersion version) {
    return events.make(
        EventDraft.message(create.roomId(), ALICE, "m.room.message", content(text)),
        after(create, version),
        version);
  }

  /// Its size was found to be right for that key, and its time is before the next one signs.
  @Test
  void anEventIsSignedByTheKeyThatWasTheServersWhenItWasMade() {
    SigningKey next = new SigningKey(KeyId.ed25519("a_longer_name"), seed());
    AtomicReference<SigningKey> current = new AtomicReference<>(KEY);
    LocalEvents rotated = new LocalEvents(SERVER, current::get, new Random(7));

    Pdu before = create(RoomVersions.V12, rotated);
    current.set(next);
    Pdu after = create(RoomVersions.V12, rotated);

    assertThat(before.json().at("/signatures/example.org").fieldNames().next())
        .isEqualTo("ed25519:auto");
    assertThat(after.json().at("/signatures/example.org").fieldNames().next())
        .isEqualTo("ed25519:a_longer_name");
  }

  @Test
  void sameDraftInTheSamePlaceIsTheSameEvent() {
    assertThat(create(RoomVersions.V12).canonicalBytes())
        .isEqualTo(create(RoomVersions.V12).canonicalBytes());
  }

  private Pdu create(RoomVersion version) {
    return create(version, events);
  }

  private static Pdu create(RoomVersion version, LocalEvents events) {
    RoomId roomId = version.equals(RoomVersions.V12) ? null : RoomId.parse("!room:example.org");
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("room_version", version.id());
    return events.make(
        EventDraft.create(roomId, ALICE, content),
        new EventLinks(List.of(), List.of(), 1, NOW),
        version);
  }

  private static EventLinks after(Pdu before, RoomVersion version) {
    List<EventId> ids = List.of(before.eventId());
    return version.eventIds().isHash()
        ? new EventLinks(ids, ids, before.depth() + 1, NOW)
        : new EventLinks(ids, ids, before.depth() + 1, NOW, Map.of(before.eventId(), "aGFzaA"));
  }

  private static ObjectNode content(String name) {
    return JsonNodeFactory.instance.objectNode().put("name", name);
  }

  private static byte[] seed() {
    byte[] bytes = new byte[32];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
